# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd netfrontd
# boot: host-2
# seconds: 300
#
# queues - several queues carry traffic, and a connection keeps them when netbackd is killed and started
# again.
# - A Linux guest with two processors has two queues, with two channels each.
# - netfrontd has four, with one channel and an event mask for all of them, static grants, its own hash and
#   table, and no grant operation per packet.

# streams ADDRESS [-R]: eight TCP streams, so that each queue carries some.
streams()
{
	tcp_check "$1" 2 -P 8 "${@:2}"
}

# spread VIF QUEUES: true if every queue carried packets both ways, and the peer broke no rule.
spread()
{
	local q gtx grx seen='' rc=0

	counters "$1" || return 1
	for ((q = 0; q < $2; q++)); do
		gtx=$(counter gtx_packets "$q") grx=$(counter grx_packets "$q")
		seen+="queue $q gtx $gtx grx $grx; "
		[ "$gtx" -gt 10 ] && [ "$grx" -gt 10 ] || rc=1
	done
	echo "$seen"
	[ "$(counter gtx_packets "$2")$(counter peer_faults)" = 00 ] && return $rc
}

# bound VIF PATTERN: true if netbackd's last log line about the VIF's connection matches.
bound()
{
	grep -E "(connected|adopted) vif=$1 " /lab/netbackd.log | tail -n 1 | cut -d' ' -f 2-
	grep -E "(connected|adopted) vif=$1 " /lab/netbackd.log | tail -n 1 | grep -q "$2"
}

# channels_with DOMID: prints the number of event channels between dom0 and the guest, including those of
# xenstore and the console.
channels_with()
{
	$lsevtchn 0 | grep -cE "Interdomain .*[Dd]omain $1( |,|\$)"
}

# cheap VIF: true if there was no grant operation, and at most one signal for ten packets, since $ops_before
# and the others were read.
cheap()
{
	local ops packets signals

	counters "$1" || return 1
	ops=$(($(counter grant_ops) - ops_before))
	packets=$(($(counter gtx_packets) + $(counter grx_packets) - packets_before))
	signals=$(($(counter notify_sent) + $(counter notify_received) - signals_before))
	echo "$packets packets, $ops grant operations, $signals signals sent and received"
	[ "$packets" -gt 1000 ] && [ "$ops" = 0 ] && [ $((signals * 10)) -le "$packets" ]
}

# hashed GUEST: true if netfrontd counted frames with a hash, and all came on the queue that the table says.
hashed()
{
	local line

	line=$(guest "$1" run front_counters | grep -o 'grx_[a-z_]*=[0-9]*' | tr '\n' ' ')
	echo "$line"
	case $line in *grx_hash_wrong_queue=*) return 1 ;; *grx_hashed=*) ;; *) return 1 ;; esac
}

# outlives NAME GUEST ADDRESS PATTERN [OPTION]: transfers both ways, kills netbackd, starts it again with
# OPTION, and transfers again over the same connection.
outlives()
{
	check "$1-transfer-to" transfer_to "$2" "$3" 16
	check "$1-transfer-from" transfer_from "$2" 10.77.0.1 16
	netbackd_stop KILL 5 >/dev/null
	check "$1-restart" back_start netbackd ${5:+"$5"}
	check "$1-resumed" bound "vif$id.0" "adopted .*$4"
	check "$1-transfer-after" transfer_to "$2" "$3" 16
	check "$1-state" xs_is "/local/domain/$id/device/vif/0/state" 4
}

two_bridges
check backend back_start netbackd --max-queues=4 || give_up "no backend"
before=$(counts)
GUEST_VCPUS=2 check linux-create guest_create g1 pv kernel 'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
id=$(guest_id g1)
check linux-up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24' || give_up "no network"
check linux-asks xs_is "/local/domain/$id/device/vif/0/multi-queue-num-queues" 2
check linux-has bound "vif$id.0" 'channels=split .*queues=2'
iperf_server g1 || not_ok iperf-server "no iperf3 in the guest"
check linux-to-guest streams 10.77.0.2
check linux-from-guest streams 10.77.0.2 -R
check linux-spread spread "vif$id.0" 2
# The connection keeps its queues also if the next netbackd offers only one.
outlives linux-fewer g1 10.77.0.2 'queues=2' --max-queues=1
outlives linux g1 10.77.0.2 'queues=2' --max-queues=4
xl destroy g1

GUEST_EXTRA=netpair.args=--queues=4,--rss check pair-create guest_create g2 pv netfrontd \
	'mac=00:16:3e:77:00:02,bridge=xenbr0' || give_up "no second guest"
id=$(guest_id g2)
check pair-up guest g2 run 'netup_check 00:16:3e:77:00:02 1500 netfrontd 10.77.0.3/24' || give_up "no network"
check pair-has bound "vif$id.0" 'channels=mask .*queues=4'
check pair-mask xenstore-exists "/local/domain/$id/device/vif/0/event-mask-ref"
note "channels between dom0 and the guest, console and store among them: $(channels_with "$id")"
iperf_server g2 || not_ok iperf-server "no iperf3 in the guest"
check pair-registered guest g2 run 'grep -m 1 "static grants" /run/netfrontd.log'
check pair-hashes guest g2 run 'grep -m 1 "the backend hashes" /run/netfrontd.log'
counters "vif$id.0"
ops_before=$(counter grant_ops)
packets_before=$(($(counter gtx_packets) + $(counter grx_packets)))
signals_before=$(($(counter notify_sent) + $(counter notify_received)))
check pair-to-guest streams 10.77.0.3
check pair-from-guest streams 10.77.0.3 -R
note "the queue of vif$id.0 dropped $(cat "/sys/class/net/vif$id.0/statistics/tx_dropped") frames"
check pair-cheap cheap "vif$id.0"
check pair-spread spread "vif$id.0" 4
outlives pair g2 10.77.0.3 'channels=mask .*queues=4' --max-queues=4
check pair-hashed hashed g2
xl destroy g2
check all-gone gone "$before" 20
