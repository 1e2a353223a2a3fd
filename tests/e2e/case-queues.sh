# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Several queues: they carry traffic without loss, their number, and their keys.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, expect: lib.sh
# shellcheck disable=SC2119,SC2120 # options are for those who want some

# queues_lab "BACK OPTIONS" "FRONT OPTIONS"
queues_lab()
{
	# shellcheck disable=SC2086 # words are meant
	{ lab_start && start_back $1 && start_front $2 && attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
}

# agreed PATTERN: the last line that netbackd logged about its connection matches.
agreed() { grep -oE '(connected|adopted) vif=vif1.0 .*' "$L/back.log" | tail -n 1 | grep -E "$1"; }

# all_carried LOG PID COUNT: each of COUNT queues carried packets both ways.
all_carried()
{
	local lines

	# One line for all and one per queue.
	kill -USR1 "$2"
	await_line "$1" 5 "queue=$(($3 - 1)) .*gtx_packets" || return 1
	lines=$(grep -E "queue=[0-9]+ " "$1" | grep ': counters' | tail -n "$3")
	echo "$lines" | grep -oE 'queue=[0-9]+|g[tr]x_packets=[0-9]+' | tr '\n' ' '
	[ "$(echo "$lines" | grep -c 'gtx_packets.*grx_packets')" = "$3" ]
}

# queues_traffic COUNT: sends enough flows that each queue has some.
queues_traffic()
{
	iperf_server || { verdict "$CASE/iperf-server" 1 "$(cat "$L/iperf.log")"; return; }
	one_ping >"$TOP/out" && one_ping fd79:0::2 >>"$TOP/out"
	verdict "$CASE/ping" $? "$(cat "$TOP/out")"
	check tcp-to-guest iperf 10.79.0.2 0.05 -P 12 -n "$(size 256M 32M)"
	check tcp-from-guest iperf 10.79.0.2 0.05 -P 12 -n "$(size 256M 32M)" -R
	check tcp6-both iperf fd79:0::2 0.02 -P 8 -n "$(size 64M 16M)" --bidir
	check transfer-to-guest transfer_to 10.79.0.2 "$(size 64 16)"
	check transfer-from-guest transfer_from 10.79.0.1 "$(size 64 16)"
	check "back-$1-queues" all_carried "$L/back.log" "$BACK" "$1"
	check "front-$1-queues" all_carried "$L/front.log" "$FRONT" "$1"
	check no-faults no_faults
}

# With a control ring: one worker, static grants for all queues.
case_queues()
{
	local copied

	queues_lab --max-queues=8 '--queues=4 --no-event-mask' || return
	check as-agreed agreed 'queues=4 workers=1'
	check registered await_line "$L/front.log" 20 'static grants nic=nic0 registered=762'
	copied=$(grant_ops)
	queues_traffic 4
	check no-grant-operations grant_ops_are "$copied"
	queue_restarts
	queue_counts
}

# What the kernel sends by itself may have come before the pages were registered, and was copied.
grant_ops() { counters "$L/back.log" "$BACK" | grep -o 'grant_ops=[0-9]*' | tail -n 1; }
grant_ops_are() { local now; now=$(grant_ops); echo "${now:-none}"; [ "$now" = "$1" ]; }

# A daemon that is restarted under traffic goes on where the other one stopped.
queue_restarts()
{
	back_again killed --max-queues=8
	check resumed await_agreed 'adopted .*queues=4 workers=1'
	copied=$(grant_ops)
	check ping-after one_ping
	check transfer-after transfer_to 10.79.0.2 8
	check no-grant-operations-after grant_ops_are "$copied"
	restart_under_tcp KILL to --max-queues=8
	# The option changes, but this connection stays as it is.
	back_again fewer --max-queues=2
	check as-before await_agreed 'adopted .*queues=4 workers=1'
	check ping-fewer one_ping
	back_again more --max-queues=4
	check ping-more one_ping
}

# Each connection has as many queues as both ends allow.
queue_counts()
{
	local n

	for n in 2 16 1 3; do
		{ anew restart_front --queues=$n --no-event-mask && await_agreed "queues=$((n < 4 ? n : 4)) " && connected 1 0; } >"$TOP/out" 2>&1
		verdict "$CASE/$n-wanted" $? "$(tail -n 1 "$TOP/out")"
		check "$n-ping" one_ping
		check "$n-keys" flat_or_not "$((n < 4 ? n : 4))"
	done
	check last-transfer transfer_to 10.79.0.2 8
}

await_agreed() { await 5 agreed "$1"; }

# flat_or_not QUEUES: netif.h: flat keys with one queue, with more only those under queue-N.
flat_or_not()
{
	local dirs flat

	dirs=$(xenstore-list "$(fe 1 0)" | grep -c '^queue-')
	flat=$(xenstore-list "$(fe 1 0)" | grep -cE '^(tx-ring-ref|rx-ring-ref|event-channel(-tx|-rx)?)$')
	echo "$dirs queue directories, $flat flat keys"
	if [ "$1" = 1 ]; then
		[ "$dirs" = 0 ] && [ "$flat" = 4 ]
	else
		[ "$dirs" = "$1" ] && [ "$flat" = 0 ]
	fi
}

# back_again NAME OPTION...: netbackd is killed and starts with these, and serves the VIF again.
back_again()
{
	local name=$1 n

	shift
	n=$(grep -cE ': (connected|adopted) vif=vif1.0' "$L/back.log")
	{ restart_back KILL "$@" && await_line "$L/back.log" 20 ': (connected|adopted) vif=vif1.0' $((n + 1)); } >"$TOP/out" 2>&1
	verdict "$CASE/$name" $? "$(cat "$TOP/out")"
}

# As Linux' frontend: no control ring, so each queue may have a worker.
threads_are() { [ "$(tasks "$BACK")" = "$1" ]; }

case_workers()
{
	queues_lab "--max-queues=4 --workers=2" "--queues=2 --no-static-grants --no-event-mask" || return
	check as-agreed agreed 'queues=2 workers=2'
	check threads await 5 threads_are "$(served_by_threads && echo 5 || echo 6)"	# main, control and xenstore's too
	queues_traffic 2
	back_again killed --max-queues=4 --workers=1
	check one-worker await_agreed 'adopted .*queues=2 workers=1'
	check ping-one one_ping
	# The device was made for several readers and stays so, with one reader.
	back_again killed-again --max-queues=4 --workers=4
	check two-workers await_agreed 'adopted .*queues=2 workers=2'
	check transfer-again transfer_to 10.79.0.2 8
	check transfer-back-again transfer_from 10.79.0.1 8
	check no-faults-again no_faults
}

# A frontend that wants more than there is, a device that was made for one reader.
case_kinds()
{
	queues_lab '' "--queues=4 --no-static-grants --no-event-mask" || return
	check one-queue agreed 'queues=1 workers=1'
	check kind in0 sh -c '! ip -d link show vif1.0 | grep -q multi_queue.on'
	back_again killed --max-queues=4 --workers=4
	check kept await_line "$L/back.log" 5 'the device stays as it was made: .*vif=vif1.0 kind=single-queue'
	check ping one_ping
	x detach-vif guest 0 && attach 0 >"$TOP/out" 2>&1
	verdict "$CASE/attached-again" $? "$(cat "$TOP/out")"
	check four-queues agreed 'queues=4 workers=4'
	check ping-four one_ping
	# More than this daemon offers: the agreement holds until the frontend connects anew.
	watch_state
	back_again killed-again --workers=4
	check four-still await_agreed 'adopted .*queues=4 workers=4'
	check ping-still one_ping
	check state state_untouched
	{ anew restart_front --queues=4 --no-static-grants --no-event-mask && await_agreed 'connected .*queues=1 workers=1' &&
		connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/one-queue-again" $? "$(tail -n 1 "$TOP/out")"
	check ping-again await 5 one_ping
}

# Q: valid keys of two queues, which the caller then changes.
QUEUES="multi-queue-num-queues=2
	queue-0/tx-ring-ref=8000 queue-0/rx-ring-ref=8001 queue-0/event-channel-tx=900 queue-0/event-channel-rx=901
	queue-1/tx-ring-ref=8002 queue-1/rx-ring-ref=8003 queue-1/event-channel-tx=902 queue-1/event-channel-rx=903
	request-rx-copy=1"

# queues_refused PATTERN KEY=VALUE... [-KEY]
queues_refused()
{
	local kv change pattern=$1 keys=() text

	shift
	xenstore-rm "$(fe 1 1)/queue-0" "$(fe 1 1)/queue-1" 2>/dev/null
	offered 1 || return 1
	for k in tx-ring-ref rx-ring-ref event-channel-tx event-channel-rx; do
		xenstore-rm "$(fe 1 1)/$k" 2>/dev/null
	done
	for kv in $QUEUES; do
		for change; do
			[[ ${change#-} != "${kv%%=*}" && ${change%%=*} != "${kv%%=*}" ]] || continue 2
		done
		keys+=("$kv")
	done
	for change; do
		[[ $change == -* ]] || keys+=("$change")
	done
	front_writes 1 "${keys[@]}"
	await_node "$(be 1 1)/state" 6 || return 1
	text=$(xenstore-read "$(be 1 1)/error" 2>/dev/null) || { echo "no error node for $*"; return 1; }
	[[ $text =~ $pattern ]] || { echo "$*: error is \"$text\""; return 1; }
	echo "$text"
}

case_queue_values()
{
	local k before

	expect='refused vif=vif1.1 reason=|mapping grants failed'
	lab_start
	# VIF 1 belongs to this script until the end.
	{ start_back --max-queues=4 && start_front 0 && attach 0 && x attach-vif 0 guest 1 --hotplug; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	before=$(holding "$BACK")
	for k in 0 5 -1 2x 4000000000 ''; do
		check "num-queues=$k" queues_refused multi-queue-num-queues "multi-queue-num-queues=$k"
	done
	check in-order queues_refused 'cannot map'
	check queue-1-missing queues_refused 'queue-1/tx-ring-ref is missing' -queue-1/tx-ring-ref -queue-1/rx-ring-ref \
		-queue-1/event-channel-tx -queue-1/event-channel-rx
	check queue-2-missing queues_refused 'queue-2/tx-ring-ref is missing' multi-queue-num-queues=3
	for k in tx-ring-ref rx-ring-ref event-channel-tx event-channel-rx; do
		check "no-$k" queues_refused "queue-1/$k is missing" "-queue-1/$k"
		check "bad-$k" queues_refused "queue-1/$k is not acceptable" "queue-1/$k=2x"
		check "flat-$k-too" queues_refused "key $k is not acceptable" "$k=77"
	done
	check flat-event-channel-too queues_refused 'key event-channel is not acceptable' event-channel=77
	check ref-twice queues_refused 'queue-1/tx-ring-ref is not acceptable' queue-1/tx-ring-ref=8001
	check port-twice queues_refused 'queue-1/event-channel-rx is not acceptable' queue-1/event-channel-rx=900
	check port-0 queues_refused 'queue-1/event-channel-tx is not acceptable' queue-1/event-channel-tx=0
	check ctrl-ref-of-a-queue queues_refused ctrl-ring-ref ctrl-ring-ref=8003 event-channel-ctrl=999
	check ctrl-port-of-a-queue queues_refused event-channel-ctrl ctrl-ring-ref=8004 event-channel-ctrl=903
	check nothing-held holds_again "$BACK" "$before"
	check ping-beside one_ping
}

# --- the event mask ------------------------------------------------------------------

# One channel, whatever the number of queues: as the keys say.
one_port()
{
	local ports

	ports=$(xenstore-ls -f "$(fe 1 0)" | grep -c '/event-channel')
	echo "$ports event channels"
	[ "$ports" = 1 ] && xenstore-read "$(fe 1 0)/event-channel" "$(fe 1 0)/event-mask-ref" >/dev/null
}

case_mask()
{
	queues_lab --max-queues=16 --queues=4 || return
	check as-agreed agreed 'channels=mask control=1 .*queues=4 workers=1'
	check one-port one_port
	queues_traffic 4
	check no-unknown-bits no_unknown_bits
	back_again killed --max-queues=16
	check resumed await_agreed 'adopted .*channels=mask control=1 .*queues=4'
	check ping-after one_ping
	restart_under_tcp KILL to --max-queues=16
	restart_under_tcp KILL from --max-queues=16
	restart_under_tcp TERM to --max-queues=16
	{ anew restart_front --queues=16 && await_agreed 'queues=16 ' && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/16-queues" $? "$(tail -n 1 "$TOP/out")"
	check one-port-for-16 one_port
	check ping-16 one_ping
	check transfer-16 transfer_to 10.79.0.2 "$(size 64 16)"
	check transfer-back-16 transfer_from 10.79.0.1 "$(size 64 16)"
	{ anew restart_front --queues=2 --no-event-mask && await_agreed 'channels=split .*queues=2 ' && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/frontend-without" $? "$(tail -n 1 "$TOP/out")"
	check ping-without one_ping
	check no-mask-ref sh -c "! xenstore-exists $(fe 1 0)/event-mask-ref"
	check no-faults-after no_faults
}

no_unknown_bits() { ! counters "$L/back.log" "$BACK" | grep -o 'mask_unknown_bits=[0-9]*'; }

# With a backend that does not know the mask everything works as without it.
case_no_mask()
{
	queues_lab "--max-queues=4 --without=mask" --queues=4 || return
	check as-agreed agreed 'channels=split control=1 .*queues=4 workers=1'
	check ping one_ping
	check transfer transfer_to 10.79.0.2 8
}

case_mask_values()
{
	local k before

	expect='refused vif=vif1.1 reason=|mapping grants failed'
	lab_start
	{ start_back --max-queues=4 && start_front 0 && attach 0 && x attach-vif 0 guest 1 --hotplug; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	before=$(holding "$BACK")
	MASK="event-mask-ref=8009 event-channel=909"
	QUEUES="multi-queue-num-queues=2 queue-0/tx-ring-ref=8000 queue-0/rx-ring-ref=8001
		queue-1/tx-ring-ref=8002 queue-1/rx-ring-ref=8003 request-rx-copy=1 $MASK"
	check in-order queues_refused 'cannot map event-mask-ref'
	for k in '' -1 2x 4294967296; do
		check "ref-$k" queues_refused 'event-mask-ref is not acceptable' "event-mask-ref=$k"
		check "port-$k" queues_refused 'event-channel is not acceptable' "event-channel=$k"
	done
	check port-0 queues_refused 'event-channel is not acceptable' event-channel=0
	check no-port queues_refused 'event-channel is missing' -event-channel
	check ref-of-a-ring queues_refused 'queue-1/rx-ring-ref is not acceptable' event-mask-ref=8003
	check ref-of-the-control-ring queues_refused 'ctrl-ring-ref is not acceptable' ctrl-ring-ref=8009
	for k in event-channel-tx event-channel-rx event-channel-ctrl queue-1/event-channel queue-0/event-channel-tx; do
		check "$k-too" queues_refused "$k is not acceptable" "$k=77"
	done
	check nothing-held holds_again "$BACK" "$before"
	check ping-beside one_ping
}
