# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What netfrontd asks of its backend: a hash over the queues, a multicast filter.
# shellcheck disable=SC2154,SC2153,SC2034 # ns1, BACK, FRONT, expect: lib.sh

# front_queues COUNT: prints the newest counters of each queue of netfrontd.
front_queues()
{
	local before

	before=$(grep -c "counters .*queue=$(($1 - 1)) " "$L/front.log")
	kill -USR1 "$FRONT"
	await_line "$L/front.log" 5 "counters .*queue=$(($1 - 1)) " $((before + 1)) || return 1
	grep ': counters .* queue=' "$L/front.log" | tail -n "$1"
}

# all_hashed COUNT: each queue had frames with their hash, and no hash was another queue's.
all_hashed()
{
	local lines

	lines=$(front_queues "$1") || return 1
	echo "$lines" | grep -oE 'queue=[0-9]+|grx_hash[a-z_]*=[0-9]+' | tr '\n' ' '
	[ "$(echo "$lines" | grep -c 'grx_hashed=')" = "$1" ] && [[ $lines != *grx_hash_wrong_queue* ]]
}

# many_flows: sends enough flows for a few queues, whatever the key.
many_flows()
{
	iperf 10.79.0.2 0.05 -P 32 -n "$(size 256M 32M)" && iperf fd79:0::2 0.02 -P 32 -n "$(size 64M 16M)"
}

case_rss()
{
	queues_lab --max-queues=4 '--queues=4 --rss' || return
	check agreed await_line "$L/front.log" 5 'the backend hashes nic=nic0 types=15 table=128'
	iperf_server || return
	check traffic many_flows
	check spread all_hashed 4
	check back-4-queues all_carried "$L/back.log" "$BACK" 4
	back_again killed --max-queues=4
	check traffic-again many_flows
	check still-spread all_hashed 4
	check transfer transfer_to 10.79.0.2 8
	check no-faults no_faults

	{ anew restart_front --queues=4 --rss --no-static-grants --no-event-mask && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/hash-alone" $? "$(tail -n 1 "$TOP/out")"
	check agreed-alone await_line "$L/front.log" 5 'the backend hashes nic=nic0 types=15 table=128' 2
	check control-ring xenstore-exists "$(fe 1 0)/ctrl-ring-ref"
	check traffic-alone many_flows
	check spread-alone all_hashed 4

	{ anew restart_front --rss && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/one-queue" $? "$(tail -n 1 "$TOP/out")"
	check one-queue-told await_line "$L/front.log" 5 'the backend does not hash nic=nic0 reason="one queue"'
	check one-queue-ping one_ping

	back_again without --max-queues=4 --without=ctrl
	{ anew restart_front --queues=4 --rss && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/no-control-ring" $? "$(tail -n 1 "$TOP/out")"
	check no-control-ring-told await_line "$L/front.log" 5 'the backend does not hash nic=nic0 reason="no control ring"'
	check no-control-ring-ping one_ping
}

# --- the multicast filter ------------------------------------------------------------

# in_list ADDRESS: the backend's list has it, saved for the next daemon (backend/data/saved.h);
# absent ADDRESS: the list does not have it.
in_list() { od -An -v -tx8 -w8 -j664 -N512 "$L/run-back/vif1.0.tables" | grep -qx " 0000${1//:/}"; }
absent() { ! in_list "$1"; }

# pings_reach GROUP yes|no: 20 pings of dom0 to GROUP reach the guest's TAP, or netbackd drops them,
# by the counters of both; the kernels send some multicast, too.
pings_reach()
{
	local was now got=no

	was=$(moved grx_drop_mcast)
	in0 ping -q -c 20 -i 0.01 -w 2 -I vif1.0 "$1" >/dev/null 2>&1
	now=$(moved grx_drop_mcast)
	echo "${now:-0} dropped after ${was:-0}"
	[ "$((${now:-0} - ${was:-0}))" -ge 20 ] || got=yes
	[ "$got" = "$2" ]
}

requested() { await_node "$(fe 1 0)/request-multicast-control" "$1"; }

# groups add|del COUNT: the guest joins or leaves COUNT further groups.
groups()
{
	# ip -batch adds the first only.
	# shellcheck disable=SC2016 # the inner shell's
	in1 sh -c 'for i in $(seq 10 $((9 + $2))); do ip maddr "$1" "01:00:5e:01:01:$i" dev eth0; done' sh "$1" "$2"
}

# joins GROUP MAC: until netfrontd has its answer.
joins()
{
	in1 ip addr add "$1/32" dev eth0 autojoin && await_line "$L/front.log" 5 "add=$2 status=0"
}

# The saved tables are damaged: no multicast is lost.
filter_damaged()
{
	# The second daemon after the damage knows that the list lost addresses.
	expect="an earlier netbackd left no usable tables|saved state cannot be used|lost=\"multicast addresses"
	kill9 "$BACK"
	printf x >>"$L/run-back/vif1.0.tables"
	start_back --log-level=debug
	check damaged-said await_line "$L/back.log" 5 'an earlier netbackd left no usable tables.*vif=vif1.0'
	check damaged-delivers pings_reach 239.9.9.9 yes
	kill9 "$BACK"
	start_back --log-level=debug
	check damaged-still pings_reach 239.9.9.9 yes
	anew restart_front --multicast-control >"$TOP/out" 2>&1
	check anew await_line "$L/back.log" 5 ': connected vif=vif1.0' 2
	check anew-filters await 5 pings_reach 239.9.9.9 no
}

case_filter()
{
	local was

	lab_start && start_back --log-level=debug && start_front --multicast-control --log-level=debug
	check attach attach 0
	check asked requested 1
	check known filter_is 1
	check own await 5 in_list 33:33:00:00:00:01
	check broadcast ping_check 10.79.0.2
	check v6 await 5 one_ping fd79:0::2
	check others pings_reach 239.9.9.9 no
	in1 ip addr add 239.7.7.7/32 dev eth0 autojoin
	check joined await 5 in_list 01:00:5e:07:07:07
	check reaches pings_reach 239.7.7.7 yes
	check others-still pings_reach 239.9.9.9 no
	was=$(stat -c %i "$L/run-back/vif1.0.tables")
	check told joins 239.7.7.8 01:00:5e:07:07:08
	# At once: an address that was confirmed is in the list.
	kill9 "$BACK"
	start_back --log-level=debug
	check kept in_list 01:00:5e:07:07:07
	check kept-last in_list 01:00:5e:07:07:08
	check no-file-made test "$(stat -c %i "$L/run-back/vif1.0.tables")" = "$was"
	check reaches-again pings_reach 239.7.7.7 yes
	check others-again pings_reach 239.9.9.9 no
	in1 ip addr del 239.7.7.7/32 dev eth0
	check left await 5 absent 01:00:5e:07:07:07
	check no-more pings_reach 239.7.7.7 no
	filter_damaged
	filter_limits
}

filter_limits()
{
	groups add 70
	check too-many requested 0
	check everything pings_reach 239.9.9.9 yes
	groups del 70
	check few-again requested 1
	in1 ip link set eth0 promisc on
	check promiscuous requested 0
	in1 ip link set eth0 promisc off
	check not-promiscuous requested 1
	check none-missing await 5 in_list 33:33:00:00:00:01
	check others-at-last pings_reach 239.9.9.9 no
	anew restart_front >"$TOP/out" 2>&1
	check not-asked requested -
	check unfiltered await 5 pings_reach 239.9.9.9 yes
}
