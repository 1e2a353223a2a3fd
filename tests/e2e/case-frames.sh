# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Frames at the edge of what a ring takes, and reads that fail: each is a drop that is counted, and
# the connection goes on.
# shellcheck disable=SC2154,SC2153 # ns0, ns1, BACK, FRONT, L: lib.sh

frames_tool()
{
	cc -O2 -o "$TOP/frames" "$here/frames.c" && cc -O2 -shared -fPIC -o "$TOP/badread.so" "$here/badread.c" -ldl
}

# counted LOG PID COUNTER: its value, 0 if it is not there.
counted()
{
	local all

	all=$(counters "$1" "$2") || return 1
	all=$(grep -o "\\b$3=[0-9]*" <<<"$all")
	echo "$((${all#*=} + 0))"
}

# counts_more LOG PID COUNTER N COMMAND...: the command raises the counter by exactly N.
counts_more()
{
	local log=$1 pid=$2 counter=$3 n=$4 was now

	shift 4
	was=$(counted "$log" "$pid" "$counter") && "$@" && one_ping && now=$(counted "$log" "$pid" "$counter") || return 1
	echo "$counter was $was, is $now"
	[ "$((now - was))" = "$n" ]
}

# Of these five lengths the last three are more than the 65,535 bytes that a ring's slot can express.
frames_long()
{
	local where=$1

	in0 ip link set vif1.0 mtu 65521 && in1 ip link set eth0 mtu 65521 || return
	check "$where-to-guest" counts_more "$L/back.log" "$BACK" grx_drop_bounds 3 \
		in0 "$TOP/frames" long vif1.0 65534 65535 65536 65537 65539
	check "$where-from-guest" counts_more "$L/front.log" "$FRONT" gtx_drop_bounds 3 \
		in1 "$TOP/frames" long eth0 65534 65535 65536 65537 65539
	check "$where-longest-in-guest" captured_one guest
	check "$where-longest-in-dom0" captured_one dom0
}

