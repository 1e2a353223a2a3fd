/* SPDX-License-Identifier: MIT */
/* capfile.c - the blocks of pcapng, for capfile.h */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capfile.h"

/* Bytes that are kept before they are written, and those that the largest block has. */
#define CAPFILE_BUFFER (1u << 20)
#define CAPFILE_BLOCK_MAX (CAPRING_SNAP_MAX + 2048u)

enum { CAPFILE_SECTION = 0x0a0d0d0a, CAPFILE_INTERFACE = 1, CAPFILE_STATISTICS = 5, CAPFILE_PACKET = 6 };
enum { CAPFILE_MAGIC = 0x1a2b3c4d, CAPFILE_ETHERNET = 1 };

/* Options: of every block, then of the section, the interface, a packet and the statistics. */
enum { CAPFILE_OPT_END = 0, CAPFILE_OPT_COMMENT = 1 };
enum { CAPFILE_SHB_APPLICATION = 4 };
enum { CAPFILE_IF_NAME = 2, CAPFILE_IF_DESCRIPTION = 3, CAPFILE_IF_TSRESOL = 9, CAPFILE_IF_FILTER = 11 };
enum { CAPFILE_EPB_FLAGS = 2 };
enum { CAPFILE_ISB_RECEIVED = 4, CAPFILE_ISB_LOST = 5 };

struct capfile {
	int fd;
	bool regular;		/* it can be made shorter */
	int from_guest;
	off_t whole;		/* bytes of the file that are whole blocks */
	size_t used, start;	/* of the buffer: all, and where the present block starts */
	uint8_t buffer[CAPFILE_BUFFER];
};

/* --- blocks ----------------------------------------------------------------------- */

static void capfile_bytes(struct capfile *f, const void *bytes, size_t len)
{
	memcpy(f->buffer + f->used, bytes, len);
	f->used += len;
}

static void capfile_u16(struct capfile *f, uint16_t v)
{
	capfile_bytes(f, &v, sizeof(v));
}

static void capfile_u32(struct capfile *f, uint32_t v)
{
	capfile_bytes(f, &v, sizeof(v));
}

/* Fills up to 32 bits. */
static void capfile_pad(struct capfile *f)
{
	while ((f->used - f->start) % 4)
		f->buffer[f->used++] = 0;
}

static void capfile_option(struct capfile *f, uint16_t code, const void *value, size_t len)
{
	capfile_u16(f, code);
	capfile_u16(f, (uint16_t)len);
	capfile_bytes(f, value, len);
	capfile_pad(f);
}

static void capfile_text(struct capfile *f, uint16_t code, const char *text)
{
	capfile_option(f, code, text, strnlen(text, 1024));
}

static void capfile_time(struct capfile *f, uint64_t time)
{
	capfile_u32(f, (uint32_t)(time >> 32));
	capfile_u32(f, (uint32_t)time);
}

static void capfile_begin_block(struct capfile *f, uint32_t type)
{
	f->start = f->used;
	capfile_u32(f, type);
	capfile_u32(f, 0);	/* its length */
}

static void capfile_end_block(struct capfile *f)
{
	uint32_t len;

	capfile_option(f, CAPFILE_OPT_END, "", 0);
	len = (uint32_t)(f->used - f->start + sizeof(len));
	capfile_u32(f, len);
	memcpy(f->buffer + f->start + 4, &len, sizeof(len));
}

static void capfile_head(struct capfile *f, const struct capfile_interface *i)
{
	const uint8_t nanoseconds = 9;
	char filter[1024];

	capfile_begin_block(f, CAPFILE_SECTION);
	capfile_u32(f, CAPFILE_MAGIC);
	capfile_u16(f, 1);	/* version 1.0 */
	capfile_u16(f, 0);
	capfile_u32(f, UINT32_MAX);	/* the section's length is not known */
	capfile_u32(f, UINT32_MAX);
	capfile_text(f, CAPFILE_SHB_APPLICATION, "netpair " NETPAIR_VERSION);
	capfile_end_block(f);

	capfile_begin_block(f, CAPFILE_INTERFACE);
	capfile_u16(f, CAPFILE_ETHERNET);
	capfile_u16(f, 0);
	capfile_u32(f, i->snap);
	capfile_text(f, CAPFILE_IF_NAME, i->name);
	capfile_text(f, CAPFILE_IF_DESCRIPTION, i->description);
	capfile_option(f, CAPFILE_IF_TSRESOL, &nanoseconds, 1);
	if (*i->filter) {
		/* The first byte is the kind of filter: a text of libpcap's. */
		int len = snprintf(filter, sizeof(filter), "%c%s", 0, i->filter);

		capfile_option(f, CAPFILE_IF_FILTER, filter, min_size((size_t)len, sizeof(filter) - 1));
	}
	capfile_end_block(f);
}

