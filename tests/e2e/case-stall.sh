# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A frontend that stops taking packets: after a time its frames are dropped and its link is down,
# until it goes on. The VIF of another guest beside it notices nothing.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, expect: lib.sh

# carrier_is IF up|down
carrier_is()
{
	local now=up

	! in0 ip -o link show "$1" | grep -q NO-CARRIER || now=down
	[ "$now" = "$2" ]
}

# stall_neighbour: a second guest with a netfrontd of its own and an answered ping.
stall_neighbour()
{
	guest_new other && x attach-vif 0 other 0 --hotplug || return 1
	"$X" exec other -- "$BIN/netfrontd" --run-dir="$L/run-other" 2>>"$L/other.log" &
	helper $!
	connected 2 0 && in0 ip -b - <<-END && nsenter --net="$(netns_of other)" ip -b - <<-END2
		link set vif2.0 up
		addr add 10.79.7.1/24 dev vif2.0
	END
		link set lo up
		link set eth0 up
		addr add 10.79.7.2/24 dev eth0
	END2
}

# More packets than the ring has slots; the guest does not answer.
flood_of() { in0 ping -q -c "$1" -l "$1" -w 1 -s 60 10.79.0.2 >"$TOP/out" 2>&1; true; }

stall_counters()
{
	local line

	line=$(counters "$L/back.log" "$BACK" | grep 'vif=vif1.0')
	grep -o 'grx_\(drop_timeout\|stalls\)=[0-9]*' <<<"$line" | tr '\n' ' '
	[[ $line == *grx_drop_timeout=* && $line == *grx_stalls=1* ]]
}

back_answers() { in0 ping -i 0.01 -c 10 -w 10 10.79.0.2 2>&1 | seen 10 0; }

