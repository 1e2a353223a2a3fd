# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a person sets on a device stays, in whatever namespace the device is.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, expect: lib.sh
# shellcheck disable=SC2119 # options are for those who want some

# feature WHERE DEVICE NAME VALUE: as ethtool sees it; WHERE is in0 or in1.
feature() { "$1" ethtool -k "$2" | grep -E "^[[:space:]]*$3: $4( |\$)"; }

# features WHERE DEVICE TX TSO
features() { feature "$1" "$2" tx-checksumming "$3" && feature "$1" "$2" tx-tcp-segmentation "$4"; }

# property WHERE DEVICE TEXT...: the output of ip contains each TEXT.
property()
{
	local where=$1 device=$2 text

	text=$("$where" ip -o link show "$device") || return 1
	shift 2
	for want; do
		[[ $text == *"$want "* ]] || { echo "no \"$want\" in $text"; return 1; }
	done
}

# again front|back COUNT: the daemon has logged its connection number COUNT.
again()
{
	if [ "$1" = back ]; then
		await_line "$L/back.log" 5 ': (connected|adopted) vif=vif1.0' "$2" && connected 1 0
	else
		await_line "$L/front.log" 5 ': connected nic=nic0' "$2" && connected 1 0
	fi
}

# --- offloads ------------------------------------------------------------------------------------

case_wishes()
{
	{ lab_start && start_back && x attach-vif 0 guest 0; } >"$TOP/out" 2>&1
	verdict "$CASE/offered" $? "$(cat "$TOP/out")"
	# As a hotplug script does.
	{ await_node "$(be 1 0)/state" 2 && in0 ethtool -K vif1.0 tx off; } >"$TOP/out" 2>&1
	xenstore-write "$(be 1 0)/hotplug-status" connected
	start_front >>"$TOP/out" 2>&1
	{ connected 1 0 && address 0 && one_ping; } >>"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	check off-from-the-start features in0 vif1.0 off off
	in1 ethtool -K eth0 tso off
	check guest-off features in1 eth0 on off
	restart_back KILL >"$TOP/out" 2>&1
	check resumed again back 2
	check off-after-resume features in0 vif1.0 off off
	restart_front >"$TOP/out" 2>&1
	check reconnected again back 3
	check off-after-reconnect features in0 vif1.0 off off
	check guest-off-after-restart features in1 eth0 on off
	# A person may switch it on again, as far as the frontend takes it.
	in0 ethtool -K vif1.0 tx on tso off
	check on-again features in0 vif1.0 on off
	restart_front --without=csum4,csum6,gso4,gso6 >"$TOP/out" 2>&1
	check lesser again back 4
	check not-agreed features in0 vif1.0 off off
	restart_front >"$TOP/out" 2>&1
	check full again back 5
	check as-wanted features in0 vif1.0 on off
	{ restart_back KILL --without=csum4,csum6,gso4,gso6 && again back 6 && restart_front; } >"$TOP/out" 2>&1
	check lesser-backend again back 7
	check guest-not-agreed features in1 eth0 off off
	{ restart_back KILL && again back 8 && restart_front; } >"$TOP/out" 2>&1
	check full-backend again back 9
	check guest-as-wanted features in1 eth0 on off
	check dom0-as-wanted features in0 vif1.0 on off
	check ping one_ping
}

# --- address and MTU -----------------------------------------------------------------------------

MINE="02:00:00:00:00:01"	# an address that a person gives

