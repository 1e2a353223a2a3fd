/* SPDX-License-Identifier: MIT */
/* run-handshake.c - the state tables of both ends: every combination of states leads to the state
 * that the protocol asks for, and the sequences that real drivers go through work */
#include "unit.h"
#include "common/wire/handshake.c"

#define UNKNOWN XenbusStateUnknown
#define INITIALISING XenbusStateInitialising
#define INITWAIT XenbusStateInitWait
#define INITIALISED XenbusStateInitialised
#define CONNECTED XenbusStateConnected
#define CLOSING XenbusStateClosing
#define CLOSED XenbusStateClosed
#define RECONFIGURING XenbusStateReconfiguring
#define RECONFIGURED XenbusStateReconfigured

/* The daemon gives up after so many steps (STEPS_MAX of vif.c). */
#define STEPS_MAX 8

/* A state that stands for a VIF that was removed. */
#define REMOVED 99

/* --- applies steps to a view, as the daemons do ---------------------------------- */

static unsigned int back_apply(struct hs_back_view *v, enum hs_back_step step)
{
	switch (step) {
	case HS_BACK_STAY:
		break;
	case HS_BACK_OFFER:
	case HS_BACK_RESET:
		v->ours = INITWAIT;
		break;
	case HS_BACK_CONNECT:
		v->unserved = v->tables_lost = false;
		v->ours = CONNECTED;
		break;
	case HS_BACK_GO_ON:
		v->ours = CONNECTED;
		break;
	case HS_BACK_RECONFIGURE:
		v->ours = RECONFIGURED;
		break;
	case HS_BACK_CLOSING:
		v->ours = CLOSING;
		break;
	case HS_BACK_CLOSED:
		v->ours = CLOSED;
		break;
	case HS_BACK_REMOVE:
		return REMOVED;
	}
	return v->ours;
}

/* Applies steps until there is none. Returns the state then. Every step must change the view. */
static unsigned int back_run(struct hs_back_view *v)
{
	for (int i = 0; i < STEPS_MAX; i++) {
		struct hs_back_view before = *v;
		enum hs_back_step step = hs_back_next(v);
		unsigned int now;

		if (step == HS_BACK_STAY)
			return v->ours;
		now = back_apply(v, step);
		if (now == REMOVED)
			return REMOVED;
		assert_true(now != before.ours || v->unserved != before.unserved);
	}
	fail_msg("no rest: theirs=%s", hs_state_name(v->theirs));
	return 0;
}

static void front_apply(struct hs_front_view *v, enum hs_front_step step)
{
	switch (step) {
	case HS_FRONT_STAY:
		break;
	case HS_FRONT_INITIALISE:
		v->ours = INITIALISING;
		v->shared = v->attached = false;
		break;
	case HS_FRONT_CONNECT:
		v->ours = CONNECTED;
		v->shared = true;
		v->attached = false;
		break;
	case HS_FRONT_ATTACHED:
		v->attached = true;
		break;
	case HS_FRONT_CLOSING:
		v->ours = CLOSING;
		break;
	case HS_FRONT_CLOSED:
		v->ours = CLOSED;
		v->shared = v->attached = false;
		break;
	}
}

static unsigned int front_run(struct hs_front_view *v)
{
	for (int i = 0; i < STEPS_MAX; i++) {
		struct hs_front_view before = *v;
		enum hs_front_step step = hs_front_next(v);

		if (step == HS_FRONT_STAY)
			return v->ours;
		front_apply(v, step);
		assert_true(before.ours != v->ours || before.shared != v->shared ||
			    before.attached != v->attached);
	}
	fail_msg("no rest: theirs=%s", hs_state_name(v->theirs));
	return 0;
}

/* --- the backend's table, whole ----------------------------------------------------- */

