# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd netfrontd
# boot: host-2
# seconds: 400
#
# limits - what the toolstack and the guest can ask of a connection: the rate, which is kept within 5 %
# over 10 s, the multicast filter, and every option of a vif line that concerns a backend.

# on_wire: prints the bytes that the guest sent so far, as they would be on a wire: large segments are
# split there into frames of 1,448 bytes, each with 66 bytes of headers.
on_wire()
{
	local payload

	payload=$(($(counter gtx_bytes) - $(counter gtx_packets) * 66))
	echo $((payload + payload / 1448 * 66))
}

# carried VIF SECONDS: prints the bytes a second that the guest sent, by netbackd's counters: the least and the
# most that it can have been, as netbackd reads its counters at some time between the signal and its log line.
carried()
{
	local from bytes before0 after0 before1 after1

	before0=${EPOCHREALTIME/./}
	counters "$1" || return 1
	after0=${EPOCHREALTIME/./}
	from=$(on_wire)
	sleep "$2"
	before1=${EPOCHREALTIME/./}
	counters "$1" || return 1
	after1=${EPOCHREALTIME/./}
	bytes=$(($(on_wire) - from))
	echo $((bytes * 1000000 / (after1 - before0))) $((bytes * 1000000 / (before1 - after0)))
}

# rate_holds VIF ADDRESS BYTES_PER_SECOND: the guest's TCP stream uses the allowed rate and no more.
rate_holds()
{
	local pid least=0 most=0 try

	timeout 60 iperf3 -c "$2" -R -t 50 >/run/lab/rate.iperf 2>&1 &
	pid=$!
	sleep 2
	# An emulated guest may need a second try to use the rate, but it must never exceed it.
	for try in 1 2 3; do
		read -r least most < <(carried "$1" 10) || break
		[ "$((most * 100))" -lt "$(($3 * 95))" ] || break
	done
	kill "$pid"
	wait "$pid"
	echo "$least to $most bytes/s of $3 allowed, try $try"
	[ "$((most * 100))" -ge "$(($3 * 95))" ] && [ "$((least * 100))" -le "$(($3 * 105))" ]
}

# rated GUEST FRONT NET: a guest with a rate of 16 Mb/s, which is raised to 24 Mb/s while it sends.
rated()
{
	local g=$1 front=$2 address=10.77.0.1$3 id

	check "$front-create" guest_create "$g" pv "$front" \
		"mac=00:16:3e:77:0$3:01,bridge=xenbr0,rate=16Mb/s" || return
	id=$(guest_id "$g")
	check "$front-up" guest "$g" run "netup_check 00:16:3e:77:0$3:01 1500 $front $address/24" || return
	iperf_server "$g" || not_ok "$front-iperf" "no iperf3 in the guest"
	note "xl wrote rate=$(xs "/local/domain/0/backend/vif/$id/0/rate")"
	check "$front-rate" rate_holds "vif$id.0" "$address" 2000000
	xenstore-write "/local/domain/0/backend/vif/$id/0/rate" 150000,50000
	check "$front-rate-raised" rate_holds "vif$id.0" "$address" 3000000
	xenstore-write "/local/domain/0/backend/vif/$id/0/rate" many
	check "$front-rate-malformed" eventually 5 grep -q "error: backend key rate .* vif=vif$id.0 " /lab/netbackd.log
}

# attached: the second VIF has what the options of xl network-attach asked for.
attached()
{
	local be=/local/domain/0/backend/vif/$id/1

	echo "lan7: $(cat /sys/class/net/lan7/mtu /sys/class/net/lan7/brport/bridge/uevent 2>&1 | tr '\n' ' ')"
	[ "$(cat /sys/class/net/lan7/mtu)" = 4000 ] && bridge link show dev lan7 | grep -q xenbr9 &&
		xs_is "$be/rate" 1000000,50000 && xs_is "$be/mac" 00:16:3e:77:05:02 &&
		[ "$(vif_states "$id" 1)" = 4/4 ]
}

# multicast VIF NAME N: N multicast pings increase the counter NAME by at least N.
multicast()
{
	local from

	counters "$1" || return 1
	from=$(counter "$2")
	ping -q -c "$3" -i 0.05 -W 1 -I xenbr0 239.7.7.7 >/dev/null 2>&1
	counters "$1" || return 1
	echo "$2 $from -> $(counter "$2")"
	[ "$(counter "$2")" -ge $((from + $3)) ]
}

# joins VIF: true if the guest has changed its list since $joined was read.
joins()
{
	counters "$1" && [ "$(counter gtx_mcast)" -gt "$joined" ]
}

two_bridges
echo 0 >/sys/class/net/xenbr0/bridge/multicast_snooping
check backend back_start netbackd --log-level=debug || give_up "no backend"
before=$(counts)
rated g1 kernel 4
id=$(guest_id g1)
vif=vif$id.0

# The guest asks for the filter.  Linux netfront never does, so its xenstore key is written by hand.
check filter-off multicast "$vif" grx_packets 10
guest g1 run "xenstore-write device/vif/0/request-multicast-control 1" >/dev/null
check filter-asked eventually 5 grep -q "multicast filter vif=$vif on=1" /lab/netbackd.log
check filter-drops multicast "$vif" grx_drop_mcast 10
check filter-unicast ping_check 10.77.0.14 -c 3 -i 0.2
guest g1 run "xenstore-write device/vif/0/request-multicast-control 0" >/dev/null
check filter-given-up eventually 5 grep -q "multicast filter vif=$vif on=0" /lab/netbackd.log
check filter-passes multicast "$vif" grx_packets 10
xl destroy g1

# netfrontd asks for the groups that were joined in its guest, and for no others.
GUEST_EXTRA=netpair.args=--multicast-control rated g2 netfrontd 5
id=$(guest_id g2)
check joined-none multicast "vif$id.0" grx_drop_mcast 10
joined=$(counter gtx_mcast)
guest g2 run 'ip addr add 239.7.7.7/32 dev eth0 autojoin' >/dev/null
check joined-sent eventually 10 joins "vif$id.0"
check joined-one multicast "vif$id.0" grx_packets 10
check attach-all xl network-attach g2 mac=00:16:3e:77:05:02 bridge=xenbr9 mtu=4000 vifname=lan7 \
	rate=20MB/s@50ms ip=10.79.0.15 backend=0 script=vif-bridge type=vif model=e1000
check attach-up guest g2 run 'netup_check 00:16:3e:77:05:02 4000 netfrontd 10.79.0.15/24'
check attach-has attached
check attach-ping ping_check 10.79.0.15 -c 3 -i 0.2 -s 3900
check detach xl network-detach g2 1
check detach-gone eventually 10 test ! -e /sys/class/net/lan7
xl destroy g2
check all-gone gone "$before" 20