case_stall()
{
	local before after

	expect='stalled, carrier down vif=vif1.0'
	lab_start
	{ start_back --hold-ms=200 --stall-ms=600 && start_front && attach 0 && stall_neighbour; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check answers back_answers
	before=$(rss "$BACK")
	in0 ping -i 0.01 -w 60 10.79.7.2 >"$L/beside.ping" 2>&1 &
	helper $!
	kill -STOP "$FRONT"
	flood_of 400
	check carrier-down await 5 carrier_is vif1.0 down
	check neighbour-up carrier_is vif2.0 up
	check told await_line "$L/back.log" 5 'warn: stalled, carrier down vif=vif1.0'
	after=$(rss "$BACK")
	check memory test $((after - before)) -lt "$(size 2000 40000)"
	kill -CONT "$FRONT"
	check carrier-up await 5 carrier_is vif1.0 up
	check recovered await_line "$L/back.log" 5 'recovered, carrier up vif=vif1.0'
	check answers-again back_answers
	check counted stall_counters
	check neighbour-lost-none seen 20 0 <"$L/beside.ping"
	# A frontend without feature-rx-notify never counts as stalled.
	{ detach_all && x attach-vif 0 guest 0 --hotplug && start_front --without=rx-notify && connected 1 0 &&
		address 0; } >"$TOP/out" 2>&1
	verdict "$CASE/no-notify-connected" $? "$(cat "$TOP/out")" || return
	kill -STOP "$FRONT"
	flood_of 400
	sleep 1
	check no-notify-stays-up carrier_is vif1.0 up
	kill -CONT "$FRONT"
	# Wait until it had the time to post its buffers.
	check no-notify-answers await 10 back_answers
	reap_helpers
}

# vif_count NAME: a counter of the device vif1.0.
vif_count() { in0 ip -s -j link show vif1.0 | sed "s/.*\"tx\":{[^}]*\"$1\":\([0-9]*\).*/\1/"; }

# Prints the machine's free memory, in MB.
free_mb() { awk '/^MemFree/ { print int($2 / 1024) }' /proc/meminfo; }

# overfull BYTES FRAME OPTION: floods the stopped guest with large segments; at most BYTES wait in the
# device then, and at least BYTES less one FRAME. tun counts a frame as sent once it is read.
overfull()
{
	local sent=9000 read dropped waits free

	read=$(vif_count packets) dropped=$(vif_count dropped) free=$(free_mb)
	in0 "$TOP/send" vif1.0 "$sent" "$2" "$3" >"$TOP/out" 2>&1 || return 1
	# The worker reads until it holds a frame that lacks slots.
	await 5 settled
	waits=$((sent - ($(vif_count packets) - read) - ($(vif_count dropped) - dropped)))
	echo "$waits frames of $2 bytes wait, $((free - $(free_mb))) MB less free memory"
	[ "$((waits * ($2 + 768)))" -le "$1" ] && [ "$(((waits + 1) * ($2 + 768)))" -gt "$(($1 * 9 / 10))" ] &&
		[ "$((free - $(free_mb)))" -lt 100 ]
}

# settled: netbackd no longer reads frames.
settled()
{
	local before

	before=$(vif_count packets)
	sleep 0.05
	[ "$(vif_count packets)" = "$before" ]
}

# overfull_stopped NAME BYTES FRAMES: the same while the guest is frozen; then it answers again.
overfull_stopped()
{
	kill -STOP "$FRONT"
	check "$1" overfull "$2" 60000 "$3"
	kill -CONT "$FRONT"
	check "$1-answers-again" await 10 back_answers
}

# What waits for a guest that has stopped is bounded in bytes, on one queue and on eight.
case_queue_bytes()
{
	lab_start
	cc -O2 -o "$TOP/send" "$root/tests/hostile/send.c" || return
	{ start_back && start_front && attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	overfull_stopped one-queue 4194304 gso
	restart_back KILL --queue-bytes=1000000 >"$TOP/out" 2>&1
	verdict "$CASE/resumed" $? "$(cat "$TOP/out")"
	overfull_stopped less 1000000 gso
}

queue_length_is() { in0 ip link show vif1.0 | grep -o "qlen $1\$"; }

# Without CAP_BPF a new device has a shorter queue; a later change by a person stays.
case_queue_frames()
{
	lab_start
	expect='what waits for a guest is limited by frames, not by --queue-bytes'
	mv "$BIN/netbackd" "$BIN/netbackd.bpf"
	printf '#!/bin/sh\nexec setpriv --bounding-set=-bpf,-sys_admin %s "$@"\n' "$BIN/netbackd.bpf" >"$BIN/netbackd"
	chmod +x "$BIN/netbackd"
	{ start_back && start_front && attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	check told await_line "$L/back.log" 1 "warn: $expect"
	check frames queue_length_is 64
	check answers back_answers
	in0 ip link set vif1.0 txqueuelen 500
	restart_back KILL >"$TOP/out" 2>&1
	verdict "$CASE/resumed" $? "$(cat "$TOP/out")"
	check stays queue_length_is 500
	check answers-again back_answers
	mv "$BIN/netbackd.bpf" "$BIN/netbackd"
}

case_queue_bytes_eight()
{
	cc -O2 -o "$TOP/send" "$root/tests/hostile/send.c" || return
	queues_lab "--max-queues=8 --workers=8" "--queues=8 --no-static-grants --no-event-mask" || return
	check as-agreed agreed 'queues=8 workers=8'
	overfull_stopped eight-queues 4194304 flows
}

guest_carrier_is()
{
	local now=up

	! in1 ip -o link show eth0 | grep -q NO-CARRIER || now=down
	[ "$now" = "$1" ]
}

# An administrator pulls the guest's cable: the backend's key carrier.
case_carrier()
{
	lab_pair >"$TOP/out" 2>&1 && attach 0 >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check up await 5 guest_carrier_is up
	xenstore-write "$(be 1 0)/carrier" 0
	check pulled await 5 guest_carrier_is down
	xenstore-write "$(be 1 0)/carrier" 1
	check back await 5 guest_carrier_is up
	xenstore-write "$(be 1 0)/carrier" 0
	check pulled-again await 5 guest_carrier_is down
	xenstore-rm "$(be 1 0)/carrier"
	check absent-is-up await 5 guest_carrier_is up
	check answers back_answers
}
