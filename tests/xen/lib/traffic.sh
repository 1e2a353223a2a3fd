# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# traffic.sh - the kinds of traffic that every pairing of a frontend and a backend must carry
#
# A guest has two VIFs as xl makes them: devid 0 on xenbr0 (MTU 1500), devid 1 on xenbr9 (MTU
# 9000, which vif-bridge takes from the bridge).  dom0 is the other end.

# traffic_guest NAME TYPE FRONT: creates a guest with both VIFs, and checks that they connect.
traffic_guest()
{
	check create guest_create "$1" "$2" "$3" \
		'mac=00:16:3e:77:00:01,bridge=xenbr0' \
		'mac=00:16:3e:77:00:02,bridge=xenbr9' || give_up "no guest"
	check netup-1500 guest "$1" run "netup_check 00:16:3e:77:00:01 1500 $3 10.77.0.2/24 fd77::2/64" ||
		give_up "no network in the guest"
	check netup-9000 guest "$1" run "netup_check 00:16:3e:77:00:02 9000 $3 10.79.0.2/24 fd79::2/64"
	# The first VIF is eth0, as with the kernel's driver.
	# shellcheck disable=SC2016
	check names guest "$1" run 'cd /sys/class/net; grep . eth*/address; grep -q 00:01 eth0/address'
	check connected both_connected "$(guest_id "$1")"
}

both_connected()
{
	local v s

	for v in 0 1; do
		s=$(vif_states "$1" "$v")
		echo "devid $v states (backend/frontend) $s"
		[ "$s" = 4/4 ] || return 1
	done
}

# ping_check ADDRESS OPTION...: sends a few pings, of which none may be lost.
ping_check()
{
	local address=$1 out

	shift
	out=$(ping -q -W 5 "$@" "$address") || { echo "$out" | sed -n 4p; return 1; }
	echo "$out" | sed -n '4p;5p' | tr '\n' ' '
	echo "$out" | grep -q ' 0% packet loss'
}

iperf_server()
{
	# shellcheck disable=SC2016 # the guest's shell
	guest "$1" run 'iperf3 -s -D >/dev/null 2>&1; for i in $(seq 50); do
		nc -z 127.0.0.1 5201 2>/dev/null && break; sleep 0.1; done; pidof iperf3' >/dev/null
}

# tcp_check ADDRESS SECONDS [-R]: a TCP stream, whose rate the receiver counts.  The lowest rate that
# passes finds only a direction that hardly works: on a busy host even the kernel's pair falls to 16
# Mbit/s.  Speed is measured by bench.
tcp_check()
{
	local address=$1 seconds=$2 out rate

	shift 2
	out=$(timeout $((seconds + 20)) iperf3 -c "$address" -t "$seconds" -J "$@" 2>&1) ||
		{ echo "$out" | grep '"error"' || echo "iperf3 did not end"; return 1; }
	rate=$(echo "$out" | iperf_rate sum_received)
	echo "$rate Mbit/s, $(echo "$out" | sed -n '/"sum_sent"/,/}/s/.*"retransmits":[ \t]*\([0-9]*\).*/\1/p') retransmits"
	[ "${rate%.*}" -ge "${TCP_FLOOR:-2}" ]
}

iperf_rate()
{
	sed -n "/\"$1\"/,/}/s/.*\"bits_per_second\":[ \t]*\([0-9.e+]*\).*/\1/p" |
		awk 'NR == 1 { printf "%.1f\n", $1 / 1e6 }'
}

