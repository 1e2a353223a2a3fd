# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The data process of guest 1 does what it must not (forbidden.c).  It dies of it, or gets an error;
# control goes on, guest 2 notices nothing, and guest 1 answers again.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, FRONT: lib.sh

forbidden_build()
{
	cc -std=gnu11 -O2 -shared -fPIC -iquote "$root" -D__XEN_INTERFACE_VERSION__=0x00040e00 -o "$TOP/forbidden.so" \
		"$root/tests/isolation/forbidden.c" -ldl -luring -lxenevtchn
}

# forbidden_lab: two guests, where the data processes have forbidden.c.
forbidden_lab()
{
	forbidden_build >"$TOP/out" 2>&1 || { verdict "$CASE/build" 1 "$(cat "$TOP/out")"; return 1; }
	# The data processes' environment is control's.
	mkdir "$TOP/$CASE"
	FORBIDDEN_DIR=$TOP/$CASE LD_PRELOAD=$TOP/forbidden.so two_guests || return
	control=$BACK
	check preloaded grep -q forbidden "/proc/$(data_of 1)/maps"
	other_ping
}

# what_is KIND ACT: the pattern of netbackd's lines that say what became of it.
outcome()
{
	case $1 in
	dies) echo 'the data process of a guest ended guest=1 pid=[0-9]+ signal="Bad system call"' ;;
	denied) echo "forbidden act=$2 denied errno=[0-9]+ guest=1\$" ;;
	alone) echo "forbidden act=$2 done guest=1\$|the data process of a guest ended guest=1 .*signal=\"(Segmentation fault|Bus error)\"" ;;
	says) echo "$3 guest=1( (suppressed|repeated)=[0-9]+)*\$" ;;
	killed) echo "the data process is killed guest=1 pid=[0-9]+ reason=\"$3\"" ;;
	esac
}

# forbidden_act dies|denied|alone|says|killed ACT [REASON]
forbidden_act()
{
	local n rc old

	n=$(log_lines)
	old=$(data_of 1)
	echo "$2" >"$TOP/$CASE/act"
	# A frontend that starts anew gets a data process anew, which is no death of the old one.
	restart_front >"$TOP/out" 2>&1
	{ await 10 new_data_of 1 "$old" && await 10 logged "$n" "$(outcome "$@")"; } ||
		{ log_since "$n" | cut -d: -f2- | tail -n 4; return 1; }
	! log_since "$n" | grep "forbidden act=$2 allowed" || return 1
	log_since "$n" | grep -oE "$(outcome "$@")" | head -n 1
	[ "$BACK" = "$control" ] && ! gone "$control" || { echo "control is gone"; return 1; }
	[ ! -e "$TOP/$CASE/act" ] && answers
}

# The worker acts at the next frame.
logged()
{
	one_quick_ping
	log_since "$1" | grep -qE "$2"
}

# Its own check: a subshell would lose FRONT.
forbidden()
{
	forbidden_act "$@" >"$TOP/act" 2>&1
	verdict "$CASE/$2" $? "$(remark 0 "$(cat "$TOP/act")")"
}

forbidden_end()
{
	check control-stays test "$(pgrep -x netbackd -P "$(awk '/^PPid/ { print $2 }' "/proc/$control/status")" | grep -cx "$control")" = 1
	check other-guest-lost-nothing other_lost
	check other-guest-never-connected-anew test "$(grep -c ': connected vif=vif2.0' "$L/back.log")" = 1
}

case_forbidden()
{
	local act

	expect='guest=1|vif=vif1.0|if=guest 1|nic0'
	forbidden_lab || return
	for act in open_privcmd open_passwd socket connect_xenstored connect_dbus connect_init exec fork ptrace_control \
		ptrace_init kill_control kill_init read_control ring_setup map_code counters_truncate; do
		forbidden dies $act
	done
	forbidden denied ring_openat
	forbidden denied bind_port
	forbidden alone counters_nonsense
	check counters-are-printed counters "$L/back.log" "$BACK"
	forbidden alone counters_beyond
	forbidden_end
}

case_lies()
{
	expect='guest=1|vif=vif1.0|if=guest 1|nic0'
	forbidden_lab || return
	forbidden killed flood 'it sends too many messages'
	forbidden killed version 'its message is not as it must be'
	forbidden killed length 'its message is not as it must be'
	forbidden killed kind 'its message is not as it must be'
	forbidden killed control_kind 'its message is not as it must be'
	forbidden killed vif 'it speaks of a VIF that it does not serve'
	forbidden killed connected_twice 'it is connected unasked'
	forbidden killed disconnected 'it is disconnected unasked'
	forbidden killed applied 'it applies settings unasked'
	forbidden killed ready_twice 'it is READY twice'
	forbidden killed serving 'it introduces itself unasked'
	forbidden killed reason 'its message is not as it must be'
	forbidden killed descriptors 'its message is not as it must be'
	# A line is not checked for what it says: its end says from whom it is.
	forbidden says line_of_other 'netbackd: warn: disconnected vif=vif2.0 guest=2'
	forbidden_end
}
