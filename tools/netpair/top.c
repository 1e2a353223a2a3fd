/* SPDX-License-Identifier: MIT */
/* top.c - netpair top: a live table of rates, by ncurses, or line by line with -b */
#include <ctype.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>

#include "common/base/clock.h"
#include "common/host/options.h"
#include "netpair.h"
#include "top.h"

/* The narrowest and lowest terminal that shows something. */
#define TOP_COLUMNS_MIN 20
#define TOP_LINES_MIN 3

struct top {
	const struct tool *tool;
	const char *which;
	struct top_look before, now;
	enum top_sort sort;
	char filter[24];
	bool typing;		/* the filter */
	size_t first;		/* the first row on the screen */
};

/* Asks the daemon, and makes the last look the one before. Returns as ask(). */
static int top_look(struct top *t)
{
	json_t *doc;
	int code = ask_vifs(t->tool, &doc, "stats", t->which);

	if (code)
		return code;
	json_decref(t->before.doc);
	t->before = t->now;
	t->now = (struct top_look){ doc, now_us() };
	return TOOL_OK;
}

/* Writes a share of a processor; "-" if it is not known. */
static const char *top_share(char *text, double share)
{
	if (share < 0)
		return "-";
	snprintf(text, TEXT_BYTES_MAX, share < 99.95 ? "%.1f" : "%.0f", share);
	return text;
}

#define TOP_HEAD "VIF       GUEST    FROMb/s   pps  TO b/s   pps DROPS WAKES RING COPY  %CPU %DOMU"

/* Writes a row of 80 columns. */
static void top_print_row(char *line, size_t len, const struct top_row *r)
{
	char fb[TEXT_BYTES_MAX], fp[TEXT_BYTES_MAX], tb[TEXT_BYTES_MAX], tp[TEXT_BYTES_MAX], d[TEXT_BYTES_MAX], w[TEXT_BYTES_MAX],
	     c[TEXT_BYTES_MAX], g[TEXT_BYTES_MAX];

	snprintf(line, len, "%-9.9s %-8.8s %7s %5s %7s %5s %5s %5s %4u %4.1f %5s %5s", r->name, r->guest, text_count(fb, r->from_bps),
		 text_count(fp, r->from_pps), text_count(tb, r->to_bps), text_count(tp, r->to_pps), text_count(d, r->drops),
		 text_count(w, r->wakeups), r->waiting, r->copies, top_share(c, r->cpu), top_share(g, r->guest_cpu));
}

static void top_print_sums(char *line, size_t len, const struct top *t, const struct top_table *table)
{
	char from[TEXT_BYTES_MAX], to[TEXT_BYTES_MAX], drops[TEXT_BYTES_MAX];
	double f = 0, g = 0, d = 0;

	for (size_t i = 0; i < table->n; i++) {
		f += table->rows[i].from_bps;
		g += table->rows[i].to_bps;
		d += table->rows[i].drops;
	}
	snprintf(line, len, "%s %s: %zu VIFs, from guests %sbit/s, to guests %sbit/s, %s drops/s", t->tool->daemon,
		 text_of(t->now.doc, "version"), table->n, text_count(from, f), text_count(to, g), text_count(drops, d));
}

/* --- -b ----------------------------------------------------------------------------- */

static int top_batch(struct top *t, uint32_t looks)
{
	int code = top_look(t);
	char line[160];

	/* The first look only counts from where rates are. */
	for (uint32_t i = 0; !code && (looks == 0 || i < looks); i++) {
		struct top_table table;

		poll(NULL, 0, 1000);
		code = top_look(t);
		if (code)
			break;
		top_make(&table, &t->before, &t->now, "");
		top_sort(&table, t->sort);
		top_print_sums(line, sizeof(line), t, &table);
		printf("%s%s\n%s\n", i ? "\n" : "", line, TOP_HEAD);
		for (size_t k = 0; k < table.n; k++) {
			top_print_row(line, sizeof(line), &table.rows[k]);
			puts(line);
		}
		top_free(&table);
		code = text_end();
	}
	return code;
}

/* --- the screen ------------------------------------------------------------------------ */

static const char *top_sort_name(enum top_sort sort)
{
	static const char *const names[] = { "name", "from guest", "to guest", "drops", "processor" };

	return names[sort];
}

static void top_draw_line(int y, int attributes, const char *text)
{
	attron(attributes);
	mvaddnstr(y, 0, text, COLS);
	attroff(attributes);
}

/* Colours a row that drops, or that is not connected. */
static int top_row_attributes(const struct top_row *r)
{
	if (!has_colors())
		return 0;
	if (r->drops > 0)
		return COLOR_PAIR(1);
	return strcmp(r->state, "Connected") == 0 ? 0 : COLOR_PAIR(2);
}

