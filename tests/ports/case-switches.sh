# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Real switches.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, L, expect, code: tests/e2e/lib.sh

# ovs_lab: Open vSwitch, netbackd, and a guest whose VIF 0 is at the port p0.
ovs_lab()
{
	lab_start
	{ ovs_start && ovs_port p0 && start_back && start_front && attach_port 0 p0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check has-switch await 30 has_switch vif1.0 && check pings pings 10.79.0.1
}

# both_ways MIB: every byte is right.
both_ways() { transfer_from 10.79.0.1 "$1" && transfer_to 10.79.0.2 "$1"; }

case_ovs()
{
	have_dpdk || return
	ovs_lab || return
	check transfers both_ways 8
	check tap-has-no-carrier test "$(in0 cat /sys/class/net/vif1.0/carrier 2>/dev/null || echo 0)" = 0
	# Two guests at one bridge.
	{ ovs_port p1 && guest_new g2 && ns2=$(netns_of g2) &&
		"$X" exec g2 -- "$BIN/netfrontd" --run-dir="$L/run-front2" 2>>"$L/front2.log" & } 2>"$TOP/out"
	helper $!
	await 10 test -e "/run/netns/xensim-e2e$$-$lab-g2"
	check second-guest second_at_port
	check guest-to-guest pings 10.79.0.3
}

second_at_port()
{
	local ns2

	ns2=$(netns_of g2)
	x attach-vif 0 g2 0 --hotplug port="vhost-user:$(socket_of p1)" && connected 2 0 || return
	nsenter --net="$ns2" ip -b - <<-END
		link set eth0 up
		addr replace 10.79.0.3/24 dev eth0
	END
	await 30 has_switch vif2.0
}

# goes_on: the guest reaches the bridge, and bytes arrive whole.
goes_on() { pings 10.79.0.1 && transfer_from 10.79.0.1 1; }

case_ovs_kills()
{
	have_dpdk || return
	expect='data process of a guest ended'
	ovs_lab || return
	# Everything dies in turn, while the guest sends.
	nsenter --net="$ns1" ping -i 0.01 10.79.0.1 >"$L/ping.kills" 2>&1 &
	helper $!
	switchd_kill
	check switch-is-missed await 20 has_none vif1.0
	check drops-are-counted await 20 drops_counted
	switchd_start >"$TOP/out" 2>&1
	verdict "$CASE/switch-restarts" $? "$(cat "$TOP/out")"
	check after-the-switch goes_on
	data_of 1 | xargs -r kill -KILL
	check after-the-data-process goes_on
	crash "$BACK"
	check without-control pings 10.79.0.1
	start_back >"$TOP/out" 2>&1
	check after-control goes_on
	check switch-is-known await 20 has_switch vif1.0
	kill9 "$BACK"
	start_back >"$TOP/out" 2>&1
	check after-both goes_on
}
drops_counted() { [ "$(counter vif1.0 gtx_drop_port)" -gt 0 ]; }

# --- testpmd -------------------------------------------------------------------------------------------

# testpmd_start NAME QUEUES: swaps the addresses of each frame that comes from the socket of that name, and sends it back.
testpmd_start()
{
	# shellcheck disable=SC2086 # words are meant
	nsenter --net="$ns0" dpdk-testpmd $DPDK -l 0,1 --file-prefix="p$$" \
		--vdev "net_vhost0,iface=$(socket_of "$1"),client=1,queues=$2" -- \
		--forward-mode=icmpecho --rxq="$2" --txq="$2" --stats-period 1 --total-num-mbufs=4096 </dev/null >"$L/testpmd.log" 2>&1 &
	helper $!
}

case_testpmd()
{
	have_dpdk || return
	lab_start
	{ start_back && start_front && attach_port 0 p0 && testpmd_start p0 1; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check has-switch await 60 has_switch vif1.0
	# testpmd answers ARP and echo requests for any address.
	check pings pings 10.79.0.77
	check large-pings in1 ping -c 5 -i 0.01 -s 1400 -w 20 10.79.0.77
}
