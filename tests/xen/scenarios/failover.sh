# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154,SC2016 # variables of lib/; the guest's shell
# needs: netbackd
# boot: host
# seconds: 400
#
# failover - vif-failover in a guest: a bond of its VIF and of a second device with the same address, which is pulled and put
# back under TCP in both directions.  A second VIF plays the virtual function of a NIC.  No byte and no connection is lost.
mac=00:16:3e:77:00:01

# carries DEVICE: it is the one that carries the frames.
carries() { [ "$(guest g1 run 'cat /sys/class/net/bond0/bonding/active_slave')" = "$1" ]; }

# moves VIF: its device has moved 128 KiB each way from now on.
moves()
{
	local s tx rx

	s=/sys/class/net/vif$(guest_id g1).$1/statistics
	tx=$(<"$s/tx_bytes") rx=$(<"$s/rx_bytes")
	eventually 90 moved "$s" $((tx + (128 << 10))) $((rx + (128 << 10)))
}
moved() { [ "$(<"$1/tx_bytes")" -gt "$2" ] && [ "$(<"$1/rx_bytes")" -gt "$3" ]; }

bond_has()
{
	guest g1 run 'ip -o addr show dev bond0; ip route show dev bond0; ip -o addr show dev eth0 scope global' >/run/lab/bond
	grep -q ' 10.77.0.2/24 ' /run/lab/bond && grep -q ' fd77::2/64 ' /run/lab/bond && grep -q '^10.99.0.0/16 via 10.77.0.1' /run/lab/bond &&
		! grep -q ': eth0 ' /run/lab/bond || { cat /run/lab/bond; return 1; }
}

two_bridges
check backend back_start netbackd || give_up "no backend"
check create guest_create g1 pv kernel "mac=$mac,bridge=xenbr0" || give_up "no guest"
check up guest g1 run "netup_check $mac 1500 kernel 10.77.0.2/24 fd77::2/64 && ip route add 10.99.0.0/16 via 10.77.0.1" ||
	give_up "no network in the guest"
check bonding guest g1 run 'modprobe bonding max_bonds=0' || give_up "no bonding"
guest g1 spawn 'exec bash /bin/vif-failover eth0 >/run/failover.log 2>&1' >/dev/null
check bond eventually 60 carries eth0
check has-addresses-and-routes eventually 30 bond_has
check streams streams_start g1 10.77.0.2 5400 || give_up "no streams"
for i in 1 2; do
	check "attached-$i" xl network-attach g1 "mac=$mac" bridge=xenbr0
	check "preferred-$i" eventually 60 carries eth1
	check "function-moves-$i" moves 1
	check "detached-$i" xl network-detach g1 1
	check "vif-carries-$i" eventually 60 carries eth0
	check "vif-moves-$i" moves 0
done
check to-guest stream_to_ends g1
check from-guest stream_from_ends g1
check still-has-them bond_has
guest g1 run 'cat /run/failover.log'