/* Returns the state that a backend has to end in, by the protocol's text and not by the table. */
static unsigned int back_rest(const struct hs_back_view *v)
{
	unsigned int away = v->online ? CLOSED : REMOVED;
	bool up = v->ours == CONNECTED || v->ours == RECONFIGURED;

	switch (v->theirs) {
	case UNKNOWN:
		return REMOVED;
	case INITIALISING:
		return v->refused || !v->online ? away : INITWAIT;
	case CONNECTED:
		if (v->refused)
			return away;
		if (v->hotplug || up)
			return CONNECTED;
		return v->online ? INITWAIT : REMOVED;
	case CLOSING:
		return v->ours == CLOSED || v->ours == UNKNOWN ? CLOSED : CLOSING;
	case CLOSED:
		return away;
	case RECONFIGURING:
		if (v->refused)
			return away;
		if (up)
			return RECONFIGURED;
		break;
	case INITWAIT:
	case INITIALISED:
	case RECONFIGURED:
		break;
	}
	/* States that a frontend must not be in, or that ask for nothing. */
	return v->online ? v->ours : REMOVED;
}

/* Gets the n-th of all views, by both states and the first of so many flags. Returns false after the last. */
static bool back_view_at(struct hs_back_view *v, unsigned int n, unsigned int flags)
{
	unsigned int states = n >> flags;

	n &= (1u << flags) - 1;
	*v = (struct hs_back_view){
		.ours = (enum xenbus_state)(states / HS_STATES), .theirs = (enum xenbus_state)(states % HS_STATES),
		.online = n & 1, .hotplug = n & 2, .refused = n & 4,
		.tables_lost = n & 8, .closing = n & 16, .unserved = n & 32,
	};
	return states < HS_STATES * HS_STATES;
}

static void back_every_combination(void **state)
{
	struct hs_back_view v;
	unsigned int n;

	(void)state;
	for (n = 0; back_view_at(&v, n, 3); n++) {
		const struct hs_back_view from = v;
		unsigned int want = back_rest(&v), got = back_run(&v);

		if (got != want)
			fail_msg("ours=%u theirs=%u online=%d hotplug=%d refused=%d: rest %u, not %u",
				 from.ours, from.theirs, v.online, v.hotplug, v.refused, got, want);
	}
	assert_int_equal(n, 9 * 9 * 8);
}

/* Rings are attached in one place only: in InitWait with a frontend that is Connected. */
static void back_connects_only_then(void **state)
{
	struct hs_back_view v;

	(void)state;
	for (unsigned int n = 0; back_view_at(&v, n, 3); n++)
		if (hs_back_next(&v) == HS_BACK_CONNECT)
			assert_true(v.ours == INITWAIT && v.theirs == CONNECTED && v.hotplug && !v.refused);
}

/* The state says that the rings are in use, and this process has no connection. It adopts the rings if it may. */
static void back_unserved(void **state)
{
	struct hs_back_view v;
	unsigned int n;

	(void)state;
	for (n = 0; back_view_at(&v, n, 5); n++) {
		enum hs_back_step step, before = hs_back_next(&v);

		v.unserved = true;
		step = hs_back_next(&v);
		if (before != HS_BACK_STAY || (v.ours != CONNECTED && v.ours != RECONFIGURED)) {
			assert_int_equal(step, before);
			continue;
		}
		/* The rings are adopted only for a guest that may keep its VIF. */
		if (step == HS_BACK_CONNECT)
			assert_true(!v.refused && !v.tables_lost && (v.online || v.closing));
		else if (step == HS_BACK_RESET)
			assert_true(!v.refused && v.tables_lost && (v.online || v.closing));
		else
			assert_true(step == HS_BACK_CLOSING && (v.refused || (!v.online && !v.closing)));
		(void)back_run(&v);
	}
	assert_int_equal(n, 9 * 9 * 32);
}

/* The daemon ends: a connected frontend sees Closing before its rings are unmapped, and no other is connected. */
static void back_closing(void **state)
{
	struct hs_back_view v;
	unsigned int seen = 0;

	(void)state;
	for (unsigned int n = 0; back_view_at(&v, n, 6); n++) {
		struct hs_back_view offline = v;

		if (!v.closing)
			continue;
		seen++;
		if (v.theirs == CONNECTED || v.theirs == RECONFIGURING) {
			assert_int_equal(back_run(&v), CLOSING);
			continue;
		}
		/* It ends like a VIF that the toolstack removes. */
		offline.online = offline.unserved = offline.closing = v.unserved = false;
		assert_int_equal(back_run(&v), back_run(&offline));
	}
	assert_int_equal(seen, 9 * 9 * 32);
}

/* --- sequences at the backend ----------------------------------------------------------- */

static struct hs_back_view b;

