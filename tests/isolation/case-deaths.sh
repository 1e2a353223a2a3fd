# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Data processes and control are killed at random moments, under traffic whose every byte is checked.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, FRONT, expect: lib.sh

# kill_data: the data process of guest 1.  A guest whose process died five times within a minute is
# refused; so a new control, which knows of no death, comes after every fourth.
kill_data()
{
	local n

	n=$(grep -c ': adopted vif=vif1.0' "$L/back.log")
	kill -9 "$(data_of 1)" || return
	await_line "$L/back.log" 20 ': adopted vif=vif1.0' $((n + 1)) || return
	[ $(($1 % 4)) != 0 ] || kill_control
}

kill_control()
{
	local n

	n=$(grep -c ': adopted vif=vif1.0' "$L/back.log")
	crash "$BACK"
	start_back && await_line "$L/back.log" 20 ': adopted vif=vif1.0' $((n + 1))
}

# kill_both: one a moment after the other, in either order.
kill_both()
{
	local n data

	n=$(grep -c ': adopted vif=vif1.0' "$L/back.log")
	data=$(data_of 1)
	if [ $((RANDOM % 2)) = 0 ]; then
		kill -9 "$data"
		[ $((RANDOM % 2)) = 0 ] || nap
		crash "$BACK"
		# Control may have started another one by then.
		data=$(data_of 1)
		[ -z "$data" ] || kill -9 "$data" 2>/dev/null
	else
		crash "$BACK"
		[ $((RANDOM % 2)) = 0 ] || nap
		kill -9 "$data"
	fi
	start_back && await_line "$L/back.log" 20 ': adopted vif=vif1.0' $((n + 1))
}

# under_tcp COUNT COMMAND...: runs it so often, at random moments, while transfers go both ways.
under_tcp()
{
	local count=$1 to from i rc=0 before

	shift
	RANDOM=$SEED
	watch_state || return
	rm -f "$L/enough"
	transfers to >"$L/transfers.to" 2>&1 &
	to=$!
	helper $to
	transfers from >"$L/transfers.from" 2>&1 &
	from=$!
	helper $from
	for ((i = 1; i <= count; i++)); do
		before=$(($(bytes tx) + $(bytes rx)))
		# Each kill is in the midst of traffic.
		await 20 moved_past $((before + (2 << 20))) || { echo "no progress at $i"; rc=1; break; }
		nap
		"$@" "$i" || { rc=1; break; }
		[ $((i % 100)) != 0 ] || echo "# $i kills, $(date +%T)" >&2
	done >"$TOP/out"
	verdict "$CASE/$count-kills" $rc "seed $SEED, $((i - 1)) done $(cat "$TOP/out")"
	: >"$L/enough"
	exit_code $to 60
	[ "$code" = 0 ] && grep -q 'every byte right' "$L/transfers.to"
	verdict "$CASE/tcp-to-guest" $? "$(sort "$L/transfers.to" | uniq -c)"
	exit_code $from 60
	[ "$code" = 0 ] && grep -q 'every byte right' "$L/transfers.from"
	verdict "$CASE/tcp-from-guest" $? "$(sort "$L/transfers.from" | uniq -c)"
	check state state_untouched
	check never-disconnected never_disconnected
	check ping one_ping
	check one-process test "$(data_of 1 | wc -l)" = 1
}

moved_past() { [ "$(($(bytes tx) + $(bytes rx)))" -gt "$1" ]; }
never_disconnected() { ! grep -h 'disconnected' "$L/back.log" "$L/front.log"; }

one_guest()
{
	{ lab_pair && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
}

# What is said of a killed process.  One that an earlier control started ends without a status.
killed_ones='the data process of a guest ended guest=1 pid=[0-9]*( signal="Killed")?$'

case_kill_data()
{
	expect=$killed_ones
	one_guest && under_tcp "$KILLS" kill_data
}

case_kill_both()
{
	expect=$killed_ones
	one_guest && under_tcp "$KILLS" kill_both
}

# Without control the data process goes on: nothing is lost at all.
case_kill_control()
{
	local i rc=0 data

	one_guest || return
	data=$(data_of 1)
	ms_ping to "$ns0" 10.79.0.2 && ms_ping from "$ns1" 10.79.0.1
	for i in 1 2 3 4 5; do
		kill_control || { rc=1; break; }
	done >"$TOP/out" 2>&1
	verdict "$CASE/5-under-ping" $rc "$(cat "$TOP/out")"
	check ping-to-guest ms_ping_lost to
	check ping-from-guest ms_ping_lost from
	under_tcp "$KILLS" kill_control
	check same-data-process test "$(data_of 1)" = "$data"
}

# ms_ping NAME NETNS ADDRESS: every millisecond, in the background.
ms_ping()
{
	env --default-signal=INT nsenter --net="$2" ping "$3" -i 0.001 >"$L/ping.$1" 2>&1 &
	declare -g "ping_$1=$!"
	helper $!
	await_line "$L/ping.$1" 5 'icmp_seq=20 '
}

# It went on over all of that time, and none is missing.
ms_ping_lost()
{
	local pid=ping_$1

	# Enough of them, however fast the kills were over.
	await_line "$L/ping.$1" 10 'icmp_seq=210 ' >/dev/null
	kill -INT "${!pid}"
	await 10 gone "${!pid}"
	seen 200 0 <"$L/ping.$1"
}

# --- a process that dies again and again ------------------------------------------------

case_deaths()
{
	local i n old rc=0

	expect='guest=1|vif=vif1.0|nic0'
	two_guests || return
	other_ping
	for i in 1 2 3 4 5; do
		n=$(log_lines)
		old=$(data_of 1)
		# netfrontd starts anew by itself: that is for later.
		[ $i != 5 ] || kill -STOP "$FRONT"
		kill -9 "$old"
		[ $i = 5 ] || await 10 new_data_of 1 "$old" || { rc=1; break; }
	done
	verdict "$CASE/dies-5-times" $rc
	check refused await 10 refused_too_often
	check closed await_node "$(be 1 0)/state" '5|6' 10
	check none-started test -z "$(data_of 1)"
	check other-guest-lost-nothing other_lost
	kill -CONT "$FRONT"
	check frontend-anew connected 1 0 20
	check answers answers
	check no-error await_node "$(be 1 0)/error" -
	check control-stays test "$(grep -c 'netbackd: info: started' "$L/back.log")" = 1
}

refused_too_often() { xenstore-read "$(be 1 0)/error" 2>/dev/null | grep 'ended too often'; }
