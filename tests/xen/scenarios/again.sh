# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd netfrontd
# boot: host-2
# seconds: 300
#
# again - a device that is deleted, in dom0 or in a guest, is made again and its VIF works; a VIF that is
# detached and attached with another bridge while no netbackd runs gets a new device in that bridge.  For
# guests with Linux netfront and with netfrontd.

ifindex() { cat "/sys/class/net/$1/ifindex"; }

# is_new DEVICE IFINDEX: true if the device exists and has another ifindex.
is_new()
{
	local now

	now=$(ifindex "$1" 2>/dev/null) && [ -n "$now" ] && [ "$now" != "$2" ]
}

# deleted GUEST ADDRESS: deletes the device in dom0 and puts the new one into the bridge, as a person
# would.  The guest must not notice it.
deleted()
{
	local id vif was

	id=$(guest_id "$1")
	vif=vif$id.0
	was=$(ifindex "$vif")
	watch_states "$id" 0 /run/lab/states
	ip link del "$vif" || return 1
	eventually 10 is_new "$vif" "$was" || { echo "no new $vif"; return 1; }
	ip link set "$vif" master xenbr0 up
	ping -q -c 3 -i 0.2 -W 10 "$2" >/dev/null || { echo "no ping"; return 1; }
	transfer_to "$1" "$2" 8 || return 1
	grep -v '^4$' /run/lab/states && { echo "the frontend noticed"; return 1; }
	xs "/local/domain/0/backend/vif/$id/0/error" | grep 'was deleted .*detach and attach the VIF'
}

# deleted_in_guest GUEST MAC ADDRESS: deletes the device in the guest.  The guest connects anew.
deleted_in_guest()
{
	guest "$1" run "ip link del \$(if_by_mac $2); netup_check $2 1500 netfrontd $3/24" &&
		ping -q -c 3 -i 0.2 -W 10 "$3" >/dev/null && transfer_to "$1" "$3" 8
}

# attached_elsewhere GUEST: moves the second VIF from xenbr0 to xenbr9 while no netbackd runs.
attached_elsewhere()
{
	local id vif was xl

	id=$(guest_id "$1")
	vif=vif$id.1
	was=$(ifindex "$vif")
	netbackd_stop KILL 5 >/dev/null
	# No backend answers: xl waits for ten seconds, then removes the VIF by force.
	xl network-detach "$1" 1
	xl network-attach "$1" mac=00:16:3e:77:01:02 bridge=xenbr9 &
	xl=$!
	xs_wait 20 "/local/domain/0/backend/vif/$id" xs_is "/local/domain/0/backend/vif/$id/1/bridge" xenbr9 ||
		{ echo "not attached"; return 1; }
	back_start netbackd || return 1
	wait "$xl" || { echo "xl network-attach failed"; return 1; }
	is_new "$vif" "$was" || { echo "$vif is the old device"; return 1; }
	echo "$vif was $was, is $(ifindex "$vif") in $(basename "$(readlink "/sys/class/net/$vif/master")")"
	[ "$(basename "$(readlink "/sys/class/net/$vif/master")")" = xenbr9 ]
}

two_bridges
check backend back_start netbackd || give_up "no backend"
before=$(counts)
check linux-create guest_create g1 pv kernel 'mac=00:16:3e:77:00:02,bridge=xenbr0' || give_up "no guest"
check linux-up guest g1 run 'netup_check 00:16:3e:77:00:02 1500 kernel 10.77.0.2/24' || give_up "no network"
check linux-deleted deleted g1 10.77.0.2
check linux-attach xl network-attach g1 mac=00:16:3e:77:01:02 bridge=xenbr0
check linux-second-up guest g1 run 'netup_check 00:16:3e:77:01:02 1500 kernel 10.77.0.3/24'
check linux-attached-elsewhere attached_elsewhere g1
check linux-elsewhere-up guest g1 run 'netup_check 00:16:3e:77:01:02 9000 kernel 10.79.0.3/24'
check linux-elsewhere-ping ping -q -c 3 -i 0.2 -W 10 10.79.0.3
check linux-first-still ping -q -c 3 -i 0.2 -W 10 10.77.0.2
xl destroy g1

check pair-create guest_create g2 pv netfrontd 'mac=00:16:3e:77:00:04,bridge=xenbr0' || give_up "no second guest"
check pair-up guest g2 run 'netup_check 00:16:3e:77:00:04 1500 netfrontd 10.77.0.4/24' || give_up "no network"
check pair-deleted deleted g2 10.77.0.4
check pair-deleted-in-guest deleted_in_guest g2 00:16:3e:77:00:04 10.77.0.4
check pair-no-bad-state sh -c '! grep -i "bad state" /lab/netbackd.log'
xl destroy g2
check all-gone gone "$before" 20
