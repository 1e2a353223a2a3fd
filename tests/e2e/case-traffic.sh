# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The pair carries every kind of traffic without loss, and uses no feature that is not agreed.
# shellcheck disable=SC2154,SC2153 # ns0, ns1, BACK: lib.sh

# ping_check ADDRESS OPTION...: ten answers to dom0, and none may be lost.  (Three of 64 KiB fill
# ping's own socket: these come further apart.)
ping_check()
{
	local address=$1

	shift
	in0 ping -i 0.01 -c 10 -w 10 "$@" "$address" 2>&1 | seen 10 0
}

# In the guest, until the end of the case.
iperf_server()
{
	nsenter --net="$ns1" iperf3 -s --forceflush >"$L/iperf.log" 2>&1 &
	helper $!
	await_line "$L/iperf.log" 5 'Server listening'
}

# iperf ADDRESS FLOOR OPTION...: Gbit/s as the receivers counted them; at least FLOOR each.
iperf()
{
	local address=$1 floor=$2 out rates

	shift 2
	out=$(in0 timeout --foreground 40 iperf3 -c "$address" -J "$@") ||
		{ echo "$out" | jq -r '.error // "iperf3 did not end"'; return 1; }
	rates=$(echo "$out" | jq -r '.end | [.sum_received, .sum_received_bidir_reverse] | .[] |
		select(. != null) | .bits_per_second / 1e9')
	# shellcheck disable=SC2046,SC2086 # words are meant
	echo $(printf '%.2f ' $rates) Gbit/s
	echo "$rates" | awk -v f="$floor" '$1 < f { bad = 1 } END { exit bad || !NR }'
}

# udp ADDRESS LENGTH: both ways at once, at a low rate. A burst that a busy machine reads late does
# not fit the socket, so a few may be lost.
udp()
{
	local out lost

	out=$(in0 timeout --foreground 20 iperf3 -c "$1" -u -b 10M -l "$2" -n 400K -w 200K --bidir -J) ||
		{ echo "$out" | jq -r '.error // "iperf3 did not end"'; return 1; }
	lost=$(echo "$out" | jq -r '[.end | .sum_received, .sum_received_bidir_reverse, .sum, .sum_bidir_reverse |
		select(. != null) | .lost_percent] | max')
	echo "at most $lost % lost"
	awk -v l="$lost" 'BEGIN { exit !(l != "null" && l <= 2) }'
}

# transfer_to ADDRESS MIB / transfer_from ADDRESS MIB: every byte is compared at the other end.
transfer_to()
{
	local pid

	nsenter --net="$ns1" timeout --foreground 60 "$TOP/labtool" receive 5300 "$2" 1 &
	pid=$!
	in0 timeout --foreground 60 "$TOP/labtool" send "$1" 5300 "$2" 1 && wait $pid
}

transfer_from()
{
	local pid

	nsenter --net="$ns0" timeout --foreground 60 "$TOP/labtool" receive 5301 "$2" 2 &
	pid=$!
	in1 timeout --foreground 60 "$TOP/labtool" send "$1" 5301 "$2" 2 && wait $pid
}

# drops: prints the daemons' drop counters; fails if they do not answer.
drops()
{
	local all

	all=$(counters "$L/back.log" "$BACK") || return 1
	all+=$(counters "$L/front.log" "$FRONT") || return 1
	echo "$all" | grep -o '[a-z_]*drop[a-z_]*=[0-9]*\|peer_faults=[0-9]*' | tr '\n' ' '
	echo packets "$(echo "$all" | grep -o 'g[tr]x_packets=[0-9]*' | tr '\n' ' ')" >&2
}

# no_drops BEFORE: every packet was delivered since both devices were up.
no_drops()
{
	local now

	now=$(drops) || return 1
	[ "$1" = "$now" ] || { echo "drops were \"$1\" are \"$now\""; return 1; }
}

# traffic_table MTU:DEVID...
traffic_table()
{
	local m d mib before

	one_ping >"$TOP/out" && one_ping 10.79.1.2 >"$TOP/out"
	before=$(drops 2>/dev/null)
	iperf_server || { verdict "$CASE/iperf-server" 1 "$(cat "$L/iperf.log")"; return; }
	for m; do
		d=${m#*:}
		m=${m%:*}
		check "ping4-$m" ping_check "10.79.$d.2"
		check "ping6-$m" ping_check "fd79:$d::2"
		check "ping4-whole-$m" ping_check "10.79.$d.2" -M 'do' -s $((m - 28))
		check "ping4-64k-$m" ping_check "10.79.$d.2" -i 0.05 -s 65000
		check "ping6-64k-$m" ping_check "fd79:$d::2" -i 0.05 -s 65000
		check "tcp4-to-guest-$m" iperf "10.79.$d.2" 0.05 -n "$(size 256M 64M)"
		check "tcp4-from-guest-$m" iperf "10.79.$d.2" 0.05 -n "$(size 256M 64M)" -R
		check "tcp6-to-guest-$m" iperf "fd79:$d::2" 0.05 -n "$(size 256M 64M)"
		check "tcp6-from-guest-$m" iperf "fd79:$d::2" 0.05 -n "$(size 256M 64M)" -R
		check "tcp4-both-$m" iperf "10.79.$d.2" 0.02 -n "$(size 128M 32M)" --bidir
		check "udp4-both-$m" udp "10.79.$d.2" $((m - 100))
		check "udp6-both-$m" udp "fd79:$d::2" $((m - 100))
	done
	mib=$(size 256 64)
	check transfer-to-guest transfer_to 10.79.0.2 "$mib"
	check transfer-from-guest transfer_from 10.79.0.1 "$mib"
	check transfer-to-guest-9000 transfer_to fd79:1::2 "$mib"
	check transfer-from-guest-9000 transfer_from fd79:1::1 "$mib"
	check no-drops no_drops "$before"
}

traffic_lab()
{
	lab_pair "$@" && attach 0 && attach 1 mtu=9000 && in0 ip link set vif1.1 mtu 9000
}

channels()
{
	grep -o 'connected vif=vif1.[01] .*' "$L/back.log"
	[ "$(grep -cE " connected vif=vif1.[01] .*$1" "$L/back.log")" = 2 ] &&
		[ "$(in1 ip -o link show eth1 | grep -o 'mtu [0-9]*')" = 'mtu 9000' ]
}

case_traffic()
{
	traffic_lab >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check as-agreed channels "channels=mask control=1"
	traffic_table 1500:0 9000:1
}

case_one_channel()
{
	traffic_lab --one-channel >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check as-agreed channels "channels=one control=1"
	traffic_table 1500:0
}

# Prints the bytes that went by grant copy, not through static grants.
case_copy()
{
	traffic_lab --no-static-grants --no-event-mask >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check as-agreed channels "channels=split control=0"
	traffic_table 9000:1
}

# --- features that are not agreed ------------------------------------------------------

# capture NAME NETNS IF: captures what arrives on IF, until the helper ends.
capture()
{
	nsenter --net="$2" ethtool -K "$3" gro off >/dev/null 2>&1
	nsenter --net="$2" "$TOP/labtool" capture "$3" >"$L/$1" 2>&1 &
	helper $!
	await_line "$L/$1" 5 started
}

# captured FILE CONDITION: the capture's last line meets it.
captured()
{
	local line

	line=$(grep frames= "$L/$1") || { cat "$L/$1"; return 1; }
	echo "$line"
	# The line's words are assignments, as arithmetic takes them.
	(( ${line// /,}, frames > 100 && bad == 0 && $2 ))
}

# with_features NAME "BACKEND KEY=VALUE..." "FRONTEND KEY=VALUE..." TO-GUEST FROM-GUEST: connects
# with these keys in place of what the daemons wrote, moves data and holds the captures in the
# guest and in dom0 to the conditions.  The backend's keys are changed while no frontend runs,
# the frontend's while the backend is stopped. Without an offload header, which would take their place.
with_features()
{
	local name=$1 k

	{
		x attach-vif 0 guest 0 --hotplug &&
		for k in feature-vnet-header=0 $2; do xenstore-write "$(be 1 0)/${k%=*}" "${k#*=}"; done &&
		kill -STOP "$BACK" && start_front && await_node "$(fe 1 0)/state" 4 &&
		for k in $3; do xenstore-write "$(fe 1 0)/${k%=*}" "${k#*=}"; done &&
		kill -CONT "$BACK" && connected 1 0 && address 0 &&
		capture guest "$ns1" eth0 && capture dom0 "$ns0" vif1.0
	} >"$TOP/out" 2>&1
	verdict "$CASE/$name-connected" $? "$(cat "$TOP/out")"
	kill -CONT "$BACK"
	check "$name-moves" moves "$(size 16 8)"
	reap_helpers
	check "$name-in-guest" captured guest "$4"
	check "$name-in-dom0" captured dom0 "$5"
	detach_all
}

moves()
{
	ping_check 10.79.0.2 -s 1400 >/dev/null &&
		transfer_to 10.79.0.2 "$1" && transfer_from 10.79.0.1 "$1" &&
		transfer_to fd79:0::2 "$1" && transfer_from fd79:0::1 "$1"
}

detach_all()
{
	x detach-vif guest 0 2>/dev/null
	kill "$FRONT" && exit_code "$FRONT" 5
	FRONT=
}

case_features()
{
	local back front

	lab_start
	start_back || return
	# All agreed: packets larger than the MTU are seen, and blank checksums with their mark.
	with_features all "" "" "marked > 0 && longest > 20000" "marked > 0 && longest > 20000"
	# Without checksum offload the sender fills the checksums in: no frame is marked, and all must be right.
	with_features no-csum "feature-no-csum-offload=1 feature-ipv6-csum-offload=0" \
		"feature-no-csum-offload=1 feature-ipv6-csum-offload=0" \
		"marked == 0 && checked > 100" "marked == 0 && checked > 100"
	# The two families apart, and the two directions.
	with_features csum4-to-guest "feature-no-csum-offload=1" "feature-ipv6-csum-offload=0" \
		"marked > 0 && checked > 100" "marked > 0 && checked > 100"
	back="feature-gso-tcpv4=0 feature-gso-tcpv6=0"
	front=$back
	with_features no-gso "$back" "$front" "longest <= 1514" "longest <= 1514"
	# Without scatter-gather a packet is one page at most.
	with_features no-sg "feature-sg=0" "feature-sg=0" "longest <= 4096" "longest <= 4096"
	with_features nothing "feature-sg=0 $back feature-no-csum-offload=1 feature-ipv6-csum-offload=0" \
		"feature-sg=0 $front feature-no-csum-offload=1 feature-ipv6-csum-offload=0 feature-rx-notify=0" \
		"marked == 0 && longest <= 1514" "marked == 0 && longest <= 1514"
}
