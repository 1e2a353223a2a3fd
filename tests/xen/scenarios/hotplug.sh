# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# needs: netbackd netfrontd
# boot: host
# seconds: 400
#
# hotplug - xl network-attach and network-detach of a second VIF while traffic runs on the first: the
# first loses nothing, and the second works and is removed completely.  For a guest with Linux netfront and
# one with netfrontd, both on netbackd.

# no_gap FILE: true if no answer is missing before the last one that came.  Later ones may have been on
# their way when ping was ended.
no_gap()
{
	awk '/bytes from/ && match($0, /icmp_seq=[0-9]+/) {
		n = substr($0, RSTART + 9, RLENGTH - 9) + 0
		if (!(n in seen)) { seen[n] = 1; came++ }
		if (n > last) last = n
	}
	END { print last - came " of " last + 0 " lost"; exit last == 0 || last > came }' "$1"
}

hotplug()
{
	local g=$1 front=$2 net=$3 before ping stream

	check "$front-create" guest_create "$g" pv "$front" \
		"mac=00:16:3e:77:0$net:01,bridge=xenbr0" || return
	check "$front-up" guest "$g" run \
		"netup_check 00:16:3e:77:0$net:01 1500 $front 10.77.0.1$net/24" || return
	before=$(counts)
	ping -i 0.1 -W 10 "10.77.0.1$net" >"/run/lab/ping.$g" 2>&1 &
	ping=$!
	# A stream at a low rate: a faster one would take the processor time that xl and its scripts need.
	guest "$g" run 'iperf3 -s -D >/dev/null 2>&1' >/dev/null
	timeout 250 iperf3 -c "10.77.0.1$net" -b 4M -t 250 --bidir >"/run/lab/stream.$g" 2>&1 &
	stream=$!
	check "$front-attach" xl network-attach "$g" "mac=00:16:3e:77:0$net:02" bridge=xenbr9
	check "$front-second-up" guest "$g" run \
		"netup_check 00:16:3e:77:0$net:02 9000 $front 10.79.0.1$net/24"
	check "$front-second-ping" ping_check "10.79.0.1$net" -c 4 -i 0.2 -s 20000
	check "$front-detach" xl network-detach "$g" 1
	check "$front-all-gone" gone "$before" 20
	check "$front-gone-in-guest" guest "$g" run \
		"for i in \$(seq 50); do grep -q 77:0$net:02 /sys/class/net/*/address || exit 0; sleep 0.2; done; exit 1"
	check "$front-stream-alive" kill -0 "$stream"
	kill "$stream"
	kill -INT "$ping"
	wait "$ping"
	check "$front-no-loss" no_gap "/run/lab/ping.$g"
	check "$front-content" transfer_to "$g" "10.77.0.1$net" 16
	xl destroy "$g"
}

two_bridges
check backend back_start netbackd || give_up "no backend"
hotplug g1 kernel 2
hotplug g2 netfrontd 3
