# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Partial checksums that netif.h cannot express: it says that there is one, not where. Linux's
# drivers take it for that of the first TCP or UDP header, and see none behind a VLAN tag. So
# checksums in tunnels are filled in, and large tagged segments split, whatever was agreed. With an
# offload header they go as they are.
# shellcheck disable=SC2154,SC2153 # ns0, ns1, BACK: lib.sh

# tunnel NETNS DEVICE LOCAL REMOTE NUMBER: VXLAN over VIF 0.
tunnel()
{
	nsenter --net="$1" ip -b - <<-END
		link add tunnel type vxlan id 7 dev $2 local $3 remote $4 dstport 4789
		addr add 10.79.9.$5/24 dev tunnel
		link set tunnel up mtu 1400
	END
}

tunnel_moves()
{
	in0 ping -i 0.01 -c 10 -w 10 10.79.9.2 2>&1 | seen 10 0 >/dev/null &&
		transfer_to 10.79.9.2 "$1" && transfer_from 10.79.9.1 "$1"
}

case_tunnel()
{
	tunnel_case '' && lab_stop && tunnel_case plain- --without=header
}

# tunnel_case NAME OPTION...
tunnel_case()
{
	local name=$1

	shift
	lab_pair "$@" && attach 0 && tunnel "$ns0" vif1.0 10.79.0.1 10.79.0.2 1 && tunnel "$ns1" eth0 10.79.0.2 10.79.0.1 2
	verdict "$CASE/${name}connected" $? "" || return
	check "${name}moves" tunnel_moves "$(size 16 8)"
}

# cut_to NETNS: the eight frames arrive there as 30 valid segments each.
cut_to()
{
	local line

	line=$(grep frames= "$L/$1") || { cat "$L/$1"; return 1; }
	echo "$line"
	(( ${line// /,}, checked >= 240 && bad == 0 && longest <= 1100 ))
}

# whole_to NETNS: the eight frames arrive there as they were sent.
whole_to()
{
	local line

	line=$(grep frames= "$L/$1") || { cat "$L/$1"; return 1; }
	echo "$line"
	(( ${line// /,}, marked >= 8 && bad == 0 && longest > 30000 ))
}

# tagged_case NAME ARRIVE OPTION...: sends both ways; ARRIVE is how the frames must arrive.
tagged_case()
{
	local name=$1 arrive=$2

	shift 2
	lab_pair "$@" && attach 0 && capture guest "$ns1" eth0 && capture dom0 "$ns0" vif1.0
	verdict "$CASE/${name}connected" $? "" || return
	check "${name}sends-to-guest" in0 "$TOP/tagged" vif1.0
	check "${name}sends-from-guest" in1 "$TOP/tagged" eth0
	# A ping behind them: the captures have seen what was sent before.
	check "${name}ping" ping_check 10.79.0.2
	reap_helpers
	check "${name}to-guest" "$arrive" guest
	check "${name}from-guest" "$arrive" dom0
}

case_tagged()
{
	cc -O2 -o "$TOP/tagged" "$here/tagged.c" || { verdict "$CASE/build" 1 "no compiler"; return; }
	tagged_case '' cut_to --without=header "$@" && lab_stop && tagged_case header- whole_to "$@"
}
