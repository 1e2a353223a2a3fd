# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd netfrontd
# boot: host
# seconds: 400
#
# driver-domain - a PV guest as driver domain, with a bridge and netbackd --hotplug, without xl devd, and
# two clients: one with Linux netfront, one with netfrontd.
#
# - vif-bridge and vif-route are Xen's, unmodified.  Clients reach each other over the bridge and over
#   the routes.
# - netbackd is killed and started again: the clients lose a few pings, and no script runs.
# - The driver domain is destroyed and started again, three times.  The new one has another number, and
#   the backend directories went with the old one, so dom0 detaches the VIFs and attaches them, as
#   netbackd(8) says.  In the clients nobody does anything: what configures their network does so
#   whenever a device appears.
# - A client is destroyed: its scripts run with offline, then its directories and devices go.

# netdom_start: creates the driver domain, which serves VIFs when this returns.
netdom_start()
{
	GUEST_CONFIG='driver_domain = 1' guest_create netdom pv none &&
		guest netdom run 'netdom_up 10.77.0.1/24 --hotplug'
}

bridged() { echo "mac=00:16:3e:77:00:0$1,bridge=xenbr0,backend=netdom"; }
routed() { echo "mac=00:16:3e:77:01:0$1,ip=10.80.0.$1,gatewaydev=xenbr0,script=vif-route,backend=netdom"; }

# client GUEST FRONT NUMBER: creates it with a bridged and a routed VIF.
client()
{
	GUEST_MEMORY=256 check "$2-create" guest_create "$1" pv "$2" "$(bridged "$3")" "$(routed "$3")" ||
		give_up "no client"
	guest "$1" run "keep_addresses 00:16:3e:77:00:0$3=10.77.0.$3/24 00:16:3e:77:01:0$3=10.80.0.$3/24 &"
}

# reached FROM ADDRESS: waits until a ping is answered; then none may be lost.
reached()
{
	guest "$1" run "for i in \$(seq 25); do ping -q -c 1 -W 1 $2 >/dev/null 2>&1 && break; sleep 0.2; done
		ping -q -c 3 -i 0.2 -W 5 $2 | grep ' 0% packet loss'"
}

# all_reached NAME MIB [routed]: checks pings and content over the bridge, and over the routes.
all_reached()
{
	check "$1-bridged" reached g1 10.77.0.3
	check "$1-content" transfer_between g1 g2 10.77.0.3 "$2"
	[ -n "${3:-}" ] || return 0
	check "$1-routed" reached g2 10.80.0.2
	check "$1-content-routed" transfer_between g2 g1 10.80.0.2 "$2"
}

# attached_again GUEST VIF...: detaches the VIFs that the guest has and attaches these.
attached_again()
{
	local g=$1 vif keys

	shift
	for vif in $(xenstore-list "/local/domain/$(guest_id "$g")/device/vif"); do
		xl network-detach "$g" "$vif" || return 1
	done
	for vif; do
		IFS=, read -ra keys <<<"$vif"
		xl network-attach "$g" "${keys[@]}" || return 1
	done
	echo "has $# VIFs again"
}

# restarted: kills netbackd in the driver domain, under a ping between the clients, and starts it again.
restarted()
{
	local seq

	seq=$(guest g1 spawn 'ping -q -i 0.2 -c 40 10.77.0.3') || return 1
	# shellcheck disable=SC2016 # the guest's shell
	guest netdom run 'kill -KILL "$(cat /run/netbackd.pid)"; netdom_start --hotplug
		grep -c "script starts" /run/netbackd.log' >/run/lab/scripts || return 1
	guest g1 wait "$seq" 40 >/run/lab/ping
	guest netdom run 'grep -c adopted /run/netbackd.log' >/run/lab/adopted || return 1
	echo "$(ping_loss /run/lab/ping 25), $(</run/lab/adopted) VIFs adopted, $(</run/lab/scripts) scripts were run in all"
	ping_loss /run/lab/ping 25 >/dev/null && [ "$(</run/lab/adopted)/$(</run/lab/scripts)" = 4/4 ]
}

check create netdom_start || give_up "no driver domain"
client g1 kernel 2
client g2 netfrontd 3
all_reached first 4 routed
check killed restarted
for n in 1 2 3; do
	check "destroy-$n" xl destroy netdom
	check "netfrontd-closed-$n" xs_becomes 10 "/local/domain/$(guest_id g2)/device/vif/0/state" 6
	check "again-$n" netdom_start || give_up "no driver domain"
	[ $n != 3 ] || routed=routed
	check "kernel-attach-$n" attached_again g1 "$(bridged 2)" ${routed:+"$(routed 2)"}
	check "netfrontd-attach-$n" attached_again g2 "$(bridged 3)" ${routed:+"$(routed 3)"}
	all_reached "again-$n" 1 "${routed:-}"
done

# A client that ends.
id=$(guest_id g1)
check client-destroy xl destroy g1
check client-gone xs_wait 20 "/local/domain/$(guest_id netdom)/backend/vif" \
	xs_gone "/local/domain/$(guest_id netdom)/backend/vif/$id"
check client-device-gone guest netdom run "ls /sys/class/net; [ ! -e /sys/class/net/vif$id.0 ] && [ ! -e /sys/class/net/vif$id.1 ] &&
	[ \$(grep -c 'script ended vif=vif$id.* action=offline' /run/netbackd.log) = 2 ]"
xl destroy netdom