case_belongs()
{
	local mac

	lab_pair >"$TOP/out" 2>&1
	attach 0 mtu=1450 >>"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	mac=$(xenstore-read "$(fe 1 0)/mac")
	check from-xenstore property in1 eth0 "mtu 1450" "link/ether $mac"
	check dom0-address property in0 vif1.0 "link/ether fe:ff:ff:ff:ff:ff"
	in0 ip link set vif1.0 address 02:00:00:00:00:02
	in1 ip link set eth0 address $MINE mtu 1400
	check set-by-hand property in1 eth0 "mtu 1400" "link/ether $MINE"
	restart_front >"$TOP/out" 2>&1
	check restarted again front 2
	check stays property in1 eth0 "mtu 1400" "link/ether $MINE"
	{ restart_back KILL && again back 3; } >"$TOP/out" 2>&1
	check dom0-address-stays property in0 vif1.0 "link/ether 02:00:00:00:00:02"
	# A changed key is a new wish of the toolstack.
	xenstore-write "$(fe 1 0)/mtu" 1300
	restart_front >"$TOP/out" 2>&1
	check restarted-again again front 3
	check new-mtu property in1 eth0 "mtu 1300" "link/ether $MINE"
	xenstore-write "$(fe 1 0)/mac" 00:16:3e:99:99:99
	restart_front >"$TOP/out" 2>&1
	check restarted-once-more again front 4
	check new-address property in1 eth0 "mtu 1300" "link/ether 00:16:3e:99:99:99"
	xenstore-write "$(fe 1 0)/mac" "$mac" "$(fe 1 0)/mtu" 1450
	restart_front >"$TOP/out" 2>&1
	check as-at-first again front 5
	in1 ip link set eth0 address $MINE mtu 1400
	in1 ethtool -K eth0 tso off
	restored=$(x save-restore guest) && connected "$restored" 0 >"$TOP/out" 2>&1
	verdict "$CASE/restored" $? "$(cat "$TOP/out")"
	check stays-over-restore property in1 eth0 "mtu 1400" "link/ether $MINE"
	check off-over-restore features in1 eth0 on off
	end_keepers
}

# The MTU that was lowered for a peer is restored for the next one, by this daemon or a later one.
case_before_sg()
{
	lab_start >"$TOP/out" 2>&1
	{ start_back && start_front --without=sg && attach 0 mtu=9000 && address 0 9000; } >"$TOP/out" 2>&1
	verdict "$CASE/without-sg" $? "$(cat "$TOP/out")"
	check guest-has-it property in1 eth0 "mtu 9000"
	restart_front --without=sg >"$TOP/out" 2>&1
	check again-without again back 2
	check lowered property in0 vif1.0 "mtu 1500"
	restart_back KILL >"$TOP/out" 2>&1
	check resumed again back 3
	check still-lowered property in0 vif1.0 "mtu 1500"
	restart_front >"$TOP/out" 2>&1
	check with-sg again back 4
	check as-before property in0 vif1.0 "mtu 9000"
	# The other way round.
	{ restart_back KILL --without=sg && again back 5 && restart_front; } >"$TOP/out" 2>&1
	check backend-without-sg again back 6
	check guest-lowered property in1 eth0 "mtu 1500"
	restart_front >"$TOP/out" 2>&1
	check front-restarted again back 7
	check guest-still-lowered property in1 eth0 "mtu 1500"
	{ restart_back KILL && again back 8 && restart_front && again back 9; } >"$TOP/out" 2>&1
	check guest-as-before property in1 eth0 "mtu 9000"
	check dom0-as-before property in0 vif1.0 "mtu 9000"
}

# --- another namespace -----------------------------------------------------------------------------

# in_there: makes the namespaces to which the devices are moved, one for each.
in_there() { ip netns exec "$there" "$@"; }
in_yonder() { ip netns exec "$yonder" "$@"; }

there_ping() { in_there ping -c 3 -i 0.01 -w 10 10.79.0.2 2>&1 | seen 3 0; }

# places: gives each device an address where it is now.
places()
{
	in_there ip addr replace 10.79.0.1/24 dev vif1.0 && in_there ip link set vif1.0 up &&
		in_yonder ip addr replace 10.79.0.2/24 dev eth0 && in_yonder ip link set eth0 up
}

# untouched: the devices that took the old names are as they were made, and the only ones.
untouched()
{
	[ "$(taps)/$(guest_taps)" = 1/1 ] || { echo "$(taps)/$(guest_taps) devices"; return 1; }
	[ "$strangers" = "$(in0 ip -o link show vif1.0; in1 ip -o link show eth0)" ]
}

