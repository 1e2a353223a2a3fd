/* SPDX-License-Identifier: MIT */
/* xen.c - libxenctrl, for xen.h */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <xenctrl.h>

#include "netpair.h"
#include "xen.h"

/* Returns the hypervisor's interface, or NULL: this is not dom0, or there is no Xen. It is opened once. */
static xc_interface *xen_interface(void)
{
	static xc_interface *xch;
	static bool tried;

	/* libxenctrl prints an error where there is no device; that is the usual case in a guest. */
	if (!tried && access("/dev/xen/privcmd", R_OK | W_OK) == 0)
		xch = xc_interface_open(NULL, NULL, 0);
	tried = true;
	return xch;
}

static void xen_add(json_t *rows, const char *what, const char *seen)
{
	json_t *row = json_object();

	(void)!json_object_set_new(row, "check", json_string(what));
	(void)!json_object_set_new(row, "result", json_string("ok"));
	(void)!json_object_set_new(row, "seen", json_string(seen));
	(void)!json_array_append_new(rows, row);
}

static void xen_add_version(json_t *rows, xc_interface *xch)
{
	int version = xc_version(xch, XENVER_version, NULL);
	xen_extraversion_t extra = "";
	char seen[80];

	if (version < 0) {
		xen_add(rows, "Xen", "-");
		return;
	}
	if (xc_version(xch, XENVER_extraversion, &extra) < 0)
		extra[0] = '\0';
	snprintf(seen, sizeof(seen), "%d.%d%.15s", version >> 16, version & 0xffff, extra);
	xen_add(rows, "Xen", seen);
}

static void xen_add_grants(json_t *rows, xc_interface *xch)
{
	struct gnttab_query_size query = { .dom = DOMID_SELF };
	char seen[80] = "-";

	if (xc_gnttab_query_size(xch, &query) == 0 && query.status == GNTST_okay)
		snprintf(seen, sizeof(seen), "%" PRIu32 " of %" PRIu32 " frames are used", query.nr_frames, query.max_nr_frames);
	xen_add(rows, "grant table of this domain", seen);
}

/* Asks for each port until there are no more. */
static void xen_add_channels(json_t *rows, xc_interface *xch)
{
	xc_evtchn_status_t status = { .dom = DOMID_SELF };
	unsigned int used = 0;
	char seen[80];

	for (status.port = 0; status.port < 1u << 17; status.port++) {
		if (xc_evtchn_status(xch, &status) < 0)
			break;
		used += status.status != EVTCHNSTAT_closed;
	}
	if (status.port == 0)
		snprintf(seen, sizeof(seen), "-");
	else
		snprintf(seen, sizeof(seen), "%u are used, %" PRIu32 " have room so far", used, status.port);
	xen_add(rows, "event channels of this domain", seen);
}

void xen_add_facts(json_t *rows)
{
	xc_interface *xch = xen_interface();

	if (!xch) {
		xen_add(rows, "Xen", "- (only dom0 may ask)");
		return;
	}
	xen_add_version(rows, xch);
	xen_add_grants(rows, xch);
	xen_add_channels(rows, xch);
}

int xen_domain_time(uint32_t domid, uint64_t *ns)
{
	xc_interface *xch = xen_interface();
	xc_dominfo_t info;

	if (!xch)
		return -ENODEV;
	if (xc_domain_getinfo(xch, domid, 1, &info) != 1 || info.domid != domid)
		return -ESRCH;
	*ns = info.cpu_time;
	return 0;
}
