# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# needs: netbackd netfrontd netpair
# boot: traffic
# seconds: 400
#
# pair - every kind of traffic, netfrontd <-> netbackd; and what the tool netpair says of it, which only here can
# ask a hypervisor.
two_bridges
check backend back_start netbackd || give_up "no backend"
traffic_guest g1 pv netfrontd
traffic_table g1

# prints PATTERN COMMAND...: a line that the command prints matches.
prints()
{
	local out

	out=$("${@:2}" 2>&1) || { echo "$out"; return 1; }
	grep -E -m 1 -- "$1" <<<"$out" || { echo "$out"; return 1; }
}

vif=vif$(guest_id g1).0
check tool-check netpair check
check tool-xen prints '^ok +Xen: 4\.' netpair check
check tool-grants prints '^ok +grant table of this domain: [0-9]+ of [0-9]+ frames' netpair check
check tool-channels prints '^ok +event channels of this domain: [1-9]' netpair check
check tool-list prints "^$vif +g1 +$vif +Connected +mask " netpair list
check tool-by-guest prints "^$vif +g1" netpair list g1
check tool-locked prints 'Seccomp 2' netpair show "$vif"
check tool-metrics prints "^netpair_vif_packets_total.vif=\"$vif\",queue=\"0\",direction=\"from_guest\". [1-9]" netpair stats --prometheus
# The second table has the processor's shares, also that of the guest.
check tool-top prints "^$vif +g1 .* [0-9.]+ +[0-9.]+\$" netpair top -b -n 2
check tool-drops prints "^$vif" netpair drops "$vif"