# udp_check ADDRESS LENGTH: UDP in both directions at once, at a rate that an emulator can carry.  Under
# TCG a processor may stop for long, so that a socket overflows, with the kernel's pair, too.  So the
# bound on loss is high, and finds a direction that carries little or nothing.
udp_check()
{
	local address=$1 length=$2 out lost
	local one='/"lost_percent":/s/.*"lost_percent":[ \t]*\([0-9.e+-]*\).*/\1/p'

	out=$(timeout 25 iperf3 -c "$address" -u -b 8M -l "$length" -t 1 --bidir -J 2>&1) ||
		{ echo "$out" | grep '"error"' || echo "iperf3 did not end"; return 1; }
	out=$(echo "$out" | sed -n '/"end":/,$p')
	# There is a sum for each direction and end.  The worst of them counts.
	lost=$(echo "$out" | sed -n '/"sum/,$p' | sed -n "$one" | sort -g | tail -n 1)
	echo "8 Mbit/s each way, at most ${lost:-no} % lost"
	awk -v l="${lost:-100}" 'BEGIN { exit !(l <= 15) }'
}

# tcp_both ADDRESS SECONDS: TCP in both directions at once.
tcp_both()
{
	local out to from

	out=$(timeout $(($2 + 20)) iperf3 -c "$1" -t "$2" --bidir -J 2>&1) ||
		{ echo "$out" | grep '"error"' || echo "iperf3 did not end"; return 1; }
	out=$(echo "$out" | sed -n '/"end":/,$p')
	to=$(echo "$out" | iperf_rate sum_received)
	from=$(echo "$out" | iperf_rate sum_received_bidir_reverse)
	echo "$to Mbit/s to the guest, $from Mbit/s from it"
	[ "${to%.*}" -ge "${TCP_FLOOR:-1}" ] && [ "${from%.*}" -ge "${TCP_FLOOR:-1}" ]
}

# transfer_to GUEST ADDRESS MIB [OPTIONS]: sends from dom0 to the guest, which compares every byte.
# OPTIONS is a number of bytes of IPv6 options in each packet.
transfer_to()
{
	local seq out

	seq=$(guest "$1" spawn "timeout 90 labtool receive 5300 $3 1") || return 1
	timeout 90 labtool send "$2" 5300 "$3" 1 ${4:+"$4"} || return 1
	guest "$1" wait "$seq" 30
}

# transfer_from GUEST ADDRESS MIB [OPTIONS]: sends from the guest to dom0 (ADDRESS), which compares every
# byte.
transfer_from()
{
	local out pid

	timeout 90 labtool receive 5301 "$3" 2 >/run/lab/from &
	pid=$!
	out=$(guest "$1" run "timeout 90 labtool send $2 5301 $3 2 ${4:-}" 100) || { echo "$out"; kill $pid; return 1; }
	wait $pid || { cat /run/lab/from; return 1; }
	cat /run/lab/from
}

# transfer_between FROM TO ADDRESS MIB: sends from one guest to the other, which has ADDRESS and compares
# every byte.
transfer_between()
{
	local seq out

	seq=$(guest "$2" spawn "timeout 90 labtool receive 5300 $4 1") || return 1
	guest "$1" run "timeout 60 labtool send $3 5300 $4 1" 70 ||
		{ out=$(guest "$2" wait "$seq" 40); echo "${out:-$4 MiB did not get through in 60 s}"; return 1; }
	guest "$2" wait "$seq" 20
}

