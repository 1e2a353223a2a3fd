# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd
# boot: host
# seconds: 300
#
# macvtap - a guest with Linux netfront, unchanged, whose VIF is on a macvtap in dom0: the key port is written by a
# hotplug script before the VIF connects.  The NIC is one end of a veth pair; the other end is the network.
two_bridges
ip addr flush dev xenbr0
modprobe macvtap
wire() { ip netns exec wire "$@"; }
{ ip netns add wire && ip link add nic0 type veth peer name far0 netns wire && ip link set nic0 up &&
	wire ip link set far0 up && wire ip link set lo up && wire ip addr add 10.77.0.1/24 dev far0 &&
	wire ip addr add fd77::1/64 dev far0 nodad && ip link add link nic0 name mv0 type macvtap mode bridge &&
	ip link set mv0 address 00:16:3e:77:00:01 up; } || give_up "no macvtap"
cat >/etc/xen/scripts/vif-macvtap <<'END'
#!/bin/sh
[ "$1" != online ] || xenstore-write "$XENBUS_PATH/port" macvtap:mv0
exec /etc/xen/scripts/vif-bridge "$@"
END
chmod +x /etc/xen/scripts/vif-macvtap
check backend back_start netbackd || give_up "no backend"
check create guest_create g1 pv kernel 'mac=00:16:3e:77:00:01,bridge=xenbr0,script=vif-macvtap' || give_up "no guest"
check up guest g1 run "netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24 fd77::2/64" || give_up "no network in the guest"

answers() { eventually 20 wire ping -q -c 1 -W 1 "$1" >/dev/null 2>&1 && wire ping -q -c 3 -i 0.2 -W 5 "$1" | grep ' 0% packet loss'; }
to_guest()
{
	local seq

	seq=$(guest g1 spawn "labtool receive 5300 $1 1")
	wire labtool send 10.77.0.2 5300 "$1" 1 && guest g1 wait "$seq" 60
}
from_guest()
{
	local pid

	wire labtool receive 5301 "$1" 2 &
	pid=$!
	guest g1 run "labtool send 10.77.0.1 5301 $1 2" && wait $pid
}

error_says() { [[ "$(xs "/local/domain/0/backend/vif/$(guest_id g1)/0/error" 2>/dev/null)" == *"$1"* ]]; }

# Everything dies: the data process, then control.
killed_and_back()
{
	kill -KILL "$(pgrep -x "netbackd-$(guest_id g1)")"
	netbackd_stop KILL 5 >/dev/null
	back_start netbackd
}

check ping answers 10.77.0.2
check ping6 answers fd77::2
check to-guest to_guest 16
check from-guest from_guest 16
check killed killed_and_back
check ping-after-kill answers 10.77.0.2
check to-guest-after-kill to_guest 4
ip link del mv0
check deleted eventually 20 error_says 'mv0 is not there'
ip link add link nic0 name mv0 type macvtap mode bridge && ip link set mv0 address 00:16:3e:77:00:01 up
check made-anew answers 10.77.0.2
check from-guest-after from_guest 4
ip link del mv0
ip link del nic0
ip netns del wire