static void back_is(enum xenbus_state ours, enum xenbus_state theirs)
{
	b = (struct hs_back_view){ .ours = ours, .theirs = theirs, .online = true, .hotplug = true };
}

static void back_does(enum hs_back_step step)
{
	assert_int_equal(hs_back_next(&b), step);
	back_apply(&b, step);
}

static void back_sees(enum xenbus_state theirs)
{
	b.theirs = theirs;
}

static void back_normal_life(void **state)
{
	(void)state;
	back_is(INITIALISING, INITIALISING);
	b.hotplug = false;
	back_does(HS_BACK_OFFER);
	back_does(HS_BACK_STAY);
	b.hotplug = true;
	back_sees(CONNECTED);
	back_does(HS_BACK_CONNECT);
	back_does(HS_BACK_STAY);
	back_sees(CLOSING);
	back_does(HS_BACK_CLOSING);
	back_does(HS_BACK_STAY);
	b.online = false;
	back_sees(CLOSED);
	back_does(HS_BACK_CLOSED);
	back_does(HS_BACK_REMOVE);
}

/* MiniOS and OpenBSD write 4 without waiting for InitWait. */
static void back_frontend_connected_at_once(void **state)
{
	(void)state;
	back_is(INITIALISING, CONNECTED);
	back_does(HS_BACK_OFFER);
	back_does(HS_BACK_CONNECT);
	back_does(HS_BACK_STAY);
}

static void back_hotplug_late(void **state)
{
	(void)state;
	back_is(INITIALISING, CONNECTED);
	b.hotplug = false;
	back_does(HS_BACK_OFFER);
	back_does(HS_BACK_STAY);
	b.hotplug = true;
	back_does(HS_BACK_CONNECT);
	b.hotplug = false;		/* a later change of the node has no effect */
	back_does(HS_BACK_STAY);
}

/* Resume and migration: Connected (4), then Initialising (1) from the new kernel. */
static void back_resume(void **state)
{
	(void)state;
	back_is(CONNECTED, INITIALISING);
	back_does(HS_BACK_RESET);
	back_does(HS_BACK_STAY);
	back_sees(CONNECTED);
	back_does(HS_BACK_CONNECT);
}

/* A crash kernel goes through states 4, 5, 6, 1, and the backend answers each. */
static void back_kexec(void **state)
{
	(void)state;
	back_is(CONNECTED, CLOSING);
	back_does(HS_BACK_CLOSING);
	back_does(HS_BACK_STAY);
	back_sees(CLOSED);
	back_does(HS_BACK_CLOSED);
	back_does(HS_BACK_STAY);
	back_sees(INITIALISING);
	back_does(HS_BACK_OFFER);
	back_sees(CONNECTED);
	back_does(HS_BACK_CONNECT);
}

/* The same, but the backend did not see Closing (5). */
static void back_connected_then_closed(void **state)
{
	(void)state;
	back_is(CONNECTED, CLOSED);
	back_does(HS_BACK_CLOSING);
	back_does(HS_BACK_CLOSED);
	back_does(HS_BACK_STAY);
}

/* xl network-detach: first online becomes 0. The backend waits for a frontend that is connected. */
static void back_detach(void **state)
{
	(void)state;
	back_is(CONNECTED, CONNECTED);
	b.online = false;
	back_does(HS_BACK_STAY);
	back_sees(CLOSING);
	back_does(HS_BACK_CLOSING);
	back_does(HS_BACK_STAY);
	back_sees(CLOSED);
	back_does(HS_BACK_CLOSED);
	back_does(HS_BACK_REMOVE);
}

static void back_frontend_gone(void **state)
{
	(void)state;
	back_is(CONNECTED, UNKNOWN);
	back_does(HS_BACK_CLOSING);
	back_does(HS_BACK_CLOSED);
	back_does(HS_BACK_REMOVE);
	back_is(INITWAIT, UNKNOWN);
	back_does(HS_BACK_CLOSING);
	back_does(HS_BACK_CLOSED);
	back_does(HS_BACK_REMOVE);
}

