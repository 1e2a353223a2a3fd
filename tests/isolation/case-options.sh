# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Options, rights and leftovers.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, FRONT, expect: lib.sh

# starts_not PATTERN OPTION...: netbackd ends at once, not with 0, and says the pattern.
starts_not()
{
	local pattern=$1 out rc

	shift
	out=$(timeout 10 "$X" exec 0 -- ${UNDER:-} "$BIN/netbackd" --run-dir="$L/run-not" "$@" 2>&1)
	rc=$?
	tail -n 1 <<<"$out"
	[ $rc != 0 ] && [ $rc != 124 ] && grep -qE -e "$pattern" <<<"$out"
}

case_options()
{
	local range uid

	lab_start
	check isolation-unknown starts_not 'option --isolation: .*thread' --isolation=thread
	check isolation-empty starts_not 'option --isolation' --isolation=
	check isolation-two starts_not 'option --isolation: more than one word' --isolation=none,strict
	for range in '' 1000 1000- -1000 0-10 2000-1000 1000-2000-3000 1000-x ' 1-2' 1-4294967295 1-99999999999; do
		check "uid-range:$range" starts_not 'option --uid-range: ' --uid-range="$range"
	done
	# Somebody's user: a data process could signal and trace that user's programs.
	uid=$(getent passwd nobody | cut -d: -f3)
	check range-of-nobody-strict starts_not "option --uid-range: .*nobody" --isolation=strict --uid-range="$((uid - 10))-$((uid + 10))"
	expect='an account has a user'
	start_back --uid-range="$((uid - 10))-$((uid + 10))" >"$TOP/out" 2>&1
	verdict "$CASE/range-of-nobody" $? "$(cat "$TOP/out")"
	check range-of-nobody-told grep -E 'warn: .*--uid-range.*user="?nobody' "$L/back.log"
	lab_stop
	expect=''
	strict_start
	lab_stop
	# The same user for all guests is not what the range is for, but is allowed.
	lab_start && start_back --uid-range=3000000000-3000000000 && start_front && attach 0 && second_guest && one_ping >"$TOP/out"
	verdict "$CASE/one-user" $? "$(cat "$TOP/out")"
	check one-user-is-it test "$(uid_of "$(data_of 1)") $(uid_of "$(data_of 2)")" = "3000000000 3000000000"
}

# Where the kernel has all of the sandbox a guest is served with strict; else it is refused.
strict_start()
{
	{ lab_start && ISOLATION=strict start_back && start_front; } >"$TOP/out" 2>&1
	verdict "$CASE/strict-starts" $? "$(cat "$TOP/out")"
	if kernel_is_whole; then
		{ attach 0 && one_ping; } >"$TOP/out" 2>&1
		verdict "$CASE/strict-serves" $? "$(cat "$TOP/out")"
	else
		expect='guest=1|vif=vif1.0|nic0'
		x attach-vif 0 guest 0 --hotplug
		check strict-refuses await_line "$L/back.log" 10 'cannot give up its privileges guest=1'
		check strict-is-not-connected test "$(xenstore-read "$(be 1 0)/state")" != 4
	fi
}

# Landlock is what a kernel may lack.
kernel_is_whole()
{
	perl -e 'exit(syscall(444, 0, 0, 1) < 0)'
}

# A service manager may give fewer capabilities than data processes need.
case_rights()
{
	local cap

	for cap in setuid setgid kill; do
		lab_start
		UNDER="setpriv --bounding-set=-$cap" check "strict-without-$cap" starts_not "option --isolation=strict: .*CAP_${cap^^}" --isolation=strict
		expect="CAP_${cap^^}"
		UNDER="setpriv --bounding-set=-$cap" start_back >"$TOP/out" 2>&1
		verdict "$CASE/starts-without-$cap" $? "$(cat "$TOP/out")"
		check "told-without-$cap" grep "warn: .*CAP_${cap^^}" "$L/back.log"
		{ start_front && attach 0 && one_ping; } >"$TOP/out" 2>&1
		verdict "$CASE/serves-without-$cap" $? "$(cat "$TOP/out")"
		check "threads-without-$cap" no_data_processes
		lab_stop
		expect=''
	done
}

# What an earlier netbackd left in the run directory.
case_stale()
{
	expect='guest-[0-9]*.sock.bad reason="not a socket"'
	lab_start
	mkdir -p "$L/run-back" && chmod 700 "$L/run-back"
	# A socket whose process is gone, for the guest that comes and for one that never does; and what is no socket.
	check leftovers leave_sockets
	{ start_back && start_front && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/serves" $? "$(cat "$TOP/out")"
	check socket-is-new test -S "$L/run-back/guest-1.sock" -a "$(data_of 1 | wc -l)" = 1
	check no-socket-is-aside test -f "$L/run-back/guest-78.sock.bad" -a -d "$L/run-back/guest-79.sock.bad"
	check unused-is-gone test ! -e "$L/run-back/guest-77.sock" -a ! -e "$L/run-back/guest-78.sock"
	check other-files-stay test -e "$L/run-back/guest-x.sock"
}

leave_sockets()
{
	perl -MSocket -e 'for (@ARGV) { socket(S, PF_UNIX, SOCK_SEQPACKET, 0) && bind(S, sockaddr_un($_)) && listen(S, 1) or die "$_: $!" }' \
		"$L/run-back/guest-1.sock" "$L/run-back/guest-77.sock" &&
		touch "$L/run-back/guest-78.sock" "$L/run-back/guest-x.sock" && mkdir "$L/run-back/guest-79.sock"
}

# A data process that does not go on: control does not wait for it.
case_stopped()
{
	local old n

	expect='guest=1|vif=vif1.0|nic0'
	two_guests || return
	other_ping
	old=$(data_of 1)
	kill -STOP "$old"
	n=$(log_lines)
	# It is asked to let go of the old rings, and does not answer.
	restart_front >"$TOP/out" 2>&1
	check control-answers counters "$L/back.log" "$BACK"
	check killed await 20 killed_for "$n" 'it does not answer'
	check serves-again connected 1 0 15
	check answers answers
	check another-process new_data_of 1 "$old"
	# The same for one that a new control finds.
	old=$(data_of 1)
	kill -STOP "$old"
	n=$(log_lines)
	crash "$BACK"
	start_back >"$TOP/out" 2>&1
	verdict "$CASE/control-starts" $? "$(cat "$TOP/out")"
	check found-killed await 20 killed_for "$n" 'it is not READY in time'
	check found-serves-again await 15 new_data_of 1 "$old"
	check found-answers answers
	check other-guest-lost-nothing other_lost
}

killed_for() { log_since "$1" | grep -E "the data process is killed guest=1 pid=[0-9]+ reason=\"$2\""; }
