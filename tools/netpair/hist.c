/* SPDX-License-Identifier: MIT */
/* hist.c - histograms of hist.h, as text, document and picture */
#include <inttypes.h>
#include <string.h>

#include "netpair.h"
#include "hist.h"

#define HIST_BAR 40u

/* Of the picture, in its units. */
#define HIST_PANEL_WIDTH 640u
#define HIST_PANEL_HEIGHT 160u
#define HIST_MARGIN 40u

void hist_add(struct hist *h, uint64_t ns)
{
	uint64_t us = ns / 1000;
	unsigned int i = us ? 64u - (unsigned int)__builtin_clzll(us) : 0;

	h->bucket[i < HIST_BUCKETS ? i : HIST_BUCKETS - 1]++;
	h->least = !h->count || ns < h->least ? ns : h->least;
	h->most = ns > h->most ? ns : h->most;
	h->sum += ns;
	h->count++;
}

uint64_t hist_quantile(const struct hist *h, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)h->count), seen = 0;

	for (unsigned int i = 0; i + 1 < HIST_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= wanted && seen)
			return min_size((UINT64_C(1) << i) * 1000, h->most);
	}
	return h->most;
}

/* Writes a time with its unit to text of TEXT_BYTES_MAX bytes, which is returned. */
static const char *hist_time(char *text, uint64_t ns)
{
	if (ns < 1000000)
		snprintf(text, TEXT_BYTES_MAX, "%.1f us", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(text, TEXT_BYTES_MAX, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(text, TEXT_BYTES_MAX, "%.1f s", (double)ns / 1e9);
	return text;
}

/* Gets the first and the last bucket that have something, and the most that one has. */
static void hist_range(const struct hist *h, unsigned int *first, unsigned int *last, uint64_t *most)
{
	*first = HIST_BUCKETS;
	*last = 0;
	*most = 1;
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		*first = *first == HIST_BUCKETS ? i : *first;
		*last = i;
		*most = h->bucket[i] > *most ? h->bucket[i] : *most;
	}
}

void hist_print(const struct hist *h)
{
	char a[TEXT_BYTES_MAX], b[TEXT_BYTES_MAX], c[TEXT_BYTES_MAX], d[TEXT_BYTES_MAX];
	unsigned int first, last;
	uint64_t most;

	if (!h->count) {
		printf("%s: none\n", h->title);
		return;
	}
	printf("%s: %" PRIu64 "\n  least %s, half below %s, 99 %% below %s, most %s\n", h->title, h->count, hist_time(a, h->least),
	       hist_time(b, hist_quantile(h, 0.5)), hist_time(c, hist_quantile(h, 0.99)), hist_time(d, h->most));
	hist_range(h, &first, &last, &most);
	for (unsigned int i = first; i <= last; i++) {
		unsigned int bar = (unsigned int)((h->bucket[i] * HIST_BAR + most - 1) / most);
		char what[] = "########################################";

		static_assert(sizeof(what) == HIST_BAR + 1, "as long as the longest bar");
		printf("  %s%9s %10" PRIu64 " %.*s\n", i + 1 < HIST_BUCKETS ? "<" : ">",
		       hist_time(a, (UINT64_C(1) << (i + 1 < HIST_BUCKETS ? i : i - 1)) * 1000), h->bucket[i], (int)bar, what);
	}
}

json_t *hist_document(const struct hist *h)
{
	json_t *o = json_object(), *buckets = json_array();

	(void)!json_object_set_new(o, "count", json_integer((json_int_t)h->count));
	(void)!json_object_set_new(o, "least_ns", json_integer((json_int_t)h->least));
	(void)!json_object_set_new(o, "most_ns", json_integer((json_int_t)h->most));
	(void)!json_object_set_new(o, "mean_ns", json_integer((json_int_t)(h->count ? h->sum / h->count : 0)));
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		(void)!json_array_append_new(buckets, json_integer((json_int_t)h->bucket[i]));
	(void)!json_object_set_new(o, "below_2_to_the_i_us", buckets);
	return o;
}

static void hist_svg_panel(FILE *f, const struct hist *h, unsigned int top)
{
	const unsigned int width = (HIST_PANEL_WIDTH - 2 * HIST_MARGIN) / HIST_BUCKETS, base = top + HIST_PANEL_HEIGHT - HIST_MARGIN / 2;
	unsigned int first, last;
	char text[TEXT_BYTES_MAX];
	uint64_t most;

	hist_range(h, &first, &last, &most);
	fprintf(f, "<text x=\"%u\" y=\"%u\">%s: %" PRIu64 "</text>\n", HIST_MARGIN, top + 14, h->title, h->count);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++) {
		unsigned int height = (unsigned int)(h->bucket[i] * (HIST_PANEL_HEIGHT - HIST_MARGIN) / most), x = HIST_MARGIN + i * width;

		if (h->bucket[i])
			fprintf(f, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>\n", x, base - height - 1, width - 2, height + 1);
		if (i % 4 == 0)
			fprintf(f, "<text x=\"%u\" y=\"%u\">%s</text>\n", x, base + 14, hist_time(text, (UINT64_C(1) << i) * 1000));
	}
	fprintf(f, "<line x1=\"%u\" y1=\"%u\" x2=\"%u\" y2=\"%u\" stroke=\"black\"/>\n", HIST_MARGIN, base, HIST_PANEL_WIDTH - HIST_MARGIN, base);
}

void hist_svg(FILE *f, const struct hist *const h[], unsigned int n, const char *title)
{
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#246\">\n"
		"<title>%s</title>\n<text x=\"%u\" y=\"20\" font-size=\"14\">%s</text>\n",
		HIST_PANEL_WIDTH, HIST_MARGIN + n * (HIST_PANEL_HEIGHT + HIST_MARGIN / 2), title, HIST_MARGIN, title);
	for (unsigned int i = 0; i < n; i++)
		hist_svg_panel(f, h[i], HIST_MARGIN + i * (HIST_PANEL_HEIGHT + HIST_MARGIN / 2));
	fprintf(f, "</svg>\n");
}
