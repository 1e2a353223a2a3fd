# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A VIF that goes on or comes again: xenstored fails, a device is deleted, a directory is made anew.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, expect: lib.sh
# shellcheck disable=SC2119,SC2120 # options are for those who want some

# poke back|front: has the daemon look at VIF 0: a key that it watches is written.
poke()
{
	case $1 in
	back) xenstore-write "$(fe 1 0)/request-multicast-control" 0 ;;
	front) xenstore-write "$(be 1 0)/carrier" 1 ;;
	esac
}

# unreadable back|front DOMAIN PATH: xenstored fails once at that, and nothing else happens.
unreadable()
{
	local n

	n=$(grep -c 'cannot read xenstore, looking again' "$L/$1.log")
	x fault "$2" read "path=$3" fail times=1 && poke "$1" || return 1
	await_line "$L/$1.log" 5 'cannot read xenstore, looking again' $((n + 1)) || return 1
	x fault "$2" clear
	one_ping && state_untouched && [ "$(xenstore-read "$(be 1 0)/state")" = 4 ]
}

# What xenstored cannot tell is not an answer.  A watchdog's clock is also that of looking again.
case_unreadable()
{
	local before k

	expect='cannot read xenstore, looking again'
	lab_start
	{ WATCHDOG_USEC=400000 start_back && start_front && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	watch_state
	before=$(ifindex)
	for k in backend/vif/1/0/state backend/vif/1/0/online backend/vif/1/0/hotplug-status device/vif/0/state; do
		check "back-$k" unreadable back 0 "$k"
	done
	for k in device/vif/0/state device/vif/0/backend device/vif/0/backend-id backend/vif/1/0/state; do
		check "front-$k" unreadable front guest "$k"
	done
	check same-device test "$(ifindex)" = "$before"
	# What came meanwhile is seen when it can be.
	x fault 0 read path=device/vif/0/state fail
	x detach-vif guest 0 >"$TOP/detach" 2>&1 &
	check detaching await_node "$(be 1 0)/online" 0
	check asked await 5 xs_state_is "$(be 1 0)/state" 5
	x fault 0 clear
	wait $!
	check detached test $? = 0
	check no-complaint test ! -s "$TOP/detach"
	check no-tap await 5 no_taps
	# At birth and at connect.
	for k in backend/vif/1/0/frontend 1/0/handle 1/0/mac device/vif/0/tx-ring-ref device/vif/0/event-mask-ref; do
		x fault 0 read "path=$k" fail times=1
	done
	{ attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/attached-again" $? "$(cat "$TOP/out")"
	check none-left x fault 0 clear
}
