# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# macvtap ports, over one end of a veth pair.  The other end is in a namespace of its own, as the lower network.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, L, TOP, expect, code: tests/e2e/lib.sh

GUEST_MAC=00:16:3e:79:00:02
wire=''		# the lower network's namespace
wires=0		# made so far
made=0		# macvtaps of this run

# on_wire COMMAND...: with the lower network in the place of dom0's.
on_wire()
{
	local ns0=/run/netns/$wire

	"$@"
}

# The namespace stays until the run's end, as netbackd would miss the device before it is stopped.
# wire_new: a veth pair: nic0 in dom0, far0 in the lower network with the addresses of dom0's end of a VIF.
wire_new()
{
	wires=$((wires + 1))
	wire=e2e$$-wire$wires
	ip netns add "$wire" && in0 ip link add nic0 type veth peer name far0 netns "$wire" || return
	in0 ip link set nic0 up && on_wire in0 ip -b - <<-END
		link set lo up
		link set far0 up
		addr replace 10.79.0.1/24 dev far0
		addr replace fd79:0::1/64 dev far0 nodad
	END
}

# have_macvtap: true if the case can run; else it is skipped, with the reason.
have_macvtap()
{
	local why='' n=e2e$$-probe

	ip netns add "$n"
	ip -n "$n" link add veth0 type veth peer name veth1
	if ! ip -n "$n" link add link veth0 name mv0 index "$(next_index)" type macvtap mode bridge 2>/dev/null; then
		why="this kernel has no macvtap"
	elif ! await 5 test -c "/dev/tap$(ip -n "$n" -j link show mv0 | jq '.[0].ifindex')"; then
		why="/dev is no devtmpfs"
	fi
	ip netns del "$n"
	[ -z "$why" ] || { skip all "$why"; return 1; }
}

# The nodes of all namespaces are in one directory, named by these numbers.
next_index()
{
	made=$(($(cat "$TOP/made" 2>/dev/null || echo 0) + 1))
	echo "$made" >"$TOP/made"
	echo $((1000000 + $$ * 64 + made))
}

# macvtap_new NAME MODE [MAC [LOWER]]: made as a person makes it, and up.
macvtap_new()
{
	in0 ip link add link "${4:-nic0}" name "$1" index "$(next_index)" type macvtap mode "$2" &&
		in0 ip link set "$1" address "${3:-$GUEST_MAC}" up
}

# attach_macvtap NAME [KEY=VALUE...]: VIF 0 of domain 1 at that macvtap; its guest's end has an address.
attach_macvtap()
{
	local name=$1

	shift
	x attach-vif 0 guest 0 --hotplug mac=$GUEST_MAC port="macvtap:$name" "$@" && connected 1 0 && guest_address
}

guest_address()
{
	in1 ip -b - <<-END
		link set lo up
		link set eth0 up
		addr replace 10.79.0.2/24 dev eth0
		addr replace fd79:0::2/64 dev eth0 nodad
	END
}

# answers: the lower network reaches the guest.  The first answers may be lost while links come up.
answers() { await 30 on_wire in0 ping -c 1 -W 1 10.79.0.2 >/dev/null 2>&1 || { echo "no answer"; return 1; }; }
ping_both_ways() { answers && on_wire one_ping && on_wire one_ping fd79:0::2 && in1 ping -c 3 -i 0.01 -w 10 10.79.0.1 2>&1 | seen 3 0; }
transfer_both_ways() { on_wire transfer_from 10.79.0.1 "$1" && on_wire transfer_to 10.79.0.2 "$1"; }

