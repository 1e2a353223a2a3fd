/* SPDX-License-Identifier: MIT */
/* filter.c - filters of filter.h, by libpcap */
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "filter.h"
#include "netpair.h"

#define FILTER_SNAP 65536

struct filter {
	bool all;
	struct bpf_program program;
};

static bool filter_compile(struct filter *f, const char *text)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, FILTER_SNAP);
	char why[PCAP_ERRBUF_SIZE] = "no memory";
	bool ok = dead && pcap_compile(dead, &f->program, text, 1, PCAP_NETMASK_UNKNOWN) == 0;

	if (!ok && dead)
		snprintf(why, sizeof(why), "%s", pcap_geterr(dead));
	if (dead)
		pcap_close(dead);
	if (!ok)
		fprintf(stderr, PROGRAM ": the filter \"%s\" does not parse: %s\n", text, why);
	return ok;
}

bool filter_new(struct filter **out, const char *text)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (!f) {
		fprintf(stderr, PROGRAM ": no memory\n");
		return false;
	}
	f->all = !*text;
	if (!f->all && !filter_compile(f, text)) {
		free(f);
		return false;
	}
	*out = f;
	return true;
}

bool filter_matches(const struct filter *f, const uint8_t *frame, uint32_t caplen, uint32_t len)
{
	const struct pcap_pkthdr head = { .caplen = caplen, .len = len };

	return f->all || pcap_offline_filter(&f->program, &head, frame) != 0;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	if (!f->all)
		pcap_freecode(&f->program);
	free(f);
}