static void top_draw(struct top *t)
{
	struct top_table table;
	char line[160];
	size_t rows;

	erase();
	if (COLS < TOP_COLUMNS_MIN || LINES < TOP_LINES_MIN) {
		mvaddnstr(0, 0, "too small", COLS);
		refresh();
		return;
	}
	top_make(&table, &t->before, &t->now, t->filter);
	top_sort(&table, t->sort);
	rows = (size_t)LINES - 3;
	if (t->first + rows > table.n)
		t->first = table.n > rows ? table.n - rows : 0;
	top_print_sums(line, sizeof(line), t, &table);
	top_draw_line(0, A_BOLD, line);
	top_draw_line(1, A_REVERSE, TOP_HEAD);
	for (size_t i = 0; i < rows && t->first + i < table.n; i++) {
		top_print_row(line, sizeof(line), &table.rows[t->first + i]);
		top_draw_line((int)i + 2, top_row_attributes(&table.rows[t->first + i]), line);
	}
	if (t->typing)
		snprintf(line, sizeof(line), "filter: %s_", t->filter);
	else
		snprintf(line, sizeof(line), "q quit  n f t d c sort (%s)  / filter%s%s  arrows scroll", top_sort_name(t->sort),
			 *t->filter ? ": " : "", t->filter);
	top_draw_line(LINES - 1, A_DIM, line);
	top_free(&table);
	refresh();
}

/* Takes a key of the filter that is being typed. */
static void top_type(struct top *t, int key)
{
	size_t used = strlen(t->filter);

	if (key == '\n' || key == KEY_ENTER)
		t->typing = false;
	else if (key == 27)
		t->typing = false, t->filter[0] = '\0';
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && used)
		t->filter[used - 1] = '\0';
	else if (key < 256 && isprint(key) && used + 1 < sizeof(t->filter))
		t->filter[used] = (char)key, t->filter[used + 1] = '\0';
}

/* Takes a key. Returns false if it ends the program. */
static bool top_key(struct top *t, int key)
{
	static const char sorts[] = "nftdc";
	const char *sort = key > 0 && key < 128 ? strchr(sorts, key) : NULL;

	if (t->typing) {
		top_type(t, key);
		return true;
	}
	if (key == 'q')
		return false;
	if (key == '/')
		t->typing = true, t->filter[0] = '\0';
	else if (sort)
		t->sort = (enum top_sort)(sort - sorts);
	else if (key == KEY_DOWN)
		t->first++;
	else if (key == KEY_UP && t->first)
		t->first--;
	else if (key == KEY_NPAGE)
		t->first += (size_t)LINES;
	else if (key == KEY_PPAGE)
		t->first -= t->first < (size_t)LINES ? t->first : (size_t)LINES;
	return true;
}

/* Shows the table until a key, the end of the terminal or of the daemon ends it. */
static int top_run_screen(struct top *t)
{
	int code = TOOL_OK, key;
	uint64_t next = 0;

	for (;;) {
		uint64_t now = now_us();

		if (now >= next) {
			code = top_look(t);
			if (code)
				return code;
			next = now + 1000000;
		}
		top_draw(t);
		timeout((int)((next > now ? next - now : 0) / 1000) + 1);
		key = getch();
		if (key == ERR && !isatty(STDIN_FILENO))
			return TOOL_OK;
		if (key != ERR && !top_key(t, key))
			return TOOL_OK;
	}
}

static void top_start_screen(void)
{
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	set_escdelay(50);
	if (has_colors()) {
		start_color();
		use_default_colors();
		init_pair(1, COLOR_RED, -1);
		init_pair(2, COLOR_YELLOW, -1);
	}
}

int top_run(const struct tool *t, int argc, char **argv)
{
	bool batch = false;
	uint32_t looks = 0;
	const struct option_row rows[] = {
		{ "b,batch", NULL, "print lines, each second, not a screen", OPTION_FLAG, { .flag = &batch }, 0, 0 },
		{ "n,number", "N", "end after so many tables (0: do not end)", OPTION_NUMBER, { .number = &looks }, 0, 1000000 },
	};
	int next = options_parse(PROGRAM, "top [-b] [-n N] [VIF|GUEST|DOMID]", rows, ARRAY_SIZE(rows), argc, argv), code;
	struct top top = { .tool = t, .which = next < argc ? argv[next] : "" };

	if (argc - next > 1) {
		fprintf(stderr, PROGRAM ": top: unexpected word \"%s\"\n", argv[next + 1]);
		return TOOL_USAGE;
	}
	if (batch || looks || !isatty(STDOUT_FILENO)) {
		code = top_batch(&top, looks);
	} else {
		/* The first look is made before there is a screen, so that an error is a line. */
		code = top_look(&top);
		if (!code) {
			top_start_screen();
			code = top_run_screen(&top);
			endwin();
			/* Its line was on the screen that is gone. */
			if (code)
				fprintf(stderr, PROGRAM ": %s ended, or does not answer any more\n", t->daemon);
		}
	}
	json_decref(top.before.doc);
	json_decref(top.now.doc);
	return code;
}
