/* SPDX-License-Identifier: MIT */
/* metrics.c - the counters in Prometheus' text format
 *
 * The names of the drop reasons come from DROP_LIST, and each other counter has a row below: one that
 * is new and has none fails the static assertion. A document of another version of the daemon may lack
 * a counter, which then has no sample.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/stats.h"
#include "netpair.h"

struct metric {
	const char *name;	/* of the family, without netpair_vif_ */
	const char *help;
	struct {
		enum counter id;
		const char *direction;	/* the label; NULL: there is none */
	} of[2];
	unsigned int n;
};

#define BOTH(gtx_, grx_) { { STAT_##gtx_, "from_guest" }, { STAT_##grx_, "to_guest" } }, 2
#define ONE(id_) { { STAT_##id_, NULL } }, 1

static const struct metric metrics[] = {
	{ "packets_total", "Packets delivered.", BOTH(GTX_PACKETS, GRX_PACKETS) },
	{ "bytes_total", "Bytes delivered.", BOTH(GTX_BYTES, GRX_BYTES) },
	{ "multicast_changes_total", "Changes of the guest's multicast list.", ONE(GTX_MCAST) },
	{ "refused_slots_total", "Slots that the backend answered with an error.", ONE(GTX_REFUSED_SLOTS) },
	{ "stalls_total", "Times that buffers lacked for so long that the carrier went down.", ONE(GRX_STALLS) },
	{ "hashed_total", "Packets to the guest with a hash, on its queue.", ONE(GRX_HASHED) },
	{ "hashed_elsewhere_total", "Packets to the guest with a hash, on another queue.", ONE(GRX_HASH_WRONG_QUEUE) },
	{ "ring_faults_total", "Rings lost, as the peer broke the protocol.", ONE(PEER_FAULTS) },
	{ "event_mask_unknown_total", "Unknown bits of the event mask that were set.", ONE(MASK_UNKNOWN) },
	{ "events_total", "Events of the event channels.", { { STAT_NOTIFY_SENT, "sent" }, { STAT_NOTIFY_RECEIVED, "received" } }, 2 },
	{ "grant_copies_total", "Segments that were copied by grant copy.", ONE(GRANT_OPS) },
	{ "grant_calls_total", "System calls for grant copies.", ONE(GRANT_CALLS) },
	{ "sleeps_total", "Times that a worker went to sleep.", ONE(SLEEPS) },
	{ "storm_naps_total", "Naps of a worker, as events brought no work.", ONE(STORM_NAPS) },
	{ "port_resets_total", "Switches that broke the vhost-user protocol.", ONE(PORT_RESETS) },
};

/* Two counters a row for those above with directions: packets, bytes, events. */
static_assert(ARRAY_SIZE(metrics) + 3 + 2 * (DROP_MAX - 1) == STAT_MAX, "each counter has a metric");

/* Prints a label's value. */
static void metrics_print_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if (*text == '\n')
			fputs("\\n", stdout);
		else
			putchar(*text);
	}
}

static void metrics_label(const char *key, const char *text, bool first)
{
	printf("%s%s=\"", first ? "" : ",", key);
	metrics_print_text(text);
	putchar('"');
}

static void metrics_head(const char *name, const char *type, const char *help)
{
	printf("# HELP netpair_%s %s\n# TYPE netpair_%s %s\n", name, help, name, type);
}

/* Prints one sample of a counter of a queue (NULL: of the workers) if the document has it. */
static void metrics_sample(const json_t *vif, const json_t *counters, const char *queue, const char *family, const char *label,
			   const char *value, const char *reason, enum counter id)
{
	const json_t *count = json_object_get(counters, stats_name(id));

	if (!count)
		return;
	printf("netpair_vif_%s{", family);
	metrics_label("vif", text_of(vif, "name"), true);
	if (queue)
		metrics_label("queue", queue, false);
	if (value)
		metrics_label(label, value, false);
	if (reason)
		metrics_label("reason", reason, false);
	printf("} %" PRIu64 "\n", (uint64_t)json_integer_value(count));
}

