# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd
# boot: host-2
# seconds: 300
#
# takeover - a running guest with Linux netfront goes from the kernel's netback to netbackd and back, as
# netbackd(8) describes.  It loses few pings each time, and one TCP connection goes on all the while.

refuses_beside_kernel()
{
	local rc=0

	timeout 10 netbackd 2>/run/lab/err || rc=$?
	echo "status $rc: $(cat /run/lab/err)"
	[ "$rc" = 3 ] && grep -q take-over /run/lab/err
}

not_by_accident() { ! modprobe xen-netback 2>/dev/null && [ ! -e /sys/module/xen_netback ]; }

two_bridges
check kernel-first back_start kernel || give_up "no backend"
check create guest_create g1 pv kernel 'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
check up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24' || give_up "no network"
vif=vif$(guest_id g1).0
check refused-beside-kernel refuses_beside_kernel
ping -i 0.05 10.77.0.2 >/run/lab/ping 2>&1 &
ping=$!
guest g1 run 'iperf3 -s -D >/dev/null 2>&1' >/dev/null
timeout 250 iperf3 -c 10.77.0.2 -b 5M -t 240 >/run/lab/stream 2>&1 &
stream=$!

at=$(mark)
check take-over netbackd_start --take-over
check take-over-connected await_connected
check take-over-port is_port "$vif" xenbr0 netbackd
check take-over-quiet nothing_to_do "$(guest_id g1)"
check take-over-lost lost_since "$at" 40
check take-over-stream kill -0 "$stream"
check take-over-content transfer_to g1 10.77.0.2 8

# With the configuration file of netpair, the kernel's netback is not loaded by accident.
check unload modprobe -r xen-netback
mkdir -p /run/modprobe.d
cp "$LAB/modprobe.d/netbackd.conf" /run/modprobe.d/
check not-by-accident not_by_accident

# Go back to the kernel's netback, as the manual says.
rm /run/modprobe.d/netbackd.conf
at=$(mark)
check stop netbackd_stop TERM 10
for v in /sys/class/net/vif*; do
	v=${v##*/}
	echo "$v $(port_of "$v")"
	ip link del "$v"
done >/run/lab/ports
check load modprobe xen-netback
while read -r v bridge; do
	ip link set "$v" master "$bridge" up
done </run/lab/ports
check back-connected await_connected
check back-port is_port "$vif" xenbr0 kernel
check back-lost lost_since "$at" 100
check back-stream kill -0 "$stream"
check back-content transfer_to g1 10.77.0.2 8
kill "$stream" "$ping"
xl destroy g1
