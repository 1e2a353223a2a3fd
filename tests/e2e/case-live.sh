# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What may change under a connection: the rate, in which direction, the multicast filter, headroom.
# shellcheck disable=SC2154,SC2153 # ns0, BACK, L: lib.sh

# bytes NAME: a counter of netbackd.
moved()
{
	local all

	all=$(counters "$L/back.log" "$BACK") || return 1
	all=$(grep -o "\\b$1=[0-9]*" <<<"$all")
	echo "${all#*=}"
}

# wire DIRECTION MSS: prints the bytes so far as on a wire, where large segments are split into
# frames, each with 66 bytes of headers.
wire()
{
	local all bytes packets payload

	all=$(counters "$L/back.log" "$BACK") || return 1
	bytes=$(grep -o "\b$1_bytes=[0-9]*" <<<"$all") packets=$(grep -o "\b$1_packets=[0-9]*" <<<"$all")
	bytes=${bytes#*=} packets=${packets#*=}
	payload=$((bytes - packets * 66))
	echo $((payload + payload / $2 * 66))
}

# flows DIRECTION SECONDS [MSS]: sets $speed to the bytes per second on a wire.
flows()
{
	local from to t0 t1 mss=${3:-1448}

	from=$(wire "$1" "$mss") && t0=${EPOCHREALTIME/./} && sleep "$2" && to=$(wire "$1" "$mss") || return 1
	t1=${EPOCHREALTIME/./}
	speed=$(((to - from) * 1000000 / (t1 - t0)))
	echo "$speed bytes/s"
}

# rate_within DIRECTION SECONDS PER_SECOND [MSS]: 5 % to either side. On a busy machine TCP may need
# time to use what it gets, but it must never get more.
rate_within()
{
	local try

	for try in 1 2 3 4; do
		flows "$1" "$2" "${4:-}" || return 1
		[ "$((speed * 100))" -le "$(($3 * 105))" ] || return 1
		[ "$((speed * 100))" -lt "$(($3 * 95))" ] || return 0
	done
	echo "$try times"
	return 1
}

rate_above() { flows "$1" "$2" && [ "$speed" -gt "$3" ]; }

rate_set() { xenstore-write "$(be 1 0)/rate" "$1"; }

# stream OPTION...: TCP to the guest, or from it with -R, in place of the stream before. Each has a
# server and a port of its own, as the end of one before may come late on a busy machine.
stream_port=5201
stream()
{
	reap_helpers
	stream_port=$((stream_port + 1))
	nsenter --net="$ns1" iperf3 -s -p "$stream_port" --forceflush >"$L/iperf.$stream_port" 2>&1 &
	helper $!
	await_line "$L/iperf.$stream_port" 5 'Server listening' || return
	nsenter --net="$ns0" iperf3 -c 10.79.0.2 -p "$stream_port" -t 60 "$@" >"$L/stream.$stream_port" 2>&1 &
	helper $!
	await_line "$L/iperf.$stream_port" 10 'Accepted connection'
}

case_rate()
{
	expect='backend key rate'
	lab_pair
	check attach attach 0 rate=100000,20000
	stream -R
	sleep 1
	check gtx rate_within gtx 4 5000000
	# TCP needs some time to adapt to a new rate.
	rate_set 8000,1000
	sleep 2
	check live rate_within gtx 4 8000000
	stream -R -M 88
	sleep 1
	check gtx_small rate_within gtx 4 8000000 76
	stream -R
	rate_set lots
	check malformed await_line "$L/back.log" 5 'error: backend key rate is not bytes,usecs'
	sleep 1
	check unlimited rate_above gtx 1 12000000
	lab_stop

	lab_start && start_back --rate-direction=to-guest && start_front
	check attach_grx attach 0 rate=500000,50000
	stream
	check grx rate_within grx 4 10000000
	# Segments of 76 bytes: nearly half of what is on the wire are headers.
	stream -M 88
	sleep 1
	check grx_small rate_within grx 4 10000000 76
	stream
	xenstore-rm "$(be 1 0)/rate"
	sleep 0.5
	check removed rate_above grx 1 "$(size 40000000 20000000)"
	check ends_in_a_word grep -q 'rate vif=vif1.0 bytes=0 usecs=0' "$L/back.log"
}

# mcast_sent COUNTER N: multicast pings raise COUNTER by at least N; the kernels send some, too.
mcast_sent()
{
	local was now

	was=$(moved "$1")
	in0 ping -q -c "$2" -i 0.01 -w 2 -I vif1.0 239.7.7.7 >/dev/null 2>&1
	now=$(moved "$1")
	echo "${now:-0} after ${was:-0}"
	[ "$((${now:-0} - ${was:-0}))" -ge "$2" ]
}

filter_is() { await_line "$L/back.log" 5 "multicast filter vif=vif1.0 on=$1"; }

case_multicast()
{
	lab_start && start_back --log-level=debug && start_front
	check attach attach 0
	check offered await_node "$(be 1 0)/feature-dynamic-multicast-control" 1
	check unasked mcast_sent grx_packets 10
	xenstore-write "$(fe 1 0)/request-multicast-control" 1
	check asked filter_is 1
	check filtered mcast_sent grx_drop_mcast 10
	check told grep -qE 'dropped vif=vif1.0 reason=mcast from-guest=0 to-guest=[0-9]+ help=".+"' "$L/back.log"
	check unicast ping_check 10.79.0.2
	in1 ip neigh flush all
	in0 ip neigh flush all
	check broadcast ping_check 10.79.0.2
	kill9 "$BACK"
	start_back --log-level=debug
	check filtered_again mcast_sent grx_drop_mcast 10
	xenstore-write "$(fe 1 0)/request-multicast-control" 0
	check given_up filter_is 0
	check unfiltered mcast_sent grx_packets 10
}

# dropped_extra N: netfrontd, which wants no headroom, drops frames with headroom.
dropped_extra()
{
	in0 ping -q -c "$1" -i 0.01 -w 2 -I vif1.0 239.7.7.7 >/dev/null 2>&1
	counters "$L/front.log" "$FRONT" | grep -oE 'grx_drop_extra=[0-9]{2,}'
}

# As Linux's netfront does to load an XDP program, done by hand while netfrontd is stopped.
case_headroom()
{
	lab_pair
	check attach attach 0
	check offered await_node "$(be 1 0)/feature-xdp-headroom" 1
	kill -STOP "$FRONT"
	xenstore-write "$(fe 1 0)/state" 7
	xenstore-write "$(fe 1 0)/xdp-headroom" 256
	check answered await_node "$(be 1 0)/state" 8
	check read await_line "$L/back.log" 5 'xdp headroom vif=vif1.0 bytes=256'
	kill9 "$BACK"
	start_back
	check resumed await_line "$L/back.log" 5 'adopted vif=vif1.0'
	check read_again await_line "$L/back.log" 5 'xdp headroom vif=vif1.0 bytes=256' 2
	check still_reconfigured await_node "$(be 1 0)/state" 8
	xenstore-write "$(fe 1 0)/state" 4
	check goes_on await_node "$(be 1 0)/state" 4
	kill -CONT "$FRONT"
	check told dropped_extra 20

	# And a daemon that finds only its own state half way.
	kill9 "$BACK"
	xenstore-rm "$(fe 1 0)/xdp-headroom"
	xenstore-write "$(be 1 0)/state" 8
	start_back
	check goes_on_alone await_node "$(be 1 0)/state" 4
	check resumed_alone await_line "$L/back.log" 5 'adopted vif=vif1.0' 2
	check none ping_check 10.79.0.2
}
