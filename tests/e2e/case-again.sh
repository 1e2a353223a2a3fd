# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A VIF that goes on or is made again: xenstored fails, a device is deleted, a directory is made anew.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, expect: lib.sh
# shellcheck disable=SC2119,SC2120 # options are for those who want some

# touch_key back|front: makes the daemon look at VIF 0, by a write to a key that it watches.
touch_key()
{
	case $1 in
	back) xenstore-write "$(fe 1 0)/request-multicast-control" 0 ;;
	front) xenstore-write "$(be 1 0)/carrier" 1 ;;
	esac
}

# unreadable back|front DOMAIN PATH: one read of PATH fails; the daemon changes nothing.
unreadable()
{
	local n

	n=$(grep -c 'cannot read xenstore, trying again' "$L/$1.log")
	x fault "$2" read "path=$3" fail times=1 && touch_key "$1" || return 1
	await_line "$L/$1.log" 5 'cannot read xenstore, trying again' $((n + 1)) || return 1
	x fault "$2" clear
	one_ping && state_untouched && [ "$(xenstore-read "$(be 1 0)/state")" = 4 ]
}

# A failed read of xenstore is no answer.  The watchdog's timer also drives the next try.
case_unreadable()
{
	local before k

	expect='cannot read xenstore, trying again'
	lab_start
	# At level debug a line is written each time.
	{ E2E_LOG=debug WATCHDOG_USEC=400000 start_back && E2E_LOG=debug start_front && attach 0 && one_ping; } >"$TOP/out" 2>&1
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
	# A change during the failure is seen afterwards.
	x fault 0 read path=device/vif/0/state fail
	x detach-vif guest 0 >"$TOP/detach" 2>&1 &
	check detaching await_node "$(be 1 0)/online" 0
	check asked await 5 xs_state_is "$(be 1 0)/state" 5
	x fault 0 clear
	wait $!
	check detached test $? = 0
	check no-complaint test ! -s "$TOP/detach"
	check no-tap await 5 no_taps
	# When a VIF is found and at connect.
	for k in backend/vif/1/0/frontend 1/0/handle 1/0/mac device/vif/0/tx-ring-ref device/vif/0/event-mask-ref; do
		x fault 0 read "path=$k" fail times=1
	done
	# That says nothing of the backend's key: it is no failed attempt.
	k=$(grep -c 'cannot read xenstore, trying again' "$L/front.log")
	x fault guest read path=backend/vif/1/0/feature-sg fail times=1
	{ attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/attached-again" $? "$(cat "$TOP/out")"
	check front-feature-sg await_line "$L/front.log" 5 'cannot read xenstore, trying again' $((k + 1))
	check none-left x fault 0 clear
	check none-left-of-the-guest x fault guest clear
}

# --- whose device it is -------------------------------------------------------------------------

other_ifindex() { in0 ip -o link show "$1" | cut -d: -f1; }

# in_bridge DEVICE BRIDGE
in_bridge() { in0 ip -o link show "$1" | grep -q "master $2"; }

# new_device WAS: vif1.0 is another device than it was, and in no bridge.
new_device()
{
	local now

	now=$(ifindex)
	echo "ifindex $1, now $now"
	[ -n "$now" ] && [ "$now" != "$1" ] && ! in_bridge vif1.0 br0
}

bridged() { in0 ip link set vif1.0 master br0 && in_bridge vif1.0 br0; }

# Before a directory in Initialising gets a device, an old device of that name is removed.  Another
# guest, or another VIF of the same guest, gets nothing of it.
case_new_life()
{
	local was

	expect='the device is not used again, a new one is made|the device was deleted'
	pair_with_vif || return
	in0 ip link add br0 type bridge
	check bridged bridged
	was=$(ifindex)
	# The same guest and VIF: it goes on, whether or not the guest's UUID may be read.
	restart_back KILL >"$TOP/out" 2>&1
	check resumed await_line "$L/back.log" 5 ': adopted vif=vif1.0'
	check same-device test "$(ifindex)" = "$was"
	xenstore-write /local/domain/1/vm-was "$(xenstore-read /local/domain/1/vm)" && xenstore-rm /local/domain/1/vm
	restart_back KILL >"$TOP/out" 2>&1
	check resumed-unknown await_line "$L/back.log" 5 ': adopted vif=vif1.0' 2
	check same-device-unknown test "$(ifindex)" = "$was"
	xenstore-write /local/domain/1/vm "$(xenstore-read /local/domain/1/vm-was)"
	restart_back KILL >"$TOP/out" 2>&1
	check resumed-known await_line "$L/back.log" 5 ': adopted vif=vif1.0' 3
	check same-device-known test "$(ifindex)" = "$was"
	new_life_attached
	new_life_found_by_name
	new_life_other_guest
	new_life_same_domid
}

# Detached and attached with another bridge while there is no netbackd.
new_life_attached()
{
	local was

	was=$(ifindex)
	kill9 "$BACK"
	{ x detach-vif guest 0 --force; x attach-vif 0 guest 0 --hotplug bridge=br1; } >"$TOP/out" 2>&1 &
	check attached-meanwhile await 5 xs_state_is "$(be 1 0)/bridge" br1
	start_back >"$TOP/out" 2>&1
	wait $!
	{ connected 1 0 && both_up && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/attached-works" $? "$(cat "$TOP/out")"
	check attached-device new_device "$was"
}

# A TAP without a state file, and a TAP with the state file of another one.
new_life_found_by_name()
{
	local was

	check by-name-bridged bridged
	was=$(ifindex)
	kill9 "$BACK"
	rm -f "$L/run-back/vif1.0"
	{ x detach-vif guest 0 --force; x attach-vif 0 guest 0 --hotplug; } >"$TOP/out" 2>&1 &
	check by-name-meanwhile await 5 xs_state_is "$(be 1 0)/state" 1
	start_back >"$TOP/out" 2>&1
	wait $!
	{ connected 1 0 && both_up && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/by-name-works" $? "$(cat "$TOP/out")"
	check by-name-device new_device "$was"
}

# The states say Connected, and the saved state is another VIF's.
new_life_other_guest()
{
	local was front=4

	check other-guest-bridged bridged
	was=$(ifindex)
	kill9 "$BACK"
	check saved sed -i 's/^domain=.*/domain=00000000-0000-0000-0000-000000000000/' "$L/run-back/vif1.0"
	sum_again "$L/run-back/vif1.0"
	grep -q '^domain=0' "$L/run-back/vif1.0"
	verdict "$CASE/saved-domain" $? "$(cat "$L/run-back/vif1.0")"
	start_back >"$TOP/out" 2>&1
	check told await_line "$L/back.log" 5 'the device is not used again, a new one is made vif=vif1.0'
	expect+='|it has to connect anew|closing nic=nic0'
	{ await_line "$L/front.log" 5 ': connected nic=nic0' $front && connected 1 0 && both_up && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/other-guest-works" $? "$(cat "$TOP/out")"
	check other-guest-device new_device "$was"
	# The script has run for the device that was removed.
	check other-guest-error told_of_deleted
}

# no_error DEVID
no_error() { ! xenstore-read "$(be 1 "$1")/error" 2>/dev/null; }

# A guest is destroyed and another one gets its id while there is no netbackd.
new_life_same_domid()
{
	local was

	check same-domid-bridged bridged
	was=$(ifindex)
	kill9 "$BACK"
	x destroy guest --force >"$TOP/out" 2>&1
	exit_code "$FRONT" 5
	FRONT=''
	{ guest_new guest --domid=1 && start_front; } >"$TOP/out" 2>&1
	x attach-vif 0 guest 0 --hotplug >"$TOP/out" 2>&1 &
	check same-domid await 5 xs_state_is "$(be 1 0)/state" 1
	start_back >"$TOP/out" 2>&1
	wait $!
	{ connected 1 0 && both_up && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/same-domid-works" $? "$(cat "$TOP/out")"
	check same-domid-device new_device "$was"
}

# --- the handle -----------------------------------------------------------------------------------

# refused_for DEVID RIVAL: the VIF is refused because RIVAL has its handle.
refused_for()
{
	await_node "$(be 1 "$1")/state" 6 && xenstore-read "$(be 1 "$1")/error" | grep "the guest's VIF $2 has the same handle"
}

# Two VIFs of one guest with the same handle: they would have the same device.
case_handles()
{
	local was

	expect='has the same handle'
	pair_with_vif || return
	was=$(ifindex)
	watch_state
	x attach-vif 0 guest 1 handle=0 >"$TOP/out" 2>&1
	check second refused_for 1 0
	check first-goes-on one_ping
	restart_back KILL >"$TOP/out" 2>&1
	check second-again refused_for 1 0
	check first-resumed one_ping
	check first-untouched state_untouched
	# Whichever is found first, the VIF that had the device keeps it.
	anew restart_front >"$TOP/out" 2>&1
	x detach-vif guest 1 >"$TOP/out" 2>&1
	check second-detached test $? = 0
	check same-device test "$(ifindex)" = "$was"
	{ connected 1 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/first-still" $? "$(cat "$TOP/out")"
	x attach-vif 0 guest 1 handle=0 >"$TOP/out" 2>&1
	check third refused_for 1 0
	# Once the first has gone the other one may have it.
	x detach-vif guest 0 >"$TOP/out" 2>&1
	check first-detached test $? = 0
	xenstore-write "$(be 1 1)/hotplug-status" connected
	check second-connected connected 1 1
	check second-error no_error 1
	check second-device in0 ip link show vif1.0
	x attach-vif 0 guest 0 >"$TOP/out" 2>&1
	check first-refused-now refused_for 0 1
	x detach-vif guest 1 >"$TOP/out" 2>&1
	check second-goes test $? = 0
	x detach-vif guest 0 >"$TOP/out" 2>&1
	check no-tap await 5 no_taps
	handles_by_number
}

# A directory is named by the VIF's number, its device by the handle.  So the device is not taken for
# a stale one, even while the directory cannot be read.
handles_by_number()
{
	local was

	expect+='|cannot read xenstore'
	{ x attach-vif 0 guest 3 --hotplug handle=7 && connected 1 3; } >"$TOP/out" 2>&1
	verdict "$CASE/handle-7" $? "$(cat "$TOP/out")"
	was=$(other_ifindex vif1.7)
	kill9 "$BACK"
	x fault 0 read path=backend/vif/1/3/online fail times=1
	WATCHDOG_USEC=400000 start_back >"$TOP/out" 2>&1
	check resumed-7 await_line "$L/back.log" 5 ': adopted vif=vif1.7'
	x fault 0 clear
	check device-7-stays test "$(other_ifindex vif1.7)" = "$was"
	kill9 "$BACK"
	x detach-vif guest 3 --force >"$TOP/out" 2>&1
	start_back >"$TOP/out" 2>&1
	check swept-7 await 5 no_link vif1.7
}

# --- the key error --------------------------------------------------------------------------------

# A VIF that is Connected has no key error.
case_error_node()
{
	lab_pair >"$TOP/out" 2>&1
	x attach-vif 0 guest 0 >"$TOP/out" 2>&1
	check offered await_node "$(be 1 0)/state" 2
	xenstore-write "$(be 1 0)/error" "of before" "$(be 1 0)/hotplug-status" connected
	check connected connected 1 0
	check gone-at-connected await_node "$(be 1 0)/error" -
	kill9 "$BACK"
	xenstore-write "$(be 1 0)/error" "of before"
	start_back >"$TOP/out" 2>&1
	check resumed await_line "$L/back.log" 5 ': adopted vif=vif1.0'
	check gone-after-resume await_node "$(be 1 0)/error" -
}

# --- a device is deleted ----------------------------------------------------------------------------

# both_up: addresses at both ends of VIF 0, and the kernel has noticed the carrier, which may take it a second.
both_up()
{
	address 0 && await 5 is_up in0 vif1.0 && await 5 is_up in1 eth0
}

is_up() { "$1" ip -o link show "$2" | grep LOWER_UP | grep -qv 'qdisc noop'; }

# deleted_in_dom0 COMMAND...: deletes vif1.0; a new device is made at once, and the connection goes on.
deleted_in_dom0()
{
	local was n

	was=$(ifindex)
	n=$(grep -c ': adopted vif=vif1.0' "$L/back.log")
	"$@" || return 1
	await_line "$L/back.log" 5 ': adopted vif=vif1.0' $((n + 1)) || return 1
	[ "$(ifindex)" != "$was" ] && both_up && one_ping && state_untouched
}

# deleted_in_guest COMMAND...: the same with eth0; the connection is made anew.
deleted_in_guest()
{
	local was n

	was=$(in1 ip -o link show eth0 | cut -d: -f1)
	n=$(grep -c ': connected nic=nic0' "$L/front.log")
	"$@" || return 1
	await_line "$L/front.log" 5 ': connected nic=nic0' $((n + 1)) && connected 1 0 || return 1
	[ "$(in1 ip -o link show eth0 | cut -d: -f1)" != "$was" ] && both_up && one_ping
}

# namespace_ends NSENTER DEVICE: the device is moved to a namespace, which then ends.
namespace_ends()
{
	local ns=e2e$$-gone

	ip netns add "$ns" && "$1" ip link set "$2" netns "$ns" && ip netns del "$ns"
}

# told_of_deleted: the key error says so until the VIF is attached again, and not in an errno's words.
told_of_deleted()
{
	await_node "$(be 1 0)/state" 4 && xenstore-read "$(be 1 0)/error" | grep 'was deleted .*detach and attach the VIF'
}

no_bad_state() { ! grep -rih 'bad state' "$L/back.log" "$L/front.log"; }

case_deleted()
{
	local i copied

	expect='the device was deleted'
	pair_with_vif || return
	watch_state
	check registered await_line "$L/front.log" 20 'static grants nic=nic0 registered='
	copied=$(grant_ops)
	check in-dom0 deleted_in_dom0 in0 ip link del vif1.0
	check told told_of_deleted
	check log await_line "$L/back.log" 5 'the device was deleted, .* vif=vif1.0 todo="detach and attach'
	check no-grant-operations grant_ops_are "$copied"
	check namespace-ends deleted_in_dom0 namespace_ends in0 vif1.0
	in0 ping -f -w 20 10.79.0.2 >/dev/null 2>&1 &
	helper $!
	check under-flood deleted_in_dom0 in0 ip link del vif1.0
	reap_helpers
	# As fast as they come.
	for ((i = 0; i < 20; i++)); do
		in0 ip link del vif1.0 2>/dev/null
	done
	{ await 5 in0 ip link show vif1.0 && both_up && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/again-and-again" $? "$(cat "$TOP/out")"
	check state state_untouched
	restart_back KILL >"$TOP/out" 2>&1
	check told-after-restart told_of_deleted
	check ping-after-restart one_ping
	check in-guest deleted_in_guest in1 ip link del eth0
	check guest-namespace-ends deleted_in_guest namespace_ends in1 eth0
	check told-still told_of_deleted
	check words no_bad_state
	{ x detach-vif guest 0 && attach 0 && both_up && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/attached-again" $? "$(cat "$TOP/out")"
	check error-gone no_error 0
	deleted_unconnected
}

# Without a connection only rtnetlink tells of it.
deleted_unconnected()
{
	local was

	x attach-vif 0 guest 1 >"$TOP/out" 2>&1
	check offered await_node "$(be 1 1)/state" 2
	was=$(other_ifindex vif1.1)
	in0 ip link del vif1.1
	check made-anew await 5 other_device vif1.1 "$was"
	check told-unconnected await_line "$L/back.log" 5 'the device was deleted, .* vif=vif1.1'
	check told-in-error await_node "$(be 1 1)/state" 2
	xenstore-read "$(be 1 1)/error" | grep -q 'was deleted'
	verdict "$CASE/error-unconnected" $? ''
	xenstore-write "$(be 1 1)/hotplug-status" connected
	check connects connected 1 1
	kill -STOP "$BACK"
	x detach-vif guest 1 >"$TOP/out" 2>&1 &
	in0 ip link del vif1.1
	kill -CONT "$BACK"
	wait $!
	check deleted-and-detached test $? = 0
	check no-device await 5 no_link vif1.1
}

# other_device NAME IFINDEX
other_device()
{
	local now

	now=$(other_ifindex "$1" 2>/dev/null)
	[ -n "$now" ] && [ "$now" != "$2" ]
}

# With several workers each has a descriptor of the device; with a mask, a hash and a list there is more to lose.
case_deleted_queues()
{
	expect='the device was deleted'
	queues_lab "--max-queues=4 --workers=2" "--queues=2 --no-static-grants --no-event-mask" || return
	watch_state
	check workers deleted_in_dom0 in0 ip link del vif1.0
	check as-agreed await_agreed 'adopted .*queues=2 workers=2'
	check transfer-to transfer_to 10.79.0.2 8
	check transfer-from transfer_from 10.79.0.1 8
	reap_helpers
	{ anew restart_front --queues=4 --rss --multicast-control && await_agreed 'connected .*queues=4' && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/with-tables" $? "$(tail -n 1 "$TOP/out")"
	check hashes await_line "$L/front.log" 5 'the backend hashes'
	rm "$L/states"
	watch_state
	check tables deleted_in_dom0 in0 ip link del vif1.0
	check transfer-tables transfer_to 10.79.0.2 8
	check hashed-still hashed_right
}

# Frames since the new device carry the hash that was agreed on before.
hashed_right()
{
	counters "$L/back.log" "$BACK" | head -n 1
	counters "$L/front.log" "$FRONT" | tee "$L/hashed" | grep -o 'grx_hash[a-z_]*=[0-9]*' | tr '\n' ' '
	grep -q 'grx_hashed=' "$L/hashed" && ! grep -q grx_hash_wrong_queue "$L/hashed"
}

# --- a device without a queue ---------------------------------------------------------------------

# no_queue_told LOG COUNT
no_queue_told() { await_line "$L/$1.log" 5 'the device has no queue' "$2"; }

case_no_queue()
{
	expect='the device has no queue'
	pair_with_vif || return
	in0 ip link set vif1.0 txqueuelen 0
	check told no_queue_told back 1
	# Other devices change; this one is not logged again.
	in0 ip link set vif1.0 mtu 1400 && in0 ip link set vif1.0 mtu 1500
	in1 ip link set eth0 txqueuelen 0
	check guest-told no_queue_told front 1
	restart_back KILL >"$TOP/out" 2>&1
	check told-after-restart no_queue_told back 2
	in0 ip link set vif1.0 txqueuelen 500
	check again await_line "$L/back.log" 5 'the device has a queue again vif=vif1.0 frames=500'
	in1 ip link set eth0 txqueuelen 500
	check guest-again await_line "$L/front.log" 5 'the device has a queue again nic=nic0 frames=500'
	check ping one_ping
	check said-once test "$(grep -c 'the device has no queue' "$L/back.log") $(grep -c 'the device has no queue' "$L/front.log")" = "2 1"
}

# --- a device is renamed and moved ----------------------------------------------------------------

# saved KEY VALUE: netbackd's state file of the device says so.
saved() { grep -qx "$1=$2" "$L/run-back/vif1.0"; }

# A device that is renamed or moved to another namespace and back is saved and logged each time.
case_moved()
{
	local ns=e2e$$-moved was inode

	expect='the device has no queue|the device was deleted'
	pair_with_vif || return
	was=$(ifindex)
	in0 ip link set vif1.0 name uplink
	check renamed await 5 saved ifname uplink
	ip netns add "$ns" || return
	inode=$(stat -L -c %i "/run/netns/$ns")
	in0 ip link set uplink netns "$ns"
	check moved await 5 saved netns "$inode"
	# Another device with its old name and number is not used.
	in0 ip link add vif1.0 index "$was" type veth peer name other
	in0 ip link set vif1.0 txqueuelen 0
	in0 ip link del vif1.0
	# shellcheck disable=SC2016
	{ ip netns exec "$ns" ip addr add 10.79.0.1/24 dev uplink && ip netns exec "$ns" ip link set uplink up &&
		ip netns exec "$ns" ping -c 3 -i 0.01 -w 10 10.79.0.2 | seen 3 0; } >"$TOP/out" 2>&1
	verdict "$CASE/ping-there" $? "$(cat "$TOP/out")"
	ip netns exec "$ns" ip link set uplink netns "${ns0##*/}" name vif1.0
	check back await 5 saved ifname vif1.0
	check no-false-alarm test "$(grep -c 'has no queue' "$L/back.log")" = 0
	in0 ip link set vif1.0 txqueuelen 0
	check told-again no_queue_told back 1
	in0 ip link set vif1.0 txqueuelen 1000
	{ address 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/ping-back" $? "$(cat "$TOP/out")"
	# The namespace ends while no netbackd runs.
	in0 ip link set vif1.0 netns "$ns"
	check moved-again await 5 saved netns "$inode"
	kill9 "$BACK"
	ip netns del "$ns"
	start_back >"$TOP/out" 2>&1
	check resumed await_line "$L/back.log" 5 ': adopted vif=vif1.0'
	check told-deleted told_of_deleted
	{ await 5 in0 ip link show vif1.0 && both_up && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/made-anew" $? "$(cat "$TOP/out")"
}
