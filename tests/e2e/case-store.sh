# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# xenstored stops, dies and comes back: control waits for it, frames do not. And a log without a reader.
# shellcheck disable=SC2154,SC2153 # ns0, BACK, L: lib.sh

# Like the units' 30 s, but shorter: xenstored is away for three times the watchdog's time.
WATCHDOG_MS=2000

# kept_pair: both daemons under a keeper with a watchdog, with a VIF that carries traffic.
kept_pair()
{
	lab_start 4096 && keeper_build || return
	export KEEPER_WATCHDOG_MS=$WATCHDOG_MS
	kept_start back 0
	BACK=$!
	kept_start front guest
	FRONT=$!
	unset KEEPER_WATCHDOG_MS
	{ await_line "$L/back.log" 10 'netbackd: info: started' &&
		await_line "$L/front.log" 10 'netfrontd: info: started' && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
}

# pings: starts pings to the guest and from it, until pings_end.
pings()
{
	{ ping_start to 100000 && ping_start from 100000 "$ns1" 10.79.0.1; } >"$TOP/out" 2>&1
	verdict "$CASE/pings" $? "$(cat "$TOP/out")"
}

# pings_end: every ping so far has its answer.
pings_end()
{
	local rc=0

	kill -INT "$ping_to" "$ping_from"
	ping_lost to 0 || rc=1
	ping_lost from 0 || rc=1
	return $rc
}

# answers_go_on: twenty more from now, in either direction.
answers_go_on()
{
	local n seq

	for n in to from; do
		seq=$(grep -o 'icmp_seq=[0-9]*' "$L/ping.$n" | tail -n 1)
		await_line "$L/ping.$n" 5 "icmp_seq=$((${seq#*=} + 20)) " || return
	done
}

# both PATTERN [COUNT]: waits for the line in both logs.
both()
{
	await_line "$L/back.log" 12 "$1" "${2:-1}" && await_line "$L/front.log" 12 "$1" "${2:-1}"
}

started_once() { [ "$(grep -c '^pid ' "$L/back.keeper")$(grep -c '^pid ' "$L/front.keeper")" = 11 ] && ! grep watchdog "$L"/*.keeper; }

# ends_in PID MS: it exits with 0 within MS after SIGTERM.
ends_in()
{
	local began=${EPOCHREALTIME/./}

	kill -TERM "$1"
	exit_code "$1" 9
	echo "exit code $code after $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
	[ "$code" = 0 ] && [ $(((${EPOCHREALTIME/./} - began) / 1000)) -lt "$2" ]
}

# The time that the units' TimeoutStopSec= leaves is 10 s.
ends_stalled()
{
	x store stop
	ends_in "$BACK" 5000 >"$TOP/out" 2>&1
	verdict "$CASE/netbackd-ends" $? "$(cat "$TOP/out")"
	BACK=''
	ends_in "$FRONT" 8000 >"$TOP/out" 2>&1
	verdict "$CASE/netfrontd-ends" $? "$(cat "$TOP/out")"
	FRONT=''
	x store cont
}

case_stalled()
{
	expect='xenstored does not answer'
	kept_pair || return
	pings || return
	x store stop
	# The toolstack waits as well.
	"$X" attach-vif 0 guest 1 --hotplug >"$L/attach" 2>&1 &
	helper $!
	check said both 'warn: xenstored does not answer'
	check goes-on answers_go_on
	check not-killed started_once
	x store cont
	check said-again both 'info: xenstored answers again'
	{ connected 1 1 && address 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	verdict "$CASE/attached-meanwhile" $? "$(cat "$TOP/out")"
	check nothing-lost pings_end
	check still-not-killed started_once
	# The keepers end as the daemons do.
	ends_stalled
	# In this order, as a netbackd that finds both ends Connected would adopt rings that are gone.
	{ start_front && anew start_back && connected 1 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/started-again" $? "$(cat "$TOP/out")"
	expect+='|ending at once'
}

# As long as that nobody could call it a moment.
case_stalled_long()
{
	expect='xenstored does not answer'
	kept_pair || return
	pings || return
	x store stop
	check said both 'warn: xenstored does not answer'
	check serves-for-a-minute ping_for 60
	check not-killed started_once
	x store cont
	check said-again both 'info: xenstored answers again'
	{ attach 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	verdict "$CASE/attached-after" $? "$(cat "$TOP/out")"
	check nothing-lost pings_end
	check still-not-killed started_once
}

ping_for() { in0 ping -i 0.01 -w "$1" 10.79.0.2 2>&1 | seen $(($1 * 20)) 0; }

case_store_dies()
{
	local pid

	expect='xenstored is gone'
	kept_pair || return
	{ attach 1 rate=100000,20000 && one_ping 10.79.1.2 && attach 2 && one_ping 10.79.2.2; } >"$TOP/out" 2>&1
	verdict "$CASE/three-vifs" $? "$(cat "$TOP/out")" || return
	pings || return
	x store kill
	check said both 'warn: xenstored is gone'
	check goes-on answers_go_on
	x store start
	check said-back both 'info: xenstored is back'
	check nothing-lost pings_end
	# A change before netbackd is connected again.
	pid=$(kept_pid back)
	x store kill
	check said-twice both 'warn: xenstored is gone' 2
	kill -STOP "$pid"
	x store start
	rate_of_1 8000,1000
	{ x detach-vif guest 2 --force && x attach-vif 0 guest 3; } >"$TOP/out" 2>&1
	verdict "$CASE/changed" $? "$(cat "$TOP/out")"
	kill -CONT "$pid"
	check said-back-twice both 'info: xenstored is back' 2
	check rate await_line "$L/back.log" 5 'info: rate vif=vif1.1 bytes=8000 '
	check removed await 5 no_link vif1.2
	check guest-removed await_line "$L/front.log" 5 'info: removed nic=nic2'
	xenstore-write "$(be 1 3)/hotplug-status" connected
	{ connected 1 3 && await_line "$L/front.log" 5 'info: connected nic=nic3'; } >"$TOP/out" 2>&1
	verdict "$CASE/attached" $? "$(cat "$TOP/out")"
	check others-stay one_ping
	# And a later change.
	check live_again live_again
	check not-killed started_once
}

rate_of_1() { xenstore-write "$(be 1 1)/rate" "$1"; }
live_again() { rate_of_1 16000,1000 && await_line "$L/back.log" 5 'info: rate vif=vif1.1 bytes=16000 '; }

# A C xenstored that dies loses all nodes. The guests' networks stay.
case_store_emptied()
{
	local ifindex

	expect='xenstored is gone'
	kept_pair || return
	ifindex=$(other_ifindex vif1.0)
	pings || return
	x store kill
	check said both 'warn: xenstored is gone'
	x store start --empty
	check said-empty both 'info: xenstored is back and has lost what it knew'
	check goes-on answers_go_on
	check nothing-lost pings_end
	check same-device test "$(other_ifindex vif1.0)" = "$ifindex"
	# Once more, in this state.
	x store kill
	check said-twice both 'warn: xenstored is gone' 2
	x store start
	check said-back both 'info: xenstored is back' 2
	check still-there one_ping
	# The toolstack makes the VIF again: it is a new VIF.
	x attach-vif 0 guest 0 --hotplug >"$TOP/out" 2>&1 && { connected 1 0 && address 0 && one_ping; } >>"$TOP/out" 2>&1
	verdict "$CASE/made-again" $? "$(cat "$TOP/out")"
	check not-killed started_once
}

# Without a connection at the start the daemon exits with an error.
case_store_absent()
{
	expect='cannot reach xenstored'
	lab_start
	x store kill
	check netbackd one_line 1 'cannot reach xenstored' "$X" exec 0 -- "$BIN/netbackd" --run-dir="$L/run-back"
	check netfrontd one_line 1 'cannot reach xenstored' "$X" exec guest -- "$BIN/netfrontd" --run-dir="$L/run-front"
	x store start
}

# --- the log -------------------------------------------------------------------

# in_pipe PIPE: prints what the pipe holds.
in_pipe() { timeout 5 dd if="$1" iflag=nonblock bs=64K 2>/dev/null; true; }

case_log_full()
{
	local i reader

	lab_start
	mkfifo "$L/pipe"
	# Open, and never read.
	exec {reader}<>"$L/pipe"
	# F_SETPIPE_SZ: one page, so that a daemon that gets little time fills it, too.
	perl -e 'exit !fcntl(STDIN, 1031, 4096)' <&"$reader" || { verdict "$CASE/pipe" 1 "cannot be made small"; return; }
	"$X" exec 0 -- "$BIN/netbackd" --run-dir="$L/run-back" --log-level=debug \
		--isolation="$ISOLATION" --uid-range="$UIDS" 2>"$L/pipe" &
	BACK=$!
	{ start_front && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	pings || return
	# More lines than a pipe holds: each is two hundred bytes or so.
	for ((i = 0; i < 500; i++)); do
		kill -USR1 "$BACK"
		xenstore-write "$(be 1 0)/rate" "$((100000000 + i)),1000"
	done
	check goes-on answers_go_on
	# The control thread goes on too.
	{ attach 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	verdict "$CASE/attach" $? "$(cat "$TOP/out")"
	check nothing-lost pings_end
	in_pipe "$L/pipe" >"$L/first"
	check full test "$(stat -c %s "$L/first")" -gt 3500
	kill -USR1 "$BACK"
	in_pipe_says 'log lines lost count=[1-9]' >"$TOP/out" 2>&1
	verdict "$CASE/told" $? "$(cat "$TOP/out")"
	exec {reader}<&-
}

in_pipe_says()
{
	await 10 pipe_has "$1" && grep -m 1 -oE "$1.*" "$L/second"
}

pipe_has()
{
	in_pipe "$L/pipe" >>"$L/second"
	grep -qE "$1" "$L/second"
}