# The frames that fit arrived whole; a capture sees them without their tag.
captured_one()
{
	local line

	reap_helpers
	line=$(grep frames= "$L/$1") || { cat "$L/$1"; return 1; }
	echo "$line"
	(( ${line// /,}, longest == 65531 ))
}

case_long()
{
	frames_tool || { verdict "$CASE/build" 1 "no compiler"; return; }
	lab_pair && attach 0 && capture guest "$ns1" eth0 && capture dom0 "$ns0" vif1.0
	verdict "$CASE/connected" $? "" || return
	frames_long direct
	lab_stop
	# By way of netbackd's private buffer.
	lab_pair --no-static-grants && attach 0 && capture guest "$ns1" eth0 && capture dom0 "$ns0" vif1.0
	verdict "$CASE/copy-connected" $? "" || return
	frames_long copy
}

# lost_and_counted LOG PID COUNTER ADDRESS: of 40 pings some are lost, and each is counted.
lost_and_counted()
{
	local was now got

	was=$(counted "$1" "$2" "$3")
	got=$(in0 ping -i 0.01 -c 40 -W 1 "$4" | grep -c 'icmp_seq=')
	now=$(counted "$1" "$2" "$3")
	echo "$got of 40 answers, $3 was $was, is $now"
	[ "$got" -lt 40 ] && [ "$got" -ge 20 ] && [ "$((now - was))" -ge $((40 - got)) ]
}

case_badread()
{
	[ -z "$SAN" ] || { skip all "a sanitizer's runtime wants to be first"; return; }
	frames_tool || { verdict "$CASE/build" 1 "no compiler"; return; }
	lab_start && start_back && BADREAD=10 LD_PRELOAD=$TOP/badread.so start_front && attach 0
	verdict "$CASE/front-connected" $? "" || return
	check front lost_and_counted "$L/front.log" "$FRONT" gtx_drop_bounds 10.79.0.2
	check front-moves transfer_from 10.79.0.1 1
	lab_stop
	for option in '' --no-static-grants; do
		lab_start && ISOLATION=none BADREAD=10 LD_PRELOAD=$TOP/badread.so start_back && start_front $option && attach 0
		verdict "$CASE/back-connected$option" $? "" || return
		check "back$option" lost_and_counted "$L/back.log" "$BACK" grx_drop_bounds 10.79.0.2
		check "back$option-moves" transfer_to 10.79.0.2 1
		lab_stop
	done
}

# options_to BYTES / options_from BYTES: a stream whose packets have so many bytes of options.
options_to()
{
	local pid

	nsenter --net="$ns1" timeout --foreground 20 "$TOP/labtool" receive 5300 8 1 &
	pid=$!
	in0 timeout --foreground 20 "$TOP/labtool" send fd79:0::2 5300 8 1 "$1" && wait $pid
}

options_from()
{
	local pid

	nsenter --net="$ns0" timeout --foreground 20 "$TOP/labtool" receive 5301 8 2 &
	pid=$!
	in1 timeout --foreground 20 "$TOP/labtool" send fd79:0::1 5301 8 2 "$1" && wait $pid
}

# A segment whose headers fit into the 256 bytes that a receiver copies goes large: Ethernet's 14,
# IPv6's 40 and TCP's 32 leave 170. Others are split, and nothing is dropped either way.
case_options6()
{
	local n where large before

	lab_pair "$@" && attach 0
	verdict "$CASE/connected" $? "" || return
	for n in 8 168 176 256; do
		capture guest "$ns1" eth0 && capture dom0 "$ns0" vif1.0
		large="longest > 15000"
		[ "$n" -le 168 ] || large="longest <= 1514"
		before=$(drops 2>/dev/null)
		check "$n-to-guest" options_to "$n"
		check "$n-from-guest" options_from "$n"
		check "$n-no-drops" no_drops "$before"
		reap_helpers
		for where in guest dom0; do
			check "$n-in-$where" captured "$where" "$large"
		done
	done
}

# spent PID: prints the processor time of all its threads, in nanoseconds.
spent() { cat "/proc/$1"/task/*/schedstat | awk '{ s += $1 } END { printf "%d", s }'; }

# A way out that takes no large segments, so that dom0's kernel splits what netbackd writes to the TAP.
port_without_tso()
{
	in0 ip -b - <<-END && in0 ethtool -K out tso off tx off >/dev/null && in0 sysctl -qw net.ipv4.ip_forward=1
		link add out type veth peer name wire
		link set wire up
		link set out up
		addr add 10.79.9.1/24 dev out
		neigh add 10.79.9.2 lladdr 02:00:00:00:00:99 dev out
		link set vif1.0 address 02:00:00:00:00:01
	END
}

# sends_large MSS COUNT: sends them and then a ping, whose answer shows that netbackd has handled them.
sends_large() { in1 "$TOP/frames" large eth0 "$1" "$2" && one_ping; }

# large_costs MSS COUNT MS: each takes at most MS of netbackd's processor time.
large_costs()
{
	local was now

	was=$(spent "$BACK") && sends_large "$1" "$2" >/dev/null && now=$(spent "$BACK") || return 1
	echo "$(((now - was) / $2 / 1000)) us each"
	[ "$((now - was))" -le "$(($2 * $3 * 1000000))" ]
}

# Each of the smallest segments becomes thousands of frames on the wire, and each is valid.
large_is_cut()
{
	local line

	reap_helpers
	line=$(grep frames= "$L/wire") || { cat "$L/wire"; return 1; }
	echo "$line"
	(( ${line// /,}, checked > 500 && bad == 0 && longest <= 1514 ))
}

case_small_mss()
{
	frames_tool || { verdict "$CASE/build" 1 "no compiler"; return; }
	lab_pair && attach 0 && port_without_tso && one_ping && capture wire "$ns0" wire
	verdict "$CASE/connected" $? "" || return
	check mss-7 counts_more "$L/front.log" "$FRONT" gtx_drop_gso 5 in1 "$TOP/frames" large eth0 7 5
	check mss-8 counts_more "$L/back.log" "$BACK" gtx_drop_gso 0 sends_large 8 5
	check cut large_is_cut
	check time-mss-8 large_costs 8 20 25
	# Other traffic goes on between any two of them.
	in1 "$TOP/frames" large eth0 8 50 &
	helper $!
	check ping-beside ping_check 10.79.0.2
}

# cut_whole FILE: every segment of one frame of 65,535 bytes behind a tag arrived, and is valid.
cut_whole()
{
	local line

	reap_helpers
	line=$(grep frames= "$L/$1") || { cat "$L/$1"; return 1; }
	echo "$line"
	(( ${line// /,}, checked == 8185 && bad == 0 && longest < 200 ))
}

# The daemons split tagged frames: 8,185 segments, 64 per run, and pings go on between the runs.
case_small_cut()
{
	local side from to netns device

	frames_tool || { verdict "$CASE/build" 1 "no compiler"; return; }
	# Pings of IPv4 only: a capture counts TCP alone then.
	lab_pair && attach 0 && in0 ip -6 addr flush dev vif1.0 && in1 ip -6 addr flush dev eth0 && one_ping
	verdict "$CASE/connected" $? "" || return
	while read -r side from to netns device; do
		capture "$side" "$netns" "$device"
		nsenter --net="$from" "$TOP/frames" tagged "$to" 8 1 &
		helper $!
		check "$side-ping-beside" ping_check 10.79.0.2
		wait "${HELPERS[-1]}"
		check "$side-ping-behind" one_ping
		check "$side" cut_whole "$side"
	done <<-END
		guest $ns0 vif1.0 $ns1 eth0
		dom0 $ns1 eth0 $ns0 vif1.0
	END
}