static void back_refused_then_retry(void **state)
{
	(void)state;
	back_is(INITWAIT, CONNECTED);
	b.refused = true;		/* its keys were invalid */
	back_does(HS_BACK_CLOSING);
	back_does(HS_BACK_CLOSED);
	back_does(HS_BACK_STAY);
	b.refused = false;		/* it changed its state: a new start */
	back_sees(INITIALISING);
	back_does(HS_BACK_OFFER);
	back_sees(CONNECTED);
	back_does(HS_BACK_CONNECT);
}

static void back_refused_detached(void **state)
{
	(void)state;
	back_is(CLOSED, CONNECTED);
	b.refused = true;
	b.online = false;
	back_does(HS_BACK_REMOVE);
}

/* A frontend that loads an XDP program goes through 4, 7, 4, any number of times. */
static void back_reconfigures(void **state)
{
	(void)state;
	back_is(CONNECTED, RECONFIGURING);
	for (int i = 0; i < 2; i++) {
		back_sees(RECONFIGURING);
		back_does(HS_BACK_RECONFIGURE);
		back_does(HS_BACK_STAY);
		back_sees(CONNECTED);
		b.hotplug = i == 0;		/* does not matter once the VIF is up */
		back_does(HS_BACK_GO_ON);
		back_does(HS_BACK_STAY);
	}
	back_sees(RECONFIGURING);
	b.online = false;			/* the frontend is connected: the detach waits for it */
	back_does(HS_BACK_RECONFIGURE);
	back_does(HS_BACK_STAY);
	back_sees(CLOSING);
	back_does(HS_BACK_CLOSING);
	back_is(RECONFIGURED, RECONFIGURING);
	b.refused = true;			/* what it asked for was invalid */
	back_does(HS_BACK_CLOSING);
	back_does(HS_BACK_CLOSED);
	back_is(RECONFIGURED, INITIALISING);	/* it starts anew in the middle */
	back_does(HS_BACK_RESET);
}

/* Reconfiguring without a connection has no effect. */
static void back_reconfigures_nothing(void **state)
{
	static const enum xenbus_state idle[] = { INITIALISING, INITWAIT, INITIALISED, CLOSING, CLOSED };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(idle); i++) {
		back_is(idle[i], RECONFIGURING);
		back_does(HS_BACK_STAY);
	}
}

/* A new daemon finds both ends Connected, and writes nothing to xenstore. */
static void back_restart(void **state)
{
	(void)state;
	back_is(CONNECTED, CONNECTED);
	back_does(HS_BACK_STAY);
}

static void back_restart_half_way(void **state)
{
	(void)state;
	back_is(CLOSING, CLOSED);
	back_does(HS_BACK_CLOSED);
	back_does(HS_BACK_STAY);
	back_is(INITWAIT, CONNECTED);
	back_does(HS_BACK_CONNECT);
	back_is(CLOSING, INITIALISING);
	back_does(HS_BACK_RESET);
}

/* --- the frontend's table, whole ---------------------------------------------------------- */

/* Returns the states that a frontend has to end in, and what becomes of the rings. */
static struct hs_front_view front_rest(const struct hs_front_view *v)
{
	struct hs_front_view r = *v;
	bool up = v->shared && v->ours == CONNECTED;
	bool serving = v->theirs == CONNECTED || v->theirs == RECONFIGURING || v->theirs == RECONFIGURED;

	r.shared = r.attached = false;
	if (!v->wanted) {
		r.ours = serving && (v->ours == CLOSING || (v->shared && v->ours != CLOSED)) ?
			 CLOSING : CLOSED;
		if (v->ours == CLOSED || r.ours == CLOSING) {	/* they stay as they are */
			r.shared = v->shared;
			r.attached = v->attached;
		}
		return r;
	}
	switch (v->theirs) {
	case INITWAIT:
		r.ours = CONNECTED;
		r.shared = true;
		return r;
	case CONNECTED:
	case RECONFIGURING:
	case RECONFIGURED:
		r.ours = up ? CONNECTED : CLOSING;
		r.shared = r.attached = up;
		return r;
	case INITIALISING:
	case INITIALISED:
		r.shared = up && !v->attached;
		r.ours = r.shared ? CONNECTED : INITIALISING;
		return r;
	case CLOSING:
		r.ours = CLOSED;
		return r;
	case CLOSED:
		r.ours = INITIALISING;
		return r;
	case UNKNOWN:
		break;
	}
	r.ours = v->ours == INITIALISING ? INITIALISING : CLOSED;
	return r;
}