# macvtap_lab MODE [OPTION...]: all of it, connected.  OPTION is netbackd's.
macvtap_lab()
{
	local mode=$1

	shift
	{ lab_start && wire_new && macvtap_new mv0 "$mode" && start_back "$@" && start_front && attach_macvtap mv0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
}

error_says() { [[ "$(xenstore-read "$(be 1 0)/error" 2>/dev/null)" == *"$1"* ]]; }
# Waits for a text in the key error, or for the key to go.
await_error() { await 20 error_says "$1" || { echo "error is \"$(xenstore-read "$(be 1 0)/error" 2>&1)\""; return 1; }; }
await_no_error() { await 20 no_error || { echo "error is \"$(xenstore-read "$(be 1 0)/error" 2>&1)\""; return 1; }; }
no_error() { ! xenstore-exists "$(be 1 0)/error"; }
tap_has_no_carrier() { ! in0 ip -o link show vif1.0 | grep -q LOWER_UP; }

# far_mean rx|tx: bytes of a packet on the lower network, on average since the last far_zero.
far_zero() { far_before=$(far_counts); }
far_counts() { on_wire in0 ip -s -j link show far0 | jq -r '.[0].stats64 | "\(.rx.bytes) \(.rx.packets) \(.tx.bytes) \(.tx.packets)"'; }
far_mean()
{
	echo "$far_before $(far_counts)" | awk -v way="$1" '
		{ i = way == "rx" ? 1 : 3; n = $(i + 5) - $(i + 1); print "mean", way, n ? ($(i + 4) - $i) / n : 0; exit !(n && ($(i + 4) - $i) / n > 4000) }'
}
# A frame of netbackd to the guest is as large as the port gave it.
grx_mean()
{
	np stats vif1.0 | awk '$1 == "grx_bytes" { b = $2 } $1 == "grx_packets" { n = $2 } END { print "mean", n ? b / n : 0; exit !(n && b / n > 2500) }'
}

traffic_both_modes()
{
	check port-is-shown np_shows_port
	check tap-has-no-carrier tap_has_no_carrier
	check ping ping_both_ways
	check transfers transfer_both_ways 16
	far_zero
	check transfer-from-guest on_wire transfer_from 10.79.0.1 32
	check large-frames-from-guest far_mean rx
	far_zero
	check transfer-to-guest on_wire transfer_to 10.79.0.2 64
	check large-frames-to-guest far_mean tx
	check large-frames-from-port grx_mean
	check no-error no_error
	check no-drops no_drop_but_early
	# A frontend that takes no offloads gets none.
	{ restart_front --without=gso4,gso6,csum4,csum6 && connected 1 0 && guest_address; } >"$TOP/out" 2>&1
	verdict "$CASE/lesser" $? "$(cat "$TOP/out")"
	check lesser-transfers lesser_transfers
}

np_shows_port() { np show vif1.0 | grep -q 'macvtap:mv0'; }
lesser_transfers() { answers && transfer_both_ways 4; }
# Of peers that break rules, and of what the port refuses.
no_drop_but_early() { np stats vif1.0 | awk '/drop_tap|drop_invalid|peer_faults/ && $2 { print; bad = 1 } END { exit bad }'; }

case_macvtap()
{
	have_macvtap || return
	macvtap_lab bridge && traffic_both_modes
}

case_macvtap_passthru()
{
	have_macvtap || return
	macvtap_lab passthru && traffic_both_modes
}

case_macvtap_threads()
{
	local ISOLATION=none

	have_macvtap || return
	macvtap_lab bridge && check transfers transfer_both_ways 8
}

# --- processes die under traffic -----------------------------------------------------------------

far_bytes() { on_wire in0 ip -s -j link show far0 | jq ".[0].stats64.$1.bytes"; }
far_past() { [ "$(far_bytes "$1")" -gt "$2" ]; }

kill_data() { local p; p=$(data_of 1); kill -9 "$p" && await 20 new_data "$p"; }
new_data() { local p; p=$(data_of 1); [ -n "$p" ] && [ "$p" != "$1" ]; }

# kills_under_tcp to|from: everything dies in turn in the midst of transfers, each byte of which is compared.
kills_under_tcp()
{
	local way=tx transfers_pid what base rc=0

	[ "$1" = to ] || way=rx
	transfers_begin on_wire transfers "$1"
	: >"$TOP/out"
	for what in KILL CRASH data CRASH; do
		base=$(far_bytes $way)
		await 30 far_past $way $((base + (20 << 20))) || { echo "no progress before $what" >>"$TOP/out"; rc=1; break; }
		if [ $what = data ]; then
			kill_data
		else
			restart_back $what
		fi >>"$TOP/out" 2>&1 || { echo "not after $what" >>"$TOP/out"; rc=1; break; }
	done
	verdict "$CASE/kills-under-tcp-$1" $rc "$(cat "$TOP/out")"
	transfers_end "tcp-$1" 60
}

case_macvtap_kills()
{
	have_macvtap || return
	expect='data process|died|killed'
	macvtap_lab bridge && check ping ping_both_ways || return
	watch_state
	kills_under_tcp to
	kills_under_tcp from
	check untouched state_untouched
	check one-queue one_queue
}

# Control opens no second queue, in which frames would end: with each restart a share of pings would be lost.
one_queue() { on_wire in0 ping -c 40 -i 0.01 -w 20 10.79.0.2 2>&1 | seen 40 0; }

# --- the device goes and comes ---------------------------------------------------------------------

case_macvtap_device()
{
	have_macvtap || return
	expect='not served yet|may lose frames|the device was deleted'
	macvtap_lab bridge && check ping ping_both_ways || return
	watch_state
	in0 ip link del mv0
	check deleted await_error 'mv0 is not there'
	macvtap_new mv0 bridge >"$TOP/out" 2>&1
	check made-anew await_no_error
	check goes-on ping_both_ways
	in0 ip link set nic0 down
	check no-carrier await_error 'mv0 has no carrier'
	check said-in-log await_line "$L/back.log" 10 'may lose frames vif=vif1.0 .*no carrier'
	# A restart takes over what has no carrier, too.
	restart_back CRASH >"$TOP/out" 2>&1
	check taken-over await_line "$L/back.log" 10 'adopted vif=vif1.0' 2
	check still-no-carrier await_error 'mv0 has no carrier'
	in0 ip link set nic0 up
	check carrier-again await_no_error
	check goes-on-again ping_both_ways
	on_wire in0 ip link set far0 down
	check far-end-down await_error 'no carrier'
	on_wire in0 ip link set far0 up
	on_wire in0 ip addr replace 10.79.0.1/24 dev far0
	check far-end-up await_no_error
	# With the device below it everything goes.
	in0 ip link del nic0
	check all-deleted await_error 'mv0 is not there'
	{ wire_new && macvtap_new mv0 bridge; } >"$TOP/out" 2>&1
	check all-made-anew await_no_error
	check transfers goes_on_with_bytes
	check untouched state_untouched
	# While control is away it is replaced by another one of the same name.
	crash "$BACK"
	in0 ip link del mv0
	macvtap_new mv0 bridge >"$TOP/out" 2>&1
	start_back >"$TOP/out" 2>&1
	check replaced goes_on_with_bytes
	# The VIF's own TAP is not the port, and is there again when somebody deletes it.
	in0 ip link del vif1.0
	check tap-made-anew await 20 in0 ip link show vif1.0
	check tap-is-not-the-port goes_on_with_bytes
	check tap-has-no-carrier tap_has_no_carrier
}

goes_on_with_bytes() { answers && transfer_both_ways 4; }

# --- what is not as it must be -----------------------------------------------------------------------

# waits_for NAME TEXT: the VIF is not connected, and error says why.
waits_for() { await_error "$1" && [ "$(xenstore-read "$(be 1 0)/state")" = 2 ]; }

port_is() { xenstore-write "$(be 1 0)/port" "$1"; }

case_macvtap_input()
{
	have_macvtap || return
	expect='not served yet|may lose frames'
	{ lab_start && wire_new && start_back && start_front; } >"$TOP/out" 2>&1
	verdict "$CASE/started" $? "$(cat "$TOP/out")" || return
	x attach-vif 0 guest 0 --hotplug mac=$GUEST_MAC mtu=1500 port=macvtap:mv0 >"$TOP/out" 2>&1
	check missing waits_for 'mv0 is not there'
	check said-in-log await_line "$L/back.log" 10 'not served yet vif=vif1.0 .*mv0 is not there'
	for text in macvtap macvtap: macvtap:a/../b macvtap:0123456789abcdef 'macvtap:a b'; do
		port_is "$text"
		check "no-name-$text" waits_for "$(case $text in *[/f]*) echo 'is not there' ;; *) echo 'port is not acceptable' ;; esac)"
	done
	port_is macvtap:nic0
	check no-macvtap waits_for 'nic0 is no macvtap'
	port_is macvtap:vif1.0
	check own-tap waits_for 'vif1.0 is no macvtap'
	# Not up; no carrier; too small; another VIF's.
	in0 ip link add link nic0 name mv0 index "$(next_index)" address $GUEST_MAC type macvtap mode bridge
	port_is macvtap:mv0
	check down waits_for 'mv0 is down'
	# The kernel tells the macvtap a moment later, and the VIF would connect meanwhile.
	port_is macvtap:none
	check none waits_for 'none is not there'
	on_wire in0 ip link set far0 down
	in0 ip link set mv0 up
	check carrier-lost await 20 mv0_has_no_carrier
	port_is macvtap:mv0
	check no-carrier waits_for 'mv0 has no carrier'
	on_wire in0 ip link set far0 up mtu 1500
	on_wire in0 ip addr replace 10.79.0.1/24 dev far0
	check recovers connected 1 0 30
	{ guest_address && answers; } >"$TOP/out" 2>&1
	verdict "$CASE/answers" $? "$(cat "$TOP/out")"
	xenstore-write "$(fe 1 0)/mtu" 9000
	restart_front >"$TOP/out" 2>&1
	check too-small await_error "mv0 has the MTU 1500, and the guest's is 9000"
	in0 ip link set nic0 mtu 9000
	check still-too-small await_error 'the MTU 1500'
	in0 ip link set mv0 mtu 9000
	on_wire in0 ip link set far0 mtu 9000
	check large-enough await_line "$L/back.log" 20 ': connected vif=vif1.0' 2
	{ connected 1 0 && guest_address; } >"$TOP/out" 2>&1
	check large-frames large_ping
	check no-error await_no_error
	# Another address: served, and said.
	in0 ip link set mv0 address 02:00:00:00:00:07
	check other-address await_error "the guest $GUEST_MAC: frames to the guest do not reach it"
	in0 ip link set mv0 address $GUEST_MAC
	check own-address await_no_error
	check answers-again answers
	# A second VIF at the same device waits for one of its own.
	x attach-vif 0 guest 1 --hotplug port=macvtap:mv0 >"$TOP/out" 2>&1
	check another-vif await_line "$L/back.log" 10 'not served yet vif=vif1.1 .*mv0 is that of vif1.0'
	check first-goes-on answers
	# The port is that of the next connection.
	port_is tap
	restart_front >"$TOP/out" 2>&1
	check tap await_line "$L/back.log" 20 ': connected vif=vif1.0' 3
	check tap-has-carrier await 20 tap_has_carrier
	check second-has-it await_line "$L/back.log" 20 ': connected vif=vif1.1' 1
}

mv0_has_no_carrier() { ! in0 ip -o link show mv0 | grep -q LOWER_UP; }
tap_has_carrier() { in0 ip link set vif1.0 up; ! tap_has_no_carrier; }
large_ping() { answers && in1 ping -M "do" -s 8972 -c 3 -i 0.01 -w 10 10.79.0.1 2>&1 | seen 3 0; }

# --- several queues ------------------------------------------------------------------------------------

case_macvtap_queues()
{
	have_macvtap || return
	expect='data process|died|killed'
	{ lab_start && wire_new && macvtap_new mv0 bridge && start_back --max-queues=4 --workers=4 &&
		start_front --queues=4 --no-event-mask --no-static-grants && attach_macvtap mv0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check workers grep -q ': connected vif=vif1.0 .*queues=4 workers=4' "$L/back.log"
	check transfers transfer_both_ways 8
	# Frames of many flows reach the guest, by whichever queue.
	check pings many_pings
	restart_back CRASH --max-queues=4 --workers=4 >"$TOP/out" 2>&1
	check crashed await_line "$L/back.log" 20 'adopted vif=vif1.0'
	check pings-after-crash many_pings
	check data-killed kill_data
	check pings-after-kill many_pings
	check transfers-after-kill transfer_both_ways 8
}

# A flow has its queue by its ports and addresses.
many_pings()
{
	local i

	answers || return
	for i in 1 2 3 4 5 6 7 8; do
		on_wire transfer_to fd79:0::2 1 || return
		on_wire transfer_to 10.79.0.2 1 || return
	done
}
