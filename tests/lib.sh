# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# tests/lib.sh - what the runners of the suites share: verdicts and their counts; time limits, so that a
# program that hangs is a failure and does not hang its suite; and waiting.
# shellcheck disable=SC2034 # its users read what it sets

# --- verdicts ------------------------------------------------------------------

passed=0 failed=0 skipped=0

# verdict NAME RC [TEXT]: prints and counts one; returns RC.
verdict()
{
	local text=${3:-}

	if [ "$2" = 0 ]; then
		echo "ok $1${text:+ $text}"
		passed=$((passed + 1))
	else
		echo "not ok $1${text:+ $text}"
		failed=$((failed + 1))
	fi
	return "$2"
}

# skipped_case NAME REASON: prints and counts a case that was left out.
skipped_case()
{
	echo "skip $1 $2"
	skipped=$((skipped + 1))
}

# totals: prints a runner's last line; fails if a case did, or if there was none.
totals()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# --- time limits ---------------------------------------------------------------

declare -a LIMITED=()	# process groups of what limited runs: the program's, the timer's

# limited SECONDS COMMAND...: runs a program in a session of its own.  Returns its exit status, or 124 if it
# did not end in time.
# - A program that is late gets SIGTERM, with its process group.  After 5 s the rest of the group is killed,
#   so that a script can still clean up, and 15 s later the script.
# - Processes that the program leaves in its group are killed in any case.
# - Its output must go to a file: a pipe would stay open while any process has it.
# - With LIMITED_TABLE=FILE the table of processes at that moment is written there.
limited()
{
	local seconds=$1 began=$SECONDS status

	shift
	setsid "$@" &
	LIMITED=($!)
	setsid bash -c '
		sleep "$2"
		[ -z "$3" ] || ps --ppid 2 -p 2 --deselect -o pid,ppid,stat,wchan:24,etimes,args --forest >"$3"
		kill -TERM -- "-$1"
		sleep 5
		for p in $(pgrep -g "$1"); do
			[ "$p" = "$1" ] || kill -KILL "$p"
		done
		sleep 15
		kill -KILL -- "-$1"' timer "${LIMITED[0]}" "$seconds" "${LIMITED_TABLE:-}" >/dev/null 2>&1 &
	LIMITED+=($!)
	wait "${LIMITED[0]}" 2>/dev/null
	status=$?
	{
		kill -KILL -- "-${LIMITED[1]}" || kill -KILL "${LIMITED[1]}"
		kill -KILL -- "-${LIMITED[0]}"
		wait "${LIMITED[1]}"
	} 2>/dev/null
	LIMITED=()
	[ $((SECONDS - began)) -lt "$seconds" ] || status=124
	return "$status"
}

# limited_end: ends what limited runs.  For the trap of a runner that is interrupted.
limited_end()
{
	[ ${#LIMITED[@]} -gt 0 ] || return 0
	{
		kill -TERM -- "-${LIMITED[0]}" || kill -TERM "${LIMITED[0]}"
		await 20 gone "${LIMITED[0]}"
		kill -KILL -- "-${LIMITED[0]}"
		kill -KILL -- "-${LIMITED[1]}" || kill -KILL "${LIMITED[1]}"
	} 2>/dev/null
}

# limit_run NAME SECONDS ARGUMENT...: gives a runner that is one long script a time limit, by starting it once
# more with its arguments.  Returns at once in the second one.
limit_run()
{
	local name=$1 seconds=$2 status

	shift 2
	if [ -n "${LIMIT_RUN:-}" ]; then
		unset LIMIT_RUN
		return 0
	fi
	trap 'limited_end; exit 130' INT TERM HUP
	LIMIT_RUN=1 limited "$seconds" "$0" "$@"
	status=$?
	[ "$status" != 124 ] || echo "not ok $name no end within $seconds s"
	exit "$status"
}

# --- waiting -------------------------------------------------------------------

# await SECONDS COMMAND...: tries again every 20 ms.  Only for what sends no event: /proc, /sys, and processes
# that are not children.
await()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

gone() { ! kill -0 "$1" 2>/dev/null; }

# exit_code PID SECONDS: waits for a child, and sets $code to its exit code, or to "none" if it did not end.
exit_code()
{
	code=none
	await "$2" gone "$1" || return 1
	wait "$1"
	code=$?
}

# --- devices -------------------------------------------------------------------

# open_tun PROGRAM ARGUMENT...: where only root may open /dev/net/tun, unlike on a usual host, starts the runner once
# more in a mount namespace with a node that all may open, as netfrontd becomes another user.
open_tun()
{
	local tun=/dev/net/tun

	[ "$(id -u)" = 0 ] && [ -z "${OPEN_TUN:-}" ] && [ -c $tun ] && [ "$(stat -c %a $tun)" != 666 ] || return 0
	OPEN_TUN=1 exec unshare -m --propagation private bash -c '
		mount -t tmpfs -o mode=755,size=16k open-tun /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"' \
		open-tun "$@"
}