/* Prints what became of a frame, for people. */
static void capfile_comment(char *text, size_t len, const struct capring_record *rec)
{
	enum drop drop = (enum drop)rec->drop;
	int used = snprintf(text, len, "%s %s, queue %u", drop ? "dropped" : "delivered", rec->to_guest ? "to-guest" : "from-guest", rec->queue);

	if (rec->slots)
		used += snprintf(text + used, len - (size_t)used, ", %u slots", rec->slots);
	if (rec->gso_size)
		used += snprintf(text + used, len - (size_t)used, ", segments of %u bytes", rec->gso_size);
	if (rec->csum & CAPRING_CSUM_BLANK)
		used += snprintf(text + used, len - (size_t)used, ", checksum not filled in");
	else if (rec->csum & CAPRING_CSUM_VALID)
		used += snprintf(text + used, len - (size_t)used, ", checksum validated");
	if (drop)
		snprintf(text + used, len - (size_t)used, ", reason %s: %s", drop_name(drop), drop_help(drop));
}

int capfile_add(struct capfile *f, const struct capring_record *rec, const uint8_t *frame, uint64_t time)
{
	uint32_t flags = (uint32_t)(rec->to_guest ? 3 - f->from_guest : f->from_guest);
	char comment[512];
	int err = f->used + CAPFILE_BLOCK_MAX > sizeof(f->buffer) ? capfile_flush(f) : 0;

	if (err)
		return err;
	capfile_comment(comment, sizeof(comment), rec);
	capfile_begin_block(f, CAPFILE_PACKET);
	capfile_u32(f, 0);	/* the interface */
	capfile_time(f, time);
	capfile_u32(f, rec->caplen);
	capfile_u32(f, rec->len);
	capfile_bytes(f, frame, rec->caplen);
	capfile_pad(f);
	capfile_text(f, CAPFILE_OPT_COMMENT, comment);
	capfile_option(f, CAPFILE_EPB_FLAGS, &flags, sizeof(flags));
	capfile_end_block(f);
	return 0;
}

/* --- the file --------------------------------------------------------------------- */

/* Returns the bytes of the buffer, at most so many, that are whole blocks. */
static size_t capfile_whole(const struct capfile *f, size_t most)
{
	size_t at = 0;

	while (at < most) {
		uint32_t len;

		memcpy(&len, f->buffer + at + 4, sizeof(len));
		if (len > most - at)
			break;
		at += len;
	}
	return at;
}

int capfile_flush(struct capfile *f)
{
	size_t done = 0;

	while (done < f->used) {
		ssize_t n = write(f->fd, f->buffer + done, f->used - done);
		int err = errno;

		if (n < 0 && err == EINTR)
			continue;
		if (n <= 0) {
			/* What is there ends with a whole block again. */
			f->whole += (off_t)capfile_whole(f, done);
			if (f->regular && ftruncate(f->fd, f->whole) < 0)
				err = errno;
			f->used = 0;
			return n < 0 ? -err : -ENOSPC;
		}
		done += (size_t)n;
	}
	f->whole += (off_t)f->used;
	f->used = 0;
	return 0;
}

static int capfile_open(struct capfile *f, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		f->fd = STDOUT_FILENO;
		return 0;
	}
	/* Frames are private: a file that others may read is not left so. */
	f->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return -errno;
	f->regular = S_ISREG(st.st_mode);
	return f->regular && (fchmod(f->fd, 0600) < 0 || ftruncate(f->fd, 0) < 0) ? -errno : 0;
}

int capfile_new(struct capfile **out, const char *path, const struct capfile_interface *i)
{
	struct capfile *f = calloc(1, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	f->from_guest = i->from_guest;
	f->fd = -1;
	err = capfile_open(f, path);
	if (err) {
		capfile_abandon(f);
		return err;
	}
	capfile_head(f, i);
	*out = f;
	return 0;
}

int capfile_fd(const struct capfile *f)
{
	return f->fd;
}

int capfile_end(struct capfile *f, uint64_t received, uint64_t lost, uint64_t time)
{
	int err = f->used + CAPFILE_BLOCK_MAX > sizeof(f->buffer) ? capfile_flush(f) : 0;

	capfile_begin_block(f, CAPFILE_STATISTICS);
	capfile_u32(f, 0);
	capfile_time(f, time);
	capfile_option(f, CAPFILE_ISB_RECEIVED, &received, sizeof(received));
	capfile_option(f, CAPFILE_ISB_LOST, &lost, sizeof(lost));
	capfile_end_block(f);
	if (!err)
		err = capfile_flush(f);
	if (f->fd != STDOUT_FILENO && close(f->fd) < 0 && !err)
		err = -errno;
	free(f);
	return err;
}

void capfile_abandon(struct capfile *f)
{
	if (f->fd >= 0 && f->fd != STDOUT_FILENO)
		close(f->fd);
	free(f);
}