/* Gets the n-th of all views, by both states and three flags. Returns false after the last. */
static bool front_view_at(struct hs_front_view *v, unsigned int n)
{
	unsigned int states = n / 8;

	*v = (struct hs_front_view){
		.ours = (enum xenbus_state)(states / HS_STATES), .theirs = (enum xenbus_state)(states % HS_STATES),
		.shared = n & 1, .attached = n & 2, .wanted = n & 4,
	};
	return states < HS_STATES * HS_STATES;
}

static void front_every_combination(void **state)
{
	struct hs_front_view v;
	unsigned int n;

	(void)state;
	for (n = 0; front_view_at(&v, n); n++) {
		const struct hs_front_view from = v;
		struct hs_front_view want = front_rest(&v);

		if (v.attached && !v.shared)
			continue;	/* impossible */
		front_run(&v);
		if (v.ours != want.ours || v.shared != want.shared || v.attached != want.attached)
			fail_msg("ours=%u theirs=%u bits=%u: rest ours=%d shared=%d attached=%d, "
				 "not %d %d %d", from.ours, from.theirs, n % 8, v.ours, v.shared, v.attached,
				 want.ours, want.shared, want.attached);
	}
	assert_int_equal(n, 9 * 9 * 8);
}

/* A lost connection is closed in whatever state the backend is. Without rings there is no connection. */
static void front_lost(void **state)
{
	struct hs_front_view v;

	(void)state;
	for (unsigned int n = 0; front_view_at(&v, n); n++) {
		struct hs_front_view lost = v, closing = v;

		lost.lost = true;
		closing.theirs = CLOSING;
		assert_int_equal(hs_front_next(&lost), hs_front_next(v.shared ? &closing : &v));
		front_apply(&lost, hs_front_next(&lost));
		if (v.wanted && v.shared)
			assert_false(lost.shared);
	}
}

/* Rings are shared only with a backend that waits for them. */
static void front_shares_only_then(void **state)
{
	struct hs_front_view v;

	(void)state;
	for (unsigned int n = 0; front_view_at(&v, n); n++) {
		enum hs_front_step step = hs_front_next(&v);

		if (step == HS_FRONT_CONNECT)
			assert_true(v.theirs == INITWAIT && v.ours == INITIALISING && !v.shared && v.wanted);
		if (step == HS_FRONT_ATTACHED)
			assert_true(v.shared && v.ours == CONNECTED && v.wanted);
	}
}

/* --- sequences at the frontend ---------------------------------------------------------------- */

static struct hs_front_view f;

static void front_is(enum xenbus_state ours, enum xenbus_state theirs)
{
	f = (struct hs_front_view){ .ours = ours, .theirs = theirs, .wanted = true };
}

static void front_does(enum hs_front_step step)
{
	assert_int_equal(hs_front_next(&f), step);
	front_apply(&f, step);
}

static void front_sees(enum xenbus_state theirs)
{
	f.theirs = theirs;
}

static void front_comes_up(void)
{
	front_is(INITIALISING, INITIALISING);
	front_does(HS_FRONT_STAY);
	front_sees(INITWAIT);
	front_does(HS_FRONT_CONNECT);
	front_does(HS_FRONT_STAY);
	front_sees(CONNECTED);
	front_does(HS_FRONT_ATTACHED);
	front_does(HS_FRONT_STAY);
}

static void front_normal_life(void **state)
{
	(void)state;
	front_comes_up();
	f.wanted = false;
	front_does(HS_FRONT_CLOSING);
	front_does(HS_FRONT_STAY);
	front_sees(CLOSING);
	front_does(HS_FRONT_CLOSED);
	front_does(HS_FRONT_STAY);
}

/* Some backends publish Initialised or Initialising again before Connected. */
static void front_waits_for_connected(void **state)
{
	(void)state;
	front_is(INITIALISING, INITWAIT);
	front_does(HS_FRONT_CONNECT);
	front_sees(INITIALISED);
	front_does(HS_FRONT_STAY);
	front_sees(CONNECTED);
	front_does(HS_FRONT_ATTACHED);
}

static void front_backend_detaches(void **state)
{
	(void)state;
	front_comes_up();
	front_sees(CLOSING);
	front_does(HS_FRONT_CLOSED);
	front_does(HS_FRONT_STAY);
}

