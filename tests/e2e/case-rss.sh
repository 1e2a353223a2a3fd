# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What netfrontd asks of its backend: a hash over the queues, a multicast filter.
# shellcheck disable=SC2154,SC2153,SC2034 # ns1, BACK, FRONT, expect: lib.sh

# front_queues COUNT: the newest counters of each queue of netfrontd.
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
	[ "$(echo "$lines" | grep -c 'grx_hashed=')" = "$1" ] && [[ $lines != *grx_hash_astray* ]]
}

# many_flows: some for each of a few queues, whatever the key.
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

	{ restart_front --queues=4 --rss --no-static-grants --no-event-mask && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/hash-alone" $? "$(tail -n 1 "$TOP/out")"
	check agreed-alone await_line "$L/front.log" 5 'the backend hashes nic=nic0 types=15 table=128' 2
	check control-ring xenstore-exists "$(fe 1 0)/ctrl-ring-ref"
	check traffic-alone many_flows
	check spread-alone all_hashed 4

	{ restart_front --rss && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/one-queue" $? "$(tail -n 1 "$TOP/out")"
	check one-queue-told await_line "$L/front.log" 5 'the backend does not hash nic=nic0 reason="one queue"'
	check one-queue-ping one_ping

	back_again without --max-queues=4 --without=ctrl
	{ restart_front --queues=4 --rss && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/no-control-ring" $? "$(tail -n 1 "$TOP/out")"
	check no-control-ring-told await_line "$L/front.log" 5 'the backend does not hash nic=nic0 reason="no control ring"'
	check no-control-ring-ping one_ping
}