/* Prints a counter of each queue; of a VIF with one queue, and what belongs to no queue, once. */
static void metrics_samples(const json_t *vif, bool by_queue, const char *family, const char *label, const char *value,
			    const char *reason, enum counter id)
{
	json_t *queues = json_object_get(vif, "per_queue"), *queue;
	char number[24];
	size_t i;

	if (!by_queue || !queues)
		metrics_sample(vif, json_object_get(vif, "counters"), by_queue ? "0" : NULL, family, label, value, reason, id);
	else
		json_array_foreach(queues, i, queue) {
			snprintf(number, sizeof(number), "%" PRIu64, number_of(queue, "queue"));
			metrics_sample(vif, json_object_get(queue, "counters"), number, family, label, value, reason, id);
		}
}

/* Returns whether a counter is one of a queue, not of a worker. */
static bool metrics_is_queues(enum counter id)
{
	return id < STAT_PEER_FAULTS;
}

static void metrics_print_family(const json_t *vifs, const struct metric *m)
{
	char name[64];
	json_t *vif;
	size_t i;

	snprintf(name, sizeof(name), "vif_%s", m->name);
	metrics_head(name, "counter", m->help);
	json_array_foreach(vifs, i, vif)
		for (unsigned int k = 0; k < m->n; k++)
			metrics_samples(vif, metrics_is_queues(m->of[k].id), m->name, "direction", m->of[k].direction, NULL, m->of[k].id);
}

static void metrics_print_drops(const json_t *vifs)
{
	json_t *vif;
	size_t i;

	metrics_head("vif_drops_total", "counter", "Packets dropped, by reason.");
	json_array_foreach(vifs, i, vif)
		for (enum drop reason = DROP_NONE + 1; reason < DROP_MAX; reason++) {
			metrics_samples(vif, true, "drops_total", "direction", "from_guest", drop_name(reason), stats_gtx_drop(reason));
			metrics_samples(vif, true, "drops_total", "direction", "to_guest", drop_name(reason), stats_grx_drop(reason));
		}
}

static void metrics_print_info(const json_t *vifs)
{
	static const char *const keys[] = { "device", "guest", "mac", "channels" };
	char domid[24];
	json_t *vif;
	size_t i;

	metrics_head("vif_info", "gauge", "A VIF, its guest and its device.");
	json_array_foreach(vifs, i, vif) {
		printf("netpair_vif_info{");
		metrics_label("vif", text_of(vif, "name"), true);
		snprintf(domid, sizeof(domid), "%" PRIu64, number_of(vif, "domid"));
		metrics_label("domid", domid, false);
		for (unsigned int k = 0; k < ARRAY_SIZE(keys); k++)
			metrics_label(keys[k], json_object_get(vif, keys[k]) ? text_of(vif, keys[k]) : "", false);
		printf("} 1\n");
	}
	metrics_head("vif_connected", "gauge", "Whether packets are moved: 1 or 0.");
	json_array_foreach(vifs, i, vif) {
		printf("netpair_vif_connected{");
		metrics_label("vif", text_of(vif, "name"), true);
		printf("} %d\n", json_is_true(json_object_get(vif, "connected")));
	}
}

void metrics_print(const json_t *doc)
{
	const json_t *vifs = json_object_get(doc, "vifs");

	metrics_head("build_info", "gauge", "The daemon and its version.");
	printf("netpair_build_info{");
	metrics_label("daemon", text_of(doc, "daemon"), true);
	metrics_label("version", text_of(doc, "version"), false);
	printf("} 1\n");
	metrics_print_info(vifs);
	for (unsigned int i = 0; i < ARRAY_SIZE(metrics); i++)
		metrics_print_family(vifs, &metrics[i]);
	metrics_print_drops(vifs);
}