/* The backend refuses the frontend and later returns: the frontend starts anew. */
static void front_backend_closes_and_returns(void **state)
{
	(void)state;
	front_comes_up();
	front_sees(CLOSING);
	front_does(HS_FRONT_CLOSED);
	front_sees(CLOSED);
	front_does(HS_FRONT_INITIALISE);
	front_does(HS_FRONT_STAY);
	front_sees(INITWAIT);
	front_does(HS_FRONT_CONNECT);
}

/* A backend that lost its state goes to InitWait while the frontend is connected. */
static void front_backend_starts_anew(void **state)
{
	(void)state;
	front_comes_up();
	front_sees(INITWAIT);
	front_does(HS_FRONT_INITIALISE);
	front_does(HS_FRONT_CONNECT);
	front_sees(CONNECTED);
	front_does(HS_FRONT_ATTACHED);
}

/* The driver domain dies: its directory is removed and made again. */
static void front_backend_domain_restarts(void **state)
{
	(void)state;
	front_comes_up();
	front_sees(UNKNOWN);
	front_does(HS_FRONT_CLOSED);
	front_does(HS_FRONT_STAY);
	front_sees(INITIALISING);
	front_does(HS_FRONT_INITIALISE);
	front_sees(INITWAIT);
	front_does(HS_FRONT_CONNECT);
}

/* netfrontd restarts: the backend still uses rings that no longer exist. */
static void front_daemon_restarts(void **state)
{
	(void)state;
	front_is(CONNECTED, CONNECTED);
	front_does(HS_FRONT_CLOSING);
	front_does(HS_FRONT_STAY);
	front_sees(CLOSING);
	front_does(HS_FRONT_CLOSED);
	front_does(HS_FRONT_STAY);
	front_sees(CLOSED);
	front_does(HS_FRONT_INITIALISE);
	front_sees(INITWAIT);
	front_does(HS_FRONT_CONNECT);
}

/* xl restore: the new directory says Initialising, and this process has the old rings. */
static void front_resume(void **state)
{
	(void)state;
	front_comes_up();
	f.ours = INITIALISING;
	front_sees(INITIALISING);
	front_does(HS_FRONT_INITIALISE);
	front_does(HS_FRONT_STAY);
	front_sees(INITWAIT);
	front_does(HS_FRONT_CONNECT);
}

/* netfrontd reconfigures nothing. A backend in Reconfigured serves it as before, and sees Closing
 * before netfrontd ends. */
static void front_backend_reconfigures(void **state)
{
	(void)state;
	front_comes_up();
	front_sees(RECONFIGURING);
	front_does(HS_FRONT_STAY);
	front_sees(RECONFIGURED);
	front_does(HS_FRONT_STAY);
	front_sees(CONNECTED);
	front_does(HS_FRONT_STAY);
	front_sees(RECONFIGURED);
	f.wanted = false;
	front_does(HS_FRONT_CLOSING);
	front_does(HS_FRONT_STAY);
	front_sees(CLOSING);
	front_does(HS_FRONT_CLOSED);
}

/* The backend goes through 2, 5, 6, 2 before netfrontd reads its state again. */
static void front_backend_jumps(void **state)
{
	(void)state;
	front_is(INITIALISING, INITWAIT);
	front_does(HS_FRONT_CONNECT);
	front_sees(CLOSED);
	front_does(HS_FRONT_CLOSED);
	front_does(HS_FRONT_INITIALISE);
	front_sees(INITWAIT);
	front_does(HS_FRONT_CONNECT);
	front_is(INITIALISING, CONNECTED);	/* before the frontend is ready */
	front_does(HS_FRONT_CLOSING);
	front_does(HS_FRONT_STAY);
}

static void front_unwanted_without_backend(void **state)
{
	(void)state;
	front_comes_up();
	f.wanted = false;
	front_sees(UNKNOWN);
	front_does(HS_FRONT_CLOSED);
	front_does(HS_FRONT_STAY);
}

/* --- both together ------------------------------------------------------------------------------ */

enum schedule { BACK_FIRST, FRONT_FIRST, ONE_STEP_EACH, SCHEDULES };