case_elsewhere()
{
	local FRONT_USER=root	# CAP_SYS_ADMIN is root's only
	local there=e2e$$-there yonder=e2e$$-yonder strangers

	{ lab_start && start_back && start_front --multicast-control && attach 0 mtu=9000 && address 0 9000; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	{ ip netns add "$there" && ip netns add "$yonder"; } || return
	in0 ip link set vif1.0 netns "$there"
	in1 ip link set eth0 netns "$yonder"
	in0 ip tuntap add vif1.0 mode tap && in0 ip link set vif1.0 mtu 8000 address 02:00:00:00:00:0a
	in1 ip tuntap add eth0 mode tap && in1 ip link set eth0 mtu 8000 address 02:00:00:00:00:0b
	strangers=$(in0 ip -o link show vif1.0; in1 ip -o link show eth0)
	check places places
	check ping there_ping
	check saved await 5 grep -qx "netns=$(stat -Lc %i /run/netns/"$there")" "$L/run-back/vif1.0"
	check saved-in-guest await 5 grep -qx "netns=$(stat -Lc %i /run/netns/"$yonder")" "$L/run-front/nic0"
	# Its filter, not that of the device with the same name.
	in_yonder ip maddr add 01:00:5e:07:07:07 dev eth0
	check filter await 5 in_list 01:00:5e:07:07:07
	in_there ethtool -K vif1.0 tso off
	restart_front --without=sg --multicast-control >"$TOP/out" 2>&1
	check front-killed again front 2
	check front-is-it there_ping
	check lowered property in_there vif1.0 "mtu 1500"
	check untouched-at-first untouched
	restart_back KILL >"$TOP/out" 2>&1
	check resumed again back 3
	check back-is-it there_ping
	check off-there features in_there vif1.0 on off
	xenstore-write "$(fe 1 0)/mtu" 1300
	restart_front >"$TOP/out" 2>&1
	check front-killed-again again front 3
	check as-before property in_there vif1.0 "mtu 9000"
	check new-mtu property in_yonder eth0 "mtu 1300"
	check off-still features in_there vif1.0 on off
	check untouched untouched
	elsewhere_locked_out
	x detach-vif guest 0 >"$TOP/out" 2>&1
	check detached test $? = 0
	check gone-there await 5 no_device in_there vif1.0
	check gone-yonder await 5 no_device in_yonder eth0
	check untouched-to-the-end untouched
	in0 ip link del vif1.0
	in1 ip link del eth0
	ip netns del "$there"
	ip netns del "$yonder"
}

no_device() { ! "$1" ip link show "$2" >/dev/null 2>&1; }

# As the units run them: without the right to enter another namespace.
elsewhere_locked_out()
{
	local n

	expect='another network namespace'
	n=$(grep -c 'connected nic=nic0' "$L/front.log")
	kill9 "$FRONT"
	# So that it does not follow a frontend that closes before it is killed: a closed VIF needs no device.
	kill -STOP "$BACK"
	UNDER="setpriv --bounding-set=-sys_admin" start_front >"$TOP/out" 2>&1
	check front-refused await_line "$L/front.log" 5 'error: cannot .*another network namespace'
	kill9 "$BACK"
	UNDER="setpriv --bounding-set=-sys_admin" start_back >"$TOP/out" 2>&1
	check back-refused await_line "$L/back.log" 5 'error: refused vif=vif1.0 .*another network namespace'
	check no-second-device untouched
	kill9 "$FRONT"
	kill9 "$BACK"
	start_back >"$TOP/out" 2>&1
	start_front >"$TOP/out" 2>&1
	check entered again front $((n + 1))
	check entered-ping there_ping
}

# --- a device is renamed while it is opened ------------------------------------------------------

rename_on()
{
	while :; do
		in0 ip link set vif1.0 name other
		in0 ip link set other name vif1.0
	done 2>/dev/null
}

case_stray()
{
	local i before

	{ lab_start && start_back --max-queues=4 --workers=4 && start_front --queues=4 --no-event-mask --no-static-grants && attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	before=$(in0 ip -o link | cut -d: -f1)
	# Opening a device that is renamed may fail a few times; fewer workers are enough.
	expect='fewer workers than the queues could have'
	rename_on &
	helper $!
	for ((i = 1; i <= $(size 12 4); i++)); do
		restart_front --queues=4 --no-event-mask --no-static-grants && again back $((2 * i)) &&
			restart_back KILL --max-queues=4 --workers=4 && again back $((2 * i + 1))
	done >"$TOP/out" 2>&1
	verdict "$CASE/restarts" $? "$(tail -n 2 "$TOP/out")"
	reap_helpers
	check no-stray test "$(in0 ip -o link | cut -d: -f1)" = "$before"
	in0 ip link set other name vif1.0 2>/dev/null
	{ address 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/ping" $? "$(cat "$TOP/out")"
}
