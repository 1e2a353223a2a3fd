/* SPDX-License-Identifier: MIT */
/* cases-back-ctrl.c - false responses of a backend on the control ring: groups 17, 20, 22, 25 */
#include <sys/mman.h>

#include "back.h"

#define OKAY XEN_NETIF_CTRL_STATUS_SUCCESS
#define MSGS 128u

/* Returns the n-th message of the frontend. */
struct xen_netif_ctrl_request ctrl_message(struct back *b, uint32_t n)
{
	uint64_t end = now_us() + WAIT_MS * 1000ull;

	while (__atomic_load_n(&b->ctrl->req_prod, __ATOMIC_ACQUIRE) <= n && now_us() < end)
		pass_time(1);
	if (b->ctrl->req_prod <= n)
		trouble(&b->t, "the frontend does not send its message %u", n);
	return b->ctrl->ring[n % MSGS].req;
}

void ctrl_answer(struct back *b, uint16_t id, uint16_t type, uint32_t status, uint32_t data)
{
	b->ctrl->ring[b->ctrl_rsp++ % MSGS].rsp =
		(struct xen_netif_ctrl_response){ .id = id, .type = type, .status = status, .data = data };
	__atomic_store_n(&b->ctrl->rsp_prod, b->ctrl_rsp, __ATOMIC_RELEASE);
	xenevtchn_notify(b->evt, b->ctrl_port);
}

static void answer_size(struct back *b, uint32_t status, uint32_t data)
{
	struct xen_netif_ctrl_request req = ctrl_message(b, 0);

	ctrl_answer(b, req.id, req.type, status, data);
}

static void answer_list(struct back *b, uint32_t status)
{
	struct xen_netif_ctrl_request req = ctrl_message(b, 1);

	ctrl_answer(b, req.id, req.type, status, 0xffffffff);
}

static void wrong_id(struct back *b) { ctrl_answer(b, (uint16_t)(ctrl_message(b, 0).id + 1), 8, OKAY, 16); }
static void other_status(struct back *b) { answer_size(b, 0xffffffff, 1024); }
static void size_0(struct back *b) { answer_size(b, OKAY, 0); }
static void never(struct back *b) { ctrl_message(b, 0); }

static void wrong_type(struct back *b)
{
	struct xen_netif_ctrl_request req = ctrl_message(b, 0);

	ctrl_answer(b, req.id, 0xffff, OKAY, 16);
	answer_list(b, OKAY);
}

static void twice(struct back *b)
{
	struct xen_netif_ctrl_request req = ctrl_message(b, 0);

	ctrl_answer(b, req.id, req.type, OKAY, 0);
	b->ctrl->req_prod = 2;
	ctrl_answer(b, req.id, req.type, OKAY, 0);
}

static void list_twice(struct back *b)
{
	answer_size(b, OKAY, 16);
	answer_list(b, OKAY);
	answer_list(b, OKAY);
}

static void beyond(struct back *b)
{
	ctrl_message(b, 0);
	b->ctrl_rsp = 129;
	ctrl_answer(b, 1, 8, OKAY, 16);
}

static void behind(struct back *b)
{
	answer_size(b, OKAY, 16);
	/* The frontend sends its next message only after it has taken the response. */
	ctrl_message(b, 1);
	b->ctrl_rsp -= 2;
	ctrl_answer(b, 1, 8, OKAY, 16);
}

/* Checks how many entries the frontend lists for the size that the backend reports. */
static void listed(struct back *b, uint32_t told, uint32_t least, uint32_t most)
{
	uint32_t n;

	answer_size(b, OKAY, told);
	n = ctrl_message(b, 1).data[2];
	if (n < least || n > most)
		trouble(&b->t, "%u entries are listed when there is room for %u", n, told);
	answer_list(b, OKAY);
}

static void size_1(struct back *b) { listed(b, 1, 1, 1); }
static void size_300(struct back *b) { listed(b, 300, 300, 300); }
static void size_most(struct back *b) { listed(b, UINT32_MAX, 257, 512); }

static void list_refused(struct back *b)
{
	answer_size(b, OKAY, 1024);
	answer_list(b, XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
}

/* Checks that the list's page holds only the list, and that each ref can be mapped with the
 * access that its flags say and no more. */
static void look_at_list(struct back *b)
{
	struct xen_netif_ctrl_request req;
	struct xen_netif_gref *list;

	answer_size(b, OKAY, 1024);
	req = ctrl_message(b, 1);
	list = xengnttab_map_grant_ref(b->tab, b->guest, req.data[1], PROT_READ | PROT_WRITE);
	if (!list || req.data[2] > PAGE / sizeof(*list)) {
		trouble(&b->t, "the list of %u entries cannot be mapped", req.data[2]);
		return;
	}
	for (uint32_t i = req.data[2]; i < PAGE / sizeof(*list); i++)
		if (list[i].ref || list[i].flags || list[i].status)
			trouble(&b->t, "entry %u behind the list is not empty", i);
	for (uint32_t i = 0; i < req.data[2]; i++) {
		void *page = xengnttab_map_grant_ref(b->tab, b->guest, list[i].ref, PROT_READ | PROT_WRITE);

		if ((page == NULL) != (list[i].flags == XEN_NETIF_CTRLF_GREF_readonly))
			trouble(&b->t, "entry %u: flags %u, and writing is %s", i, list[i].flags, page ? "possible" : "not");
		if (page)
			xengnttab_unmap(b->tab, page, 1);
	}
	xengnttab_unmap(b->tab, list, 1);
	answer_list(b, OKAY);
}

static void kick(void *arg)
{
	struct back *b = arg;

	for (int i = 0; i < 64; i++)
		xenevtchn_notify(b->evt, b->ctrl_port);
}

static void storm(struct back *b)
{
	struct again *a = again_start(kick, b);

	for (int i = 0; i < 50; i++)
		probe(b);
	again_stop(a);
	answer_size(b, OKAY, 16);
}

static const struct key with[] = { { "feature-ctrl-ring", "1" }, { NULL, NULL } };

static const struct bcase cases[] = {
	{ 17, "control response of another id", V_FAULT, "control response to nothing", .run = wrong_id, .keys = with },
	{ 17, "control response twice", V_FAULT, "control response", .run = twice, .keys = with },
	{ 17, "control response to the list twice", V_FAULT, "control response", .run = list_twice, .keys = with },
	{ 17, "control rsp_prod + 129", V_FAULT, "control responses out of range", .run = beyond, .keys = with },
	{ 17, "control rsp_prod goes back", V_FAULT, "control responses out of range", .run = behind, .keys = with },
	{ 20, "looks at the list of grants", V_PASS, .run = look_at_list, .keys = with },
	{ 22, "notifying the control channel at full speed", V_PASS, .run = storm, .keys = with },
	{ 25, "control ring never answered", V_PASS, .run = never, .keys = with },
	{ 25, "control response of another type", V_PASS, .run = wrong_type, .keys = with },
	{ 25, "control response of an unknown status", V_PASS, .run = other_status, .keys = with },
	{ 25, "room for no mapping", V_PASS, .run = size_0, .keys = with },
	{ 25, "room for one mapping", V_PASS, .run = size_1, .keys = with },
	{ 25, "room for 300 mappings", V_PASS, .run = size_300, .keys = with },
	{ 25, "room for 4e9 mappings", V_PASS, .run = size_most, .keys = with },
	{ 25, "list refused", V_PASS, .run = list_refused, .keys = with },
};

const struct btable table_back_ctrl = { cases, sizeof(cases) / sizeof(cases[0]) };