/* Lets the backend act on what the frontend last published. Returns true if its state changed. */
static bool turn_back(bool whole)
{
	bool moved = false;

	b.theirs = f.ours;
	do {
		enum hs_back_step step = hs_back_next(&b);

		if (step == HS_BACK_STAY)
			break;
		assert_int_not_equal(back_apply(&b, step), REMOVED);
		moved = true;
	} while (whole);
	return moved;
}

static bool turn_front(bool whole)
{
	bool moved = false;

	f.theirs = b.ours;
	do {
		enum hs_front_step step = hs_front_next(&f);

		if (step == HS_FRONT_STAY)
			break;
		front_apply(&f, step);
		moved = true;
	} while (whole);
	return moved;
}

static void run_pair(enum schedule schedule)
{
	for (int round = 0; round < 20; round++) {
		bool whole = schedule != ONE_STEP_EACH, moved = false;

		if (schedule != FRONT_FIRST)
			moved |= turn_back(whole);
		moved |= turn_front(whole);
		if (schedule == FRONT_FIRST)
			moved |= turn_back(whole);
		if (!moved)
			return;
	}
	fail_msg("the pair never rests: back=%s front=%s", hs_state_name(b.ours), hs_state_name(f.ours));
}

/* From any pair of states, the two ends become connected. */
static void pair_always_connects(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < SCHEDULES; s++) {
		for (unsigned int ours = INITIALISING; ours < HS_STATES; ours++) {
			for (unsigned int theirs = INITIALISING; theirs < HS_STATES; theirs++) {
				for (unsigned int rings = 0; rings < 3; rings++) {
					back_is((enum xenbus_state)ours, (enum xenbus_state)theirs);
					front_is((enum xenbus_state)theirs, (enum xenbus_state)ours);
					f.shared = rings > 0;
					f.attached = rings > 1;
					run_pair((enum schedule)s);
					if (b.ours != CONNECTED || f.ours != CONNECTED || !f.attached)
						fail_msg("schedule %u, back=%u front=%u rings=%u: ended in %s and %s",
							 s, ours, theirs, rings, hs_state_name(b.ours),
							 hs_state_name(f.ours));
				}
			}
		}
	}
}

static void state_names_are_whole(void **state)
{
	(void)state;
	assert_string_equal(hs_state_name(XenbusStateUnknown), "Unknown");
	assert_string_equal(hs_state_name(XenbusStateReconfigured), "Reconfigured");
	assert_string_equal(hs_state_name(HS_STATES), "?");
	assert_string_equal(hs_state_name(0xffffffff), "?");
	for (unsigned int i = 0; i < HS_STATES; i++)
		assert_non_null(hs_state_name(i));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(back_every_combination), cmocka_unit_test(back_unserved), cmocka_unit_test(back_closing),
		cmocka_unit_test(back_connects_only_then),
		cmocka_unit_test(back_normal_life), cmocka_unit_test(back_frontend_connected_at_once),
		cmocka_unit_test(back_hotplug_late), cmocka_unit_test(back_resume), cmocka_unit_test(back_kexec),
		cmocka_unit_test(back_connected_then_closed), cmocka_unit_test(back_detach),
		cmocka_unit_test(back_frontend_gone), cmocka_unit_test(back_refused_then_retry),
		cmocka_unit_test(back_refused_detached), cmocka_unit_test(back_restart),
		cmocka_unit_test(back_restart_half_way), cmocka_unit_test(back_reconfigures),
		cmocka_unit_test(back_reconfigures_nothing), cmocka_unit_test(front_backend_reconfigures),
		cmocka_unit_test(front_every_combination), cmocka_unit_test(front_shares_only_then),
		cmocka_unit_test(front_lost),
		cmocka_unit_test(front_normal_life), cmocka_unit_test(front_waits_for_connected),
		cmocka_unit_test(front_backend_detaches), cmocka_unit_test(front_backend_closes_and_returns),
		cmocka_unit_test(front_backend_starts_anew), cmocka_unit_test(front_backend_domain_restarts),
		cmocka_unit_test(front_daemon_restarts), cmocka_unit_test(front_resume),
		cmocka_unit_test(front_backend_jumps), cmocka_unit_test(front_unwanted_without_backend),
		cmocka_unit_test(pair_always_connects), cmocka_unit_test(state_names_are_whole),
	};

	return RUN_TESTS(tests);
}
