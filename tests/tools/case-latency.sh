# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# netpair latency: what it counts, and how it ends. No time is compared: how long anything takes is the machine's matter.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, BIN, expect: lib.sh

case_latency()
{
	one_vif || return
	in0 ping -i 0.02 -w 60 10.79.0.2 >/dev/null 2>&1 &
	helper $!
	np latency -d 2 --svg "$L/latency.svg" vif1.0 >"$L/latency" 2>"$L/latency.err"
	verdict "$CASE/measures" $? "$(cat "$L/latency.err")"
	check wake-up grep -qE '^wake-up of a worker by a doorbell: [1-9]' "$L/latency"
	check guest grep -qE '^answer of the guest: [1-9]' "$L/latency"
	check network grep -qE '^answer to the guest: ' "$L/latency"
	check buckets grep -qE '^  < +[0-9.]+ .s +[1-9][0-9]* #+$' "$L/latency"
	check gap grep -qE '^processor [0-9]+: the largest gap is [0-9.]+ us' "$L/latency"
	check says-that-it-uses grep -q 'on each processor, which uses it' "$L/latency.err"
	check fits says 1 '' grep -E '^.{81}' "$L/latency"
	check picture is_a_picture "$L/latency.svg"
	np -j latency -d 1 guest >"$L/latency.json" 2>/dev/null
	verdict "$CASE/json" $? ''
	check json-wake-up says 0 '^true$' jq '.wake_up.count == ([.wake_up.below_2_to_the_i_us[]] | add) and .wake_up.count > 0' "$L/latency.json"
	check json-guest says 0 '^true$' jq '.answer_of_guest.count > 0 and .answer_of_guest.least_ns > 0 and .answer_of_guest.most_ns >= .answer_of_guest.mean_ns' "$L/latency.json"
	npf latency -d 1 nic0 >"$L/latency.front" 2>&1
	verdict "$CASE/frontend" $? ''
	check frontend-wake-up grep -qE '^wake-up of a worker by a doorbell: [1-9]' "$L/latency.front"
	# Seen from the guest's end the same pings are answered by the guest, too.
	check frontend-guest grep -qE '^answer of the guest: [1-9]' "$L/latency.front"
	check no-vif one_line_says 1 'there is no VIF vif9.9' np latency vif9.9
	check no-words one_line_says 2 'usage: netpair latency' np latency
	check no-duration one_line_says 2 'not a number from 1' np latency -d 0 vif1.0
	check no-daemon one_line_says 3 'no netbackd runs' "$BIN/netpair" --run-dir="$L" latency vif1.0
	check no-picture says 1 'cannot write /none/x' np latency -d 1 --svg /none/x vif1.0
	np latency -d 600 vif1.0 >"$L/killed" 2>&1 &
	helper $!
	await_line "$L/killed" 20 '^measuring'
	check one-at-a-time one_line_says 1 'captured already, or its latency measured' np latency -d 1 vif1.0
	crash "$BACK"
	check daemon-ends await_line "$L/killed" 20 'netbackd ended, and the measurement with it'
	check daemon-ends-tells await_line "$L/killed" 20 '^wake-up of a worker'
	start_back >"$TOP/out" 2>&1
	check again await_line "$L/back.log" 10 ': adopted vif=vif1.0'
	check ping one_ping
}

is_a_picture() { python3 -c 'import sys, xml.dom.minidom; d = xml.dom.minidom.parse(sys.argv[1]); sys.exit(not d.getElementsByTagName("rect"))' "$1"; }
