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

static void xen_version(char *fact, xc_interface *xch)
{
	int version = xc_version(xch, XENVER_version, NULL);
	xen_extraversion_t extra = "";

	if (version < 0)
		return;
	if (xc_version(xch, XENVER_extraversion, &extra) < 0)
		extra[0] = '\0';
	snprintf(fact, XEN_FACT_MAX, "%d.%d%.15s", version >> 16, version & 0xffff, extra);
}

static void xen_grants(char *fact, xc_interface *xch)
{
	struct gnttab_query_size query = { .dom = DOMID_SELF };

	if (xc_gnttab_query_size(xch, &query) == 0 && query.status == GNTST_okay)
		snprintf(fact, XEN_FACT_MAX, "%" PRIu32 " of %" PRIu32 " frames are used", query.nr_frames, query.max_nr_frames);
}

/* Asks for each port until there are no more. */
static void xen_channels(char *fact, xc_interface *xch)
{
	xc_evtchn_status_t status = { .dom = DOMID_SELF };
	unsigned int used = 0;

	for (status.port = 0; status.port < 1u << 17; status.port++) {
		if (xc_evtchn_status(xch, &status) < 0)
			break;
		used += status.status != EVTCHNSTAT_closed;
	}
	if (status.port)
		snprintf(fact, XEN_FACT_MAX, "%u are used, %" PRIu32 " have room so far", used, status.port);
}

void xen_each_fact(void (*add)(void *arg, const char *what, const char *fact), void *arg)
{
	static const struct {
		const char *what;
		void (*get)(char *fact, xc_interface *xch);
	} facts[] = {
		{ "Xen", xen_version },
		{ "grant table of this domain", xen_grants },
		{ "event channels of this domain", xen_channels },
	};
	xc_interface *xch = xen_interface();

	if (!xch) {
		add(arg, "Xen", "- (only dom0 may ask)");
		return;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(facts); i++) {
		char fact[XEN_FACT_MAX] = "-";

		facts[i].get(fact, xch);
		add(arg, facts[i].what, fact);
	}
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