# checksums GUEST IF THEIRS THEIRS6 VIF BRIDGE: captures TCP and UDP frames on both sides, once with
# the senders' checksum offload on and once off.  A frame that the receiver's driver did not mark as
# partial must have a right checksum.  GRO is off, because it would merge the frames.
checksums()
{
	local g=$1 ifname=$2 theirs=$3 theirs6=$4 vif=$5 bridge=$6 fd line out id rc=0 mode

	id=$(guest "$g" run "ethtool -K $ifname gro off >/dev/null; labtool capture $ifname >/tmp/cap 2>&1 & echo \$!" | tail -n 1)
	exec {fd}< <(exec labtool capture "$vif")
	local pid=$!
	read -r -u "$fd" -t 10 line
	[ "$line" = started ] || { echo "no capture on $vif: $line"; return 1; }
	for mode in on off; do
		ethtool -K "$vif" tx "$mode" >/dev/null 2>&1
		[ "$mode" = on ] || ethtool -K "$bridge" tx off >/dev/null 2>&1
		guest "$g" run "ethtool -K $ifname tx $mode" >/dev/null 2>&1
		iperf3 -c "$theirs" -n 1M >/dev/null 2>&1
		iperf3 -c "$theirs" -n 1M -R >/dev/null 2>&1
		iperf3 -c "$theirs" -u -b 4M -l 1000 -n 200K --bidir >/dev/null 2>&1
		# Linux netfront cannot switch its IPv4 offload off, so the second round uses IPv6.
		theirs=$theirs6
	done
	ethtool -K "$vif" tx on >/dev/null 2>&1
	ethtool -K "$bridge" tx on >/dev/null 2>&1
	guest "$g" run "ethtool -K $ifname tx on gro on" >/dev/null 2>&1
	kill "$pid"
	while read -r -u "$fd" -t 10 line; do
		echo "from guest: $line" >&2
		out=$line
	done
	exec {fd}<&-
	capture_holds "$out" || rc=1
	line=$(guest "$g" run "kill $id; while kill -0 $id 2>/dev/null; do sleep 0.1; done; cat /tmp/cap")
	echo "in guest: $line" >&2
	line=$(echo "$line" | tail -n 1)
	capture_holds "$line" || rc=1
	echo "seen in dom0: $out; in the guest: $line"
	return $rc
}

# options6 GUEST: TCP after so many IPv6 options that its header is not in the first 256 bytes.
options6()
{
	check options6-to-guest transfer_to "$1" fd77::2 4 176
	check options6-from-guest transfer_from "$1" fd77::1 4 176
}

# capture_holds LINE: true if a capture found no wrong checksum, and checked enough of them to show it.
capture_holds()
{
	local frames=0 checked=0 bad=1

	eval "$(echo "$1" | grep -oE '(frames|checked|bad)=[0-9]*')"
	[ "$frames" -gt 100 ] && [ "$checked" -gt 50 ] && [ "$bad" = 0 ]
}

# traffic_table GUEST: every kind of traffic over both VIFs.
# traffic_short GUEST: each kind once, for the pairing of the kernel's drivers.
traffic_short()
{
	local g=$1 id

	id=$(guest_id "$g")
	check ping4-64k ping_check 10.77.0.2 -c 3 -i 0.2 -s 65000
	check ping6-9000 ping_check fd79::2 -c 3 -i 0.2 -s 8000
	iperf_server "$g" || not_ok iperf-server "no iperf3 in the guest"
	check tcp4-both tcp_both 10.77.0.2 1
	check udp6-both udp_check fd77::2 1400
	check transfer-to-guest transfer_to "$g" 10.77.0.2 16
	check transfer-from-guest transfer_from "$g" 10.77.0.1 16
	options6 "$g"
	check blank-checksums checksums "$g" eth0 10.77.0.2 fd77::2 "vif$id.0" xenbr0
}

