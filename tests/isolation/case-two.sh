# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Two guests with a VIF each, and their data processes.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, L, expect: lib.sh

FRONT2=''	# the netfrontd of guest 2

# two_guests [OPTION...]: guest 1 has VIF 0 with 10.79.0, guest 2 has VIF 0 with 10.80.0.
two_guests()
{
	{ lab_start && start_back "$@" && start_front && attach 0 && second_guest && one_ping && one_ping 10.80.0.2; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
}

second_guest()
{
	guest_new g2 && ns2=$(netns_of g2) || return
	"$X" exec g2 -- "$BIN/netfrontd" --run-dir="$L/run-front2" 2>>"$L/front2.log" &
	FRONT2=$!
	helper $FRONT2
	x attach-vif 0 g2 0 --hotplug && connected 2 0 || return
	in0 ip -b - <<-END && nsenter --net="$ns2" ip -b - <<-END
		link set vif2.0 up
		addr replace 10.80.0.1/24 dev vif2.0
	END
		link set eth0 up
		addr replace 10.80.0.2/24 dev eth0
	END
}

# new_data_of DOMID OLD: is there another one than that?
new_data_of() { local p; p=$(data_of "$1"); [ -n "$p" ] && [ "$p" != "$2" ]; }

# other_ping: every 10 ms to guest 2, in the background; other_lost: none of these was lost so far.
other_ping()
{
	env --default-signal=INT nsenter --net="$ns0" ping 10.80.0.2 -i 0.01 >"$L/ping.other" 2>&1 &
	other=$!
	helper $other
	await_line "$L/ping.other" 5 'icmp_seq=20 '
}

other_lost()
{
	kill -INT "$other"
	exit_code "$other" 5
	seen 20 0 <"$L/ping.other"
}

# answers: guest 1 answers, soon.
answers() { await 15 one_quick_ping || { echo "guest 1 does not answer"; return 1; }; }
one_quick_ping() { in0 ping -c 1 -W 1 10.79.0.2 >/dev/null 2>&1; }

# log_lines: those of netbackd now.  log_since N: what came after.
log_lines() { wc -l <"$L/back.log"; }
log_since() { tail -n "+$(($1 + 1))" "$L/back.log"; }

# --- a guest with two VIFs -------------------------------------------------------------------------

# made_anew_while_away STALE OTHER: without control, one VIF of the guest is detached and attached anew.  The
# next control ends the data process, as it serves a VIF that is not that one.  The guest's other VIF goes on.
made_anew_while_away()
{
	local n

	n=$(grep -c ": adopted vif=vif1.$2" "$L/back.log")
	crash "$BACK"
	x detach-vif guest "$1" --force
	x attach-vif 0 guest "$1" || return
	start_back && await_line "$L/back.log" 20 ": adopted vif=vif1.$2" $((n + 1)) || return
	xenstore-write "$(be 1 "$1")/hotplug-status" connected
	connected 1 "$1" && connected 1 "$2"
}

case_anew()
{
	local i

	expect='serves a VIF that is not there any more'
	{ lab_pair && attach 0 && one_ping && attach 1; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	# Control looks at them in one order or the other.
	for i in 1 2 3; do
		made_anew_while_away 1 0 >"$TOP/out" 2>&1
		verdict "$CASE/second-is-new-$i" $? "$(cat "$TOP/out")"
		check "ping-first-$i" one_ping
		{ made_anew_while_away 0 1 && address 0; } >"$TOP/out" 2>&1
		verdict "$CASE/first-is-new-$i" $? "$(cat "$TOP/out")"
	done
	check nothing-refused no_line "$L/back.log" refused
}

no_line() { ! grep "$2" "$1"; }
