# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A worker neither sleeps nor moves: it is reported, and its VIF is served anew.  Others notice nothing.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, FRONT, ns0, ns1, other, expect: lib.sh

# stuck_begin ACT: guest 1 gets a data process, ${stuck}, whose worker spins or hangs in a system call.
stuck_begin()
{
	local old

	stuck_since=$(log_lines)
	old=$(data_of 1)
	echo "$1" >"$TOP/$CASE/act"
	# A frontend that starts anew gets a data process anew.
	restart_front >"$TOP/out" 2>&1
	await 20 new_data_of 1 "$old" && await 20 logged "$stuck_since" "forbidden act=$1 begins guest=1"
	verdict "$CASE/$1-begins" $?
	stuck=$(data_of 1)
}

# stuck_end ACT: it is found, and the VIF goes on in another process, without the frontend knowing.
stuck_end()
{
	check "$1-reported" await 90 reported 'a worker neither sleeps nor moves.* vif=vif1.0 queue=0 worker=0 .*gtx_req_prod=[0-9]+ gtx_rsp_prod=.* asleep=0'
	check "$1-killed" await 20 killed_for "$stuck_since" 'a worker of it neither sleeps nor moves'
	check "$1-another-process" await 20 new_data_of 1 "$stuck"
	check "$1-adopted" await 20 reported 'netbackd: info: adopted vif=vif1.0'
	check "$1-answers" answers
}

reported() { log_since "$stuck_since" | grep -oE "$1" | head -n 1 | grep .; }

# other_goes_on SECONDS: guest 2 answers on for so long.
other_goes_on()
{
	local last

	last=$(grep -c 'icmp_seq=' "$L/ping.other")
	await_line "$L/ping.other" 120 "icmp_seq=$((last + $1 * 100)) "
}

case_stuck()
{
	expect='guest=1|vif=vif1.0|if=guest 1|nic0'
	forbidden_lab || return
	stuck_begin spin
	stuck_end spin
	stuck_begin hang
	stuck_end hang
	# One that is stopped is not stuck, however long; once it goes on, it is.
	stuck_begin spin
	kill -STOP "$stuck"
	check other-guest-goes-on other_goes_on 15
	verdict "$CASE/stopped-is-left-alone" $((! $(killed_for "$stuck_since" '.*' >/dev/null; echo $?))) "$(killed_for "$stuck_since" '.*')"
	kill -CONT "$stuck"
	stuck_end stopped
	forbidden_end
}

# --- workers that are threads of the daemon ---------------------------------------------

# spin_build: its directory is $SPIN.
spin_build()
{
	SPIN=$TOP/$CASE
	mkdir "$SPIN" && cc -std=gnu11 -O2 -shared -fPIC -o "$TOP/spin.so" "$root/tests/isolation/spin.c" -ldl >"$TOP/out" 2>&1
	verdict "$CASE/build" $? "$(cat "$TOP/out")"
}

# netbackd --isolation=none: the VIF stands still until the thread comes back; then the rings are adopted.
case_stuck_threads()
{
	expect='vif=vif1.0|--isolation=none|nic0'
	spin_build
	SPIN_DIR=$SPIN LD_PRELOAD=$TOP/spin.so ISOLATION=none two_guests || return
	other_ping
	stuck_since=$(log_lines)
	touch "$SPIN/vif1.0"
	one_quick_ping
	check reported await 90 logged "$stuck_since" 'a worker neither sleeps nor moves.* vif=vif1.0 queue=0 .*asleep=0'
	check control-answers counters "$L/back.log" "$BACK"
	check other-guest-goes-on other_goes_on 2
	rm "$SPIN/vif1.0"
	check adopted await 20 reported 'netbackd: info: adopted vif=vif1.0'
	check answers answers
	check never-disconnected never_disconnected
	# It ends although the thread does not.
	stuck_since=$(log_lines)
	touch "$SPIN/vif1.0"
	one_quick_ping
	check reported-again await 90 logged "$stuck_since" 'a worker neither sleeps nor moves.* vif=vif1.0 '
	check other-guest-lost-nothing other_lost
	expect+='|ending at once|the control thread hangs'
	kill -TERM "$BACK"
	check ends await 30 gone "$BACK"
}

# netfrontd: the same for a NIC, which then connects anew.
case_stuck_front()
{
	expect='nic=nic0|vif=vif1.0'
	# As root: what is preloaded looks for a file at each sleep, which netfrontd's user and filter do not do.
	spin_build
	{ lab_start && start_back && FRONT_USER=root SPIN_DIR=$SPIN LD_PRELOAD=$TOP/spin.so start_front && attach 0 && attach 1 && one_ping && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	env --default-signal=INT nsenter --net="$ns0" ping 10.79.1.2 -i 0.01 >"$L/ping.other" 2>&1 &
	other=$!
	helper $other
	await_line "$L/ping.other" 5 'icmp_seq=20 '
	touch "$SPIN/nic0"
	one_quick_ping
	check reported await 90 front_says 'the worker neither sleeps nor moves.* nic=nic0 queue=0 .*gtx_req_prod=[0-9]+.*asleep=0'
	check control-answers counters "$L/front.log" "$FRONT"
	check other-goes-on other_goes_on 2
	rm "$SPIN/nic0"
	check connects-anew await 30 connects_anew
	check answers answers
	check other-lost-nothing other_lost
}

front_says() { one_quick_ping; grep -oE "$1" "$L/front.log" | head -n 1 | grep .; }
connects_anew() { [ "$(grep -c 'netfrontd: info: connected nic=nic0' "$L/front.log")" -ge 2 ]; }
