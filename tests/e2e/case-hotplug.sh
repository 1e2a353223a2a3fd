# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# netbackd --hotplug in a driver domain: the scripts that it runs, and what becomes of the VIF if they fail, hang or lie.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, expect: lib.sh

DRIVER=2

dbe() { echo "/local/domain/$DRIVER/backend/vif/1/$1/$2"; }

in_driver() { nsenter --net="$(netns_of driver)" "$@"; }

# outcome NAME RC: the verdict of what wrote to $TOP/out.
outcome() { verdict "$CASE/$1" "$2" "$(remark "$2" "$(cat "$TOP/out")")"; }

# script NAME: standard input becomes a script of the directory.
script()
{
	cat >"$L/scripts/$1" && chmod 755 "$L/scripts/$1"
}

# Each notes its start and its end in $L/ran: "ACTION VIF begins", "... ends".
hotplug_scripts()
{
	mkdir "$L/scripts" "$L/outside"
	script common.sh <<-END
		note() { echo "\$action \$vif \$*" >>$L/ran; }
		action=\$1
		note begins
		connected() { xenstore-write "\$XENBUS_PATH/hotplug-status" connected; }
		addressed() { ip link set lo up; ip link set "\$vif" up && ip addr replace "10.79.\${vif##*.}.1/24" dev "\$vif"; }
	END
	script vif-ok <<-'END'
		#!/bin/sh
		. "${0%/*}/common.sh"
		env | grep -E '^(script|vif|netdev|INTERFACE|XENBUS_[A-Z_]*|NOTIFY_SOCKET|LISTEN_FDS)=' | sort >"${0%/*}/env.$1.$vif"
		echo "$0 $*" >"${0%/*}/args.$1.$vif"
		readlink /proc/$$/fd/* >"${0%/*}/fds"
		ip -o link show dev "$vif" >"${0%/*}/link.$1.$vif" 2>&1
		[ "$1" != online ] || { addressed && connected; }
		note ends
	END
	script vif-fails <<-'END'
		#!/bin/sh
		. "${0%/*}/common.sh"
		[ "$1" != online ] || xenstore-write "$XENBUS_PATH/hotplug-error" "no bridge br7" "$XENBUS_PATH/hotplug-status" error
		exit 1
	END
	script vif-exits <<-'END'
		#!/bin/sh
		exit 3
	END
	script vif-silent <<-'END'
		#!/bin/sh
		exit 0
	END
	script vif-junk <<-'END'
		#!/bin/sh
		. "${0%/*}/common.sh"
		printf 'a "quote" \\ and \033[31mred\033[0m and \000\377\n' >&2
		head -c 1000 /dev/zero | tr '\000' x
		echo
		i=0
		while [ $i -lt 300 ]; do echo "line $i"; i=$((i + 1)); done
		printf 'no newline'
		[ "$1" != online ] || { addressed && connected; }
	END
	# What it leaves behind has its output, and the group that is to be ended.
	script vif-hangs <<-'END'
		#!/bin/sh
		. "${0%/*}/common.sh"
		[ "$1" = online ] || { note ends; exit 0; }
		trap '' TERM
		sleep 1000 &
		echo $! >>"${0%/*}/pids"
		echo $$ >>"${0%/*}/pids"
		note hangs
		while :; do wait; done
	END
	# As above, but it heeds SIGTERM, and does not hang if it is told so.
	script vif-waits <<-'END'
		#!/bin/sh
		. "${0%/*}/common.sh"
		[ "$1" = online ] || { note ends; exit 0; }
		if [ -e "${0%/*}/go" ]; then addressed && connected; note ends; exit 0; fi
		echo $$ >>"${0%/*}/pids"
		note waits
		exec sleep 1000
	END
	# A daemon that it leaves behind keeps the pipe open, and writes to it.
	script vif-daemon <<-'END'
		#!/bin/sh
		. "${0%/*}/common.sh"
		[ "$1" = online ] || exit 0
		setsid sh -c 'echo $$ >>"$1"; exec yes' sh "${0%/*}/pids" &
		addressed && connected
		note ends
	END
	cp "$L/scripts/common.sh" "$L/scripts/vif-ok" "$L/outside/"
	ln -s ../outside/vif-ok "$L/scripts/vif-link"
	ln -s vif-ok "$L/scripts/vif-alias"
	cp "$L/scripts/vif-ok" "$L/scripts/vif-open" && chmod 777 "$L/scripts/vif-open"
	echo 'no program' >"$L/scripts/vif-text"
	mkdir "$L/scripts/vif-dir"
	: >"$L/ran"
	: >"$L/scripts/pids"
}

# start_hotplug [OPTION...]: netbackd in the driver domain.
start_hotplug()
{
	local n

	n=$(grep -c 'netbackd: info: started' "$L/back.log")
	NOTIFY_SOCKET='' "$X" exec driver -- "$BIN/netbackd" --run-dir="$L/run-back" --log-level="${E2E_LOG:-info}" \
		--isolation="$ISOLATION" --uid-range="$UIDS" \
		--hotplug="$L/scripts" "$@" 2>>"$L/back.log" &
	BACK=$!
	await_line "$L/back.log" 10 'netbackd: info: started' $((n + 1))
}

hotplug_lab()
{
	lab_start 4096
	x domain driver --netns --driver-domain >/dev/null || finish 1
	hotplug_scripts
	{ start_hotplug "$@" && start_front; } >"$TOP/out" 2>&1
	outcome "start" $?
}

# plug DEVID SCRIPT [KEY=VALUE...]: as xl in dom0, which runs no script for this backend.
plug()
{
	local d=$1 s=$2

	shift 2
	x attach-vif driver guest "$d" "script=$s" "$@"
}

# unplug DEVID: as xl in dom0, which leaves the backend's directory to the driver domain.
unplug()
{
	xenstore-write "$(dbe "$1" online)" 0 "$(dbe "$1" state)" 5
	await_node "$(dbe "$1" state)" '6|-' && xenstore-rm "$(fe 1 "$1")"
}

up() { await_node "$(dbe "$1" state)" 4 && await_node "$(fe 1 "$1")/state" 4; }

# guest_if DEVID: the guest's name for it, by the address that xensim gives.
guest_if() { in1 ip -o link | sed -n "s/^[0-9]*: \([^:@]*\).*00:16:3e:00:01:0$1 .*/\1/p" | grep .; }

driver_ping()
{
	local dev

	dev=$(guest_if "$1") || return
	in1 ip -b - <<-END
		link set $dev up
		addr replace 10.79.$1.2/24 dev $dev
	END
	in_driver ping -c 3 -i 0.01 -w 10 "10.79.$1.2" 2>&1 | seen 3 0
}

# up_and_pings DEVID
up_and_pings() { up "$1" && await 5 guest_if "$1" && driver_ping "$1"; }

no_driver_link() { ! in_driver ip link show "$1" >/dev/null 2>&1; }

# status_is DEVID VALUE / reason_is DEVID PATTERN
status_is() { await_node "$(dbe "$1" hotplug-status)" "$2"; }

reason_is() { await 10 has_reason "$@"; }
has_reason()
{
	local text

	text=$(xenstore-read "$(dbe "$1" hotplug-error)" 2>&1)
	echo "$text"
	grep -qE "$2" <<<"$text" && xenstore-read "$(dbe "$1" error)" | grep -qE "$2"
}

ran() { grep -c "^$1" "$L/ran"; }

ran_is() { [ "$(ran "$1")" = "$2" ] || { cat "$L/ran"; return 1; }; }

# all_gone: the processes of the scripts that had to end.
all_gone()
{
	local p

	while read -r p; do
		gone "$p" || return 1
	done <"$L/scripts/pids"
}

runner() { pgrep -P "$BACK" -x hotplug-runner; }

# --- a script that works ----------------------------------------------------------

environment_is()
{
	diff - "$L/scripts/env.$1.vif1.$2" <<-END
		${3:+INTERFACE=vif1.$2-emu
		}XENBUS_BASE_PATH=backend
		XENBUS_PATH=backend/vif/1/$2
		XENBUS_TYPE=vif
		netdev=${4:-}
		script=$L/scripts/vif-ok
		vif=vif1.$2
	END
}

case_hotplug()
{
	local runner_pid

	hotplug_lab || return
	check attach plug 0 vif-ok
	check works up_and_pings 0
	check online-environment environment_is online 0
	check online-arguments test "$(cat "$L/scripts/args.online.vif1.0")" = "$L/scripts/vif-ok online type_if=vif"
	check device-was-there grep -q vif1.0: "$L/scripts/link.online.vif1.0"
	check no-descriptors test "$(grep -vE '^(pipe:.*|/dev/null|/.*/scripts/.*)$' "$L/scripts/fds")" = ''
	check said await_line "$L/back.log" 5 'info: hotplug script ended vif=vif1.0 script=vif-ok action=online'
	check detach unplug 0
	check directory-gone await_node "$(dbe 0 state)" -
	check guests-directory-gone test "$(xenstore-list /local/domain/$DRIVER/backend/vif)" = ''
	check device-gone await 5 no_driver_link vif1.0
	check offline-environment environment_is offline 0
	check device-was-still-there grep -q vif1.0: "$L/scripts/link.offline.vif1.0"
	check once-each test "$(ran online)/$(ran offline)" = 2/2
	# By an absolute path, with all that libxl gives.
	{ plug 1 "$L/scripts/vif-ok" type=vif_ioemu gatewaydev=eth7 && up_and_pings 1; } >"$TOP/out" 2>&1
	outcome "absolute" $?
	check more-environment environment_is online 1 emulated eth7
	{ plug 2 vif-alias && up_and_pings 2; } >"$TOP/out" 2>&1
	outcome "link-within" $?
	# A frontend that starts anew has the device of before.
	{ NIC=nic2 anew restart_front && up_and_pings 2; } >"$TOP/out" 2>&1
	outcome "frontend-again" $?
	check no-second-online ran_is 'online vif1.2 begins' 1
	# A guest that is destroyed.
	xenstore-write "$(dbe 2 online)" 0 "$(dbe 2 state)" 5
	xenstore-rm "$(fe 1 2)"
	check destroyed await_node "$(dbe 2 state)" -
	check destroyed-offline ran_is 'offline vif1.2 ends' 1
	runner_pid=$(runner)
	kill -TERM "$BACK"
	exit_code "$BACK" 5
	check ends test "$code" = 0
	check runner-ends await 5 gone "$runner_pid"
}

# In dom0 the toolstack runs the scripts, so --hotplug is refused; and so is a script directory that is none, or
# that another user owns.
case_hotplug_refused()
{
	expect='hotplug'
	lab_start
	hotplug_scripts
	check dom0 one_line 2 'is for driver domains' "$X" exec 0 -- "$BIN/netbackd" --run-dir="$L/run-back" --hotplug="$L/scripts"
	x domain driver --netns --driver-domain >/dev/null || finish 1
	check relative one_line 2 'not an absolute path' "$X" exec driver -- "$BIN/netbackd" --run-dir="$L/run-back" --hotplug=scripts
	check missing one_line 1 'cannot run the hotplug scripts of' "$X" exec driver -- "$BIN/netbackd" --run-dir="$L/run-back" --hotplug="$L/none"
	check no-directory one_line 1 'cannot run the hotplug scripts of' "$X" exec driver -- "$BIN/netbackd" --run-dir="$L/run-back" --hotplug="$L/scripts/vif-ok"
	chmod 777 "$L/scripts"
	check writable one_line 1 'may write' "$X" exec driver -- "$BIN/netbackd" --run-dir="$L/run-back" --hotplug="$L/scripts"
}

# --- scripts that do not -----------------------------------------------------------

# refuses NAME DEVID SCRIPT PATTERN: hotplug-status says error, hotplug-error and error say why.
script_fails()
{
	local d=$2

	{ plug "$d" "$3" && status_is "$d" error && reason_is "$d" "$4"; } >"$TOP/out" 2>&1
	outcome "$1" $?
	check "$1-waits" await_node "$(dbe "$d" state)" 2
	{ unplug "$d" && await_node "$(dbe "$d" state)" -; } >"$TOP/out" 2>&1
	outcome "$1-goes" $?
}

case_hotplug_bad()
{
	local outside

	expect='hotplug script (failed|says more)|not served yet|hotplug script does not run|said nothing'
	hotplug_lab || return
	script_fails fails 0 vif-fails '^(hotplug script: )?no bridge br7$'
	script_fails exits 0 vif-exits 'vif-exits online ended with exit code 3'
	script_fails missing 0 vif-none 'vif-none cannot be run: '
	script_fails text 0 vif-text 'vif-text cannot be run: '
	script_fails directory 0 vif-dir 'vif-dir cannot be run: '
	script_fails open 0 vif-open 'vif-open may be written by others'
	script_fails link-out 0 vif-link 'vif-link leads out of the directory'
	script_fails up 0 ../outside/vif-ok 'neither a bare name nor below'
	script_fails elsewhere 0 "$L/outside/vif-ok" 'neither a bare name nor below'
	script_fails up-and-down 0 "$L/scripts/../outside/vif-ok" 'neither a bare name nor below'
	script_fails below-by-name 0 vif-dir/vif-ok 'neither a bare name nor below'
	script_fails the-directory 0 "$L/scripts" 'neither a bare name nor below'
	script_fails bytes 0 $'vif-ok\033[31m' 'script or gatewaydev is not acceptable'
	script_fails long 0 "$(printf 'v%.0s' $(seq 200))" 'script or gatewaydev is not acceptable'
	script_fails longer 0 "$(printf 'v%.0s' $(seq 600))" 'script or gatewaydev is not acceptable'
	outside=$(ran online)
	check nothing-outside test "$outside" = 1
	# One that says nothing is waited for, as any backend does.
	check silent plug 1 vif-silent
	check silent-said await_line "$L/back.log" 5 'warn: hotplug script said nothing, the VIF waits vif=vif1.1'
	xenstore-write "$(dbe 1 hotplug-status)" connected
	check silent-by-hand up 1
	# What it prints is neither the terminal's nor without end.
	{ plug 2 vif-junk && up_and_pings 2; } >"$TOP/out" 2>&1
	outcome "junk" $?
	check junk-escaped await_line "$L/back.log" 5 'line="a \\x22quote\\x22 \\x5c and \\x1b\[31mred\\x1b\[0m and \\x00\\xff"$'
	check junk-bounded await_line "$L/back.log" 5 'warn: hotplug script says more vif=vif1.2 script=vif-junk lines=[0-9]+$'
	check junk-lines test "$(grep -c 'script says vif=vif1.2' "$L/back.log")" = 50
	check junk-plain test "$(LC_ALL=C grep -c '[^ -~]' "$L/back.log")" = 0
	{ plug 3 vif-daemon && up_and_pings 3; } >"$TOP/out" 2>&1
	outcome "daemon" $?
	check daemon-not-waited await_line "$L/back.log" 5 'hotplug script ended vif=vif1.3 script=vif-daemon action=online'
	check daemon-gone await 5 all_gone
}

# --- scripts that do not end -----------------------------------------------------------

case_hotplug_hangs()
{
	expect='hotplug script failed|not served yet'
	hotplug_lab --hotplug-seconds=3 || return
	check hangs plug 0 vif-hangs
	check hangs-now await_line "$L/ran" 5 'online vif1.0 hangs'
	# Meanwhile the other one works.
	{ plug 1 vif-ok && up_and_pings 1; } >"$TOP/out" 2>&1
	outcome "other-meanwhile" $?
	check still-hangs test "$(xenstore-read "$(dbe 0 hotplug-status)")" = ''
	check limit status_is 0 error
	check limit-reason reason_is 0 'vif-hangs online did not end within the time'
	check all-ended await 5 all_gone
	check goes unplug 0
	check directory-gone await_node "$(dbe 0 state)" -
	# A script that runs is ended for a detach, and offline comes after it.
	check runs plug 2 vif-waits
	check runs-now await_line "$L/ran" 5 'online vif1.2 waits'
	check detach-while-it-runs unplug 2
	check ended-for-that await 5 all_gone
	check detached await_node "$(dbe 2 state)" -
	check then-offline ran_is 'offline vif1.2 ends' 1
	# And if the directory goes at once, and another one comes, one script runs at a time.
	check runs-again plug 2 vif-hangs
	check runs-again-now await_line "$L/ran" 5 'online vif1.2 hangs'
	x detach-vif guest 2 --force >"$TOP/out" 2>&1
	{ plug 2 vif-ok && up_and_pings 2; } >"$TOP/out" 2>&1
	outcome "made-anew" $?
	check made-anew-alone await 5 all_gone
}

# --- netbackd comes and goes -----------------------------------------------------------

restart_hotplug()
{
	if [ "$1" = KILL ]; then
		kill9 "$BACK"
	else
		kill -"$1" "$BACK"
		exit_code "$BACK" 5 && [ "$code" = 0 ] || { echo "exit code $code"; return 1; }
	fi
	start_hotplug
}

case_hotplug_restart()
{
	local pid

	expect='hotplug script failed|not served yet|no hotplug script runs any more|hotplug script does not run|the device was deleted'
	hotplug_lab || return
	{ plug 0 vif-ok && up_and_pings 0; } >"$TOP/out" 2>&1
	outcome "works" $?
	for how in TERM KILL; do
		{ restart_hotplug $how && await_line "$L/back.log" 5 'adopted vif=vif1.0' && driver_ping 0; } >"$TOP/out" 2>&1
		outcome "adopted-after-$how" $?
	done
	check no-second-online ran_is 'online vif1.0 begins' 1
	# Killed while a script runs: that ends, and the next netbackd runs it from the start.
	check runs plug 1 vif-waits
	check runs-now await_line "$L/ran" 5 'online vif1.1 waits'
	pid=$(runner)
	kill9 "$BACK"
	check script-ends await 5 all_gone
	check runner-ends await 5 gone "$pid"
	: >"$L/scripts/go"
	{ start_hotplug && up_and_pings 1; } >"$TOP/out" 2>&1
	outcome "runs-again" $?
	# At once: the earlier runner's script, which heeds no SIGTERM, is waited for.
	check hangs plug 2 vif-hangs
	check hangs-now await_line "$L/ran" 5 'online vif1.2 hangs'
	kill9 "$BACK"
	xenstore-write "$(dbe 2 script)" vif-ok
	{ start_hotplug && up_and_pings 2; } >"$TOP/out" 2>&1
	outcome "waits-for-the-last" $?
	check alone await 5 all_gone
	# A VIF that is detached while no netbackd runs.
	kill9 "$BACK"
	xenstore-write "$(dbe 1 online)" 0 "$(dbe 1 state)" 5
	xenstore-rm "$(fe 1 1)"
	# And one whose offline did not come to its end.
	xenstore-write "$(dbe 2 online)" 0 "$(dbe 2 state)" 6
	xenstore-rm "$(fe 1 2)"
	start_hotplug >"$TOP/out" 2>&1
	outcome "start-again" $?
	for n in 1 2; do
		check went-$n await_node "$(dbe $n state)" -
		check went-offline-$n ran_is "offline vif1.$n ends" 1
		check went-device-$n await 5 no_driver_link "vif1.$n"
	done
	# The device is deleted: its successor gets the script, and the guest notices nothing.
	in_driver ip link del vif1.0
	check remade await_line "$L/back.log" 5 'hotplug script has run for the new device vif=vif1.0'
	check remade-pings driver_ping 0
	check remade-no-error test -z "$(xenstore-read "$(dbe 0 error)" 2>/dev/null)"
	# Without its runner it serves on, says so, and a new start has another.
	kill9_runner
	check runner-lost await_line "$L/back.log" 5 'error: no hotplug script runs any more'
	check serves-on driver_ping 0
	script_fails no-runner 3 vif-ok 'no scripts run any more, restart netbackd'
	{ restart_hotplug TERM && plug 3 vif-ok && up_and_pings 3; } >"$TOP/out" 2>&1
	outcome "runner-back" $?
	# Drained: the toolstack's directory stays, and the next start begins with online.
	kill -USR2 "$BACK"
	check drained exit_code "$BACK" 9
	check drained-offline ran_is 'offline vif1.3 ends' 1
	check drained-status test "$(xenstore-read "$(dbe 3 hotplug-status)")" = ''
	{ start_hotplug && status_is 3 connected; } >"$TOP/out" 2>&1
	outcome "online-after-drain" $?
	check online-after-drain-again await 5 ran_is 'online vif1.3 ends' 2
}

kill9_runner() { kill -9 "$(runner)"; }