traffic_table()
{
	local g=$1 id m a six if0

	id=$(guest_id "$g")
	for m in 1500:77 9000:79; do
		a=10.${m#*:}.0.2
		six=fd${m#*:}::2
		m=${m%:*}
		check "ping4-$m" ping_check "$a" -c 4 -i 0.2
		check "ping6-$m" ping_check "$six" -c 4 -i 0.2
		check "ping4-64k-$m" ping_check "$a" -c 3 -i 0.2 -s 65000
		check "ping6-64k-$m" ping_check "$six" -c 3 -i 0.2 -s 65000
	done
	iperf_server "$g" || not_ok iperf-server "no iperf3 in the guest"
	for m in 1500:77 9000:79; do
		a=10.${m#*:}.0.2
		six=fd${m#*:}::2
		m=${m%:*}
		check "tcp4-to-guest-$m" tcp_check "$a" 1
		check "tcp4-from-guest-$m" tcp_check "$a" 1 -R
		check "tcp6-both-$m" tcp_both "$six" 1
		check "udp4-both-$m" udp_check "$a" $((m - 100))
		check "udp6-both-$m" udp_check "$six" $((m - 100))
	done
	check transfer-to-guest transfer_to "$g" 10.77.0.2 "${TRANSFER_MIB:-64}"
	check transfer-from-guest transfer_from "$g" 10.77.0.1 "${TRANSFER_MIB:-64}"
	options6 "$g"
	if0=$(guest "$g" run 'if_by_mac 00:16:3e:77:00:01')
	check blank-checksums checksums "$g" "$if0" 10.77.0.2 fd77::2 "vif$id.0" xenbr0
}

# ---- streams that go on while something else happens ---------------------------------------------

stream_pause=60000	# microseconds after 64 KiB of a stream
declare -A stream=()	# of each guest: the receiver's number and the sender's process, and the other way; bytes

# streams_start GUEST ADDRESS PORT: starts a TCP connection in either direction, to ADDRESS in the guest and from it,
# and returns once both move.  Their ends compare every byte.  The pauses leave time for what is tested: without them
# the streams take all of an emulated processor, and each step minutes.
streams_start()
{
	local g=$1

	stream[$g.to]=$(guest "$g" spawn "labtool collect $3 $3") || return 1
	labtool stream "$2" "$3" "$3" $stream_pause >"/run/lab/$g.to" 2>&1 &
	stream[$g.to.pid]=$!
	labtool collect $(($3 + 1)) "$3" >"/run/lab/$g.from" 2>&1 &
	stream[$g.from.pid]=$!
	stream[$g.from]=$(guest "$g" spawn "echo \$\$ >/run/stream.pid
		exec labtool stream 10.77.0.1 $(($3 + 1)) $3 $stream_pause") || return 1
	streams_mark "$g"
	eventually 60 streams_move "$g" || { echo "nothing moves"; return 1; }
}

# streams_mark GUEST...: notes what the devices of their first VIFs have moved.
streams_mark()
{
	local g s

	for g; do
		s=/sys/class/net/vif$(guest_id "$g").0/statistics
		stream[$g.tx]=$(<"$s/tx_bytes")
		stream[$g.rx]=$(<"$s/rx_bytes")
	done
}

# streams_move GUEST: true if the device has moved 128 KiB each way since.
streams_move()
{
	local s

	s=/sys/class/net/vif$(guest_id "$1").0/statistics
	[ "$(<"$s/tx_bytes")" -gt $((stream[$1.tx] + (128 << 10))) ] &&
		[ "$(<"$s/rx_bytes")" -gt $((stream[$1.rx] + (128 << 10))) ]
}

# stream_to_ends GUEST: ends the stream to the guest; all that was sent has arrived, in one connection.
stream_to_ends()
{
	local pid=${stream[$1.to.pid]} got

	kill "$pid" 2>/dev/null
	eventually 90 process_ended "$pid" || { echo "does not end"; return 1; }
	got=$(guest "$1" wait "${stream[$1.to]}" 60)
	all_arrived "$(<"/run/lab/$1.to")" "$got"
}

# stream_from_ends GUEST: does the same for the stream from the guest.
stream_from_ends()
{
	local pid=${stream[$1.from.pid]} sent

	# shellcheck disable=SC2016 # the guest's shell
	guest "$1" run 'kill $(cat /run/stream.pid)' >/dev/null
	sent=$(guest "$1" wait "${stream[$1.from]}" 90)
	eventually 90 process_ended "$pid" || { echo "does not end, $sent"; return 1; }
	all_arrived "$sent" "$(<"/run/lab/$1.from")"
}

all_arrived()
{
	echo "${1:-nothing was sent}; ${2:-nothing arrived}"
	[[ $1 == *" blocks sent" ]] && [ "$2" = "${1% sent}, every byte right" ]
}
