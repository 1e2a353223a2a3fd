# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The offload header (docs/vnet-header.md): how it is agreed and kept, and UDP that crosses in large frames.
# shellcheck disable=SC2154,SC2153 # ns0, ns1, BACK, FRONT: lib.sh

# UDP's messages: so many, of so many bytes, in datagrams of so many. The last datagram is shorter.
USO_COUNT=50
USO_SIZE=60100
USO_SEGMENT=1200

header_tool() { cc -O2 -o "$TOP/udpgso" "$here/udpgso.c"; }

# The kernel can take UDP segmentation from a TAP, and give it to one (Linux 6.2).
kernel_has_uso() { in0 ethtool -k vif1.0 2>/dev/null | grep '^tx-udp-segmentation: ' | grep -qv fixed; }

# whole_mask: what both daemons offer here.
whole_mask() { if kernel_has_uso; then echo 103; else echo 7; fi; }

# header_agreed BACKEND FRONTEND: the keys of both ends; "-": there is none.
header_agreed()
{
	local b f

	b=$(xenstore-read "$(be 1 0)/feature-vnet-header" 2>/dev/null) || b=-
	f=$(xenstore-read "$(fe 1 0)/vnet-header" 2>/dev/null) || f=-
	echo "backend $b frontend $f"
	[ "$b $f" = "$1 $2" ]
}

# frames_of COUNTER: prints a counter of the only VIF, of all its queues.
frames_of() { "$BIN/netpair" --run-dir="$L/run-back" -j stats vif1.0 | jq ".vifs[0].counters.$1"; }

# udp_moves WAY ADDRESS MOST FRAMES: the messages cross and are right; one read of the receiver gives at most MOST bytes,
# and exactly that where it is a whole message or a datagram; FRAMES ("few" or "many"): how many frames netbackd moved.
udp_moves()
{
	local from to counter pid was now out

	case $1 in
	to) from=$ns0 to=$ns1 counter=grx_packets ;;
	from) from=$ns1 to=$ns0 counter=gtx_packets ;;
	esac
	# The first frame finds the other's address known.
	one_ping >/dev/null || return 1
	# The last receiver's word must not be taken for this one's.
	rm -f "$L/udp"
	nsenter --net="$to" timeout --foreground 60 "$TOP/udpgso" receive 5400 $USO_COUNT $USO_SIZE >"$L/udp" 2>&1 &
	pid=$!
	await_line "$L/udp" 30 '^started' || { kill $pid; wait $pid; return 1; }
	was=$(frames_of "$counter")
	nsenter --net="$from" timeout --foreground 60 "$TOP/udpgso" send "$2" 5400 $USO_COUNT $USO_SIZE $USO_SEGMENT || { cat "$L/udp"; kill $pid; wait $pid; return 1; }
	wait $pid || { cat "$L/udp"; return 1; }
	now=$(frames_of "$counter")
	out=$(grep messages= "$L/udp")
	echo "$out, $((now - was)) frames"
	[ "${out##*most=}" = "$3" ] || return 1
	# Others, as neighbour solicitations, come beside them.
	case $4 in
	few) [ $((now - was)) -ge $USO_COUNT ] && [ $((now - was)) -lt $((3 * USO_COUNT)) ] ;;
	many) [ $((now - was)) -ge $((USO_COUNT * (USO_SIZE / USO_SEGMENT))) ] ;;
	esac
}

# uso_table NAME TO FROM: TO and FROM are "whole" (a message is one frame, all the way), "cut" (the sender's side
# cuts it), "late" (it crosses the ring as one frame, and the receiver's side cuts it).
uso_table()
{
	local way how most frames v address

	for way in to from; do
		if [ $way = to ]; then how=$2; else how=$3; fi
		case $how in
		whole) most=$USO_SIZE frames=few ;;
		late) most=$USO_SEGMENT frames=few ;;
		cut) most=$USO_SEGMENT frames=many ;;
		esac
		for v in 4 6; do
			case $way$v in
			to4) address=10.79.0.2 ;; to6) address=fd79:0::2 ;; from4) address=10.79.0.1 ;; from6) address=fd79:0::1 ;;
			esac
			check "$1-udp$v-$way-guest" udp_moves $way "$address" $most $frames
		done
	done
}

# uso_pair NAME BACK FRONT: connected, with these options.
uso_pair()
{
	local name=$1

	# shellcheck disable=SC2086 # words are meant
	lab_start && start_back $2 >"$TOP/out" 2>&1 && start_front $3 >>"$TOP/out" 2>&1 && attach 0 >>"$TOP/out" 2>&1
	verdict "$CASE/$name-connected" $? "$(cat "$TOP/out")"
}

case_uso()
{
	local name back front to from before

	header_tool || { verdict "$CASE/build" 1 "no compiler"; return; }
	lab_start && start_back && start_front && attach 0
	verdict "$CASE/connected" $? "" || return
	if ! kernel_has_uso; then
		check fallback header_agreed 7 7
		uso_table fallback cut cut
		skip whole "this kernel's TAPs have no UDP segmentation"
		return
	fi
	check agreed header_agreed 103 103
	# What comes before both devices are up is lost.
	one_ping >"$TOP/out"
	before=$(drops 2>/dev/null)
	uso_table static whole whole
	check no-drops no_drops "$before"
	while IFS='|' read -r name back front to from; do
		lab_stop
		uso_pair "$name" "$back" "$front" || continue
		uso_table "$name" "$to" "$from"
	done <<-END
		copy||--no-static-grants --no-event-mask|whole|whole
		queues|--max-queues=2|--queues=2|whole|whole
		back-lacks|--without=uso||whole|cut
		front-lacks||--without=uso|cut|whole
		neither|--without=header||cut|cut
		old-front||--without=header|cut|cut
	END
}

# header_again OPTION...: netbackd is killed with its data processes, and started with these options; it adopts the connection.
header_again()
{
	local n

	n=$(grep -c ': adopted' "$L/back.log")
	kill9 "$BACK"
	start_back "$@" && await_line "$L/back.log" 10 ': adopted' $((n + 1)) && connected 1 0 && one_ping
}

# header_anew OPTION...: netbackd closes the VIF and ends; another one, with these options, is connected to anew.
header_anew()
{
	local n

	n=$(grep -c ': connected nic=nic0' "$L/front.log")
	kill -USR2 "$BACK" && exit_code "$BACK" 20
	BACK=
	start_back "$@" && await_line "$L/front.log" 20 ': connected nic=nic0' $((n + 1)) && connected 1 0 20 && address 0 && one_ping
}

case_header()
{
	local all

	header_tool || { verdict "$CASE/build" 1 "no compiler"; return; }
	lab_pair && attach 0
	verdict "$CASE/connected" $? "" || return
	all=$(whole_mask)
	check agreed header_agreed "$all" "$all"
	check no-other-key await_node "$(fe 1 0)/feature-gso-tcpv4" -
	# It stays agreed under another netbackd, whatever that one would offer.
	header_again >"$TOP/out" 2>&1 && transfer_to 10.79.0.2 4 >>"$TOP/out" 2>&1 && transfer_from 10.79.0.1 4 >>"$TOP/out" 2>&1
	verdict "$CASE/adopted" $? "$(cat "$TOP/out")"
	header_again --without=header >"$TOP/out" 2>&1 && transfer_to 10.79.0.2 4 >>"$TOP/out" 2>&1 && transfer_from 10.79.0.1 4 >>"$TOP/out" 2>&1
	verdict "$CASE/adopted-without" $? "$(cat "$TOP/out")"
	check still-agreed header_agreed "$all" "$all"
	if kernel_has_uso; then
		header_again --without=uso >"$TOP/out" 2>&1
		verdict "$CASE/adopted-without-uso" $? "$(cat "$TOP/out")"
		# The guest still sends large frames, and netbackd cuts them.
		uso_table less whole late
	else
		skip adopted-without-uso "this kernel's TAPs have no UDP segmentation"
	fi
	# A frontend that connects anew agrees anew.
	header_anew --without=header >"$TOP/out" 2>&1
	verdict "$CASE/anew-without" $? "$(cat "$TOP/out")"
	check not-agreed header_agreed 0 -
	check other-key-is-back await_node "$(fe 1 0)/feature-gso-tcpv4" 1
	uso_table without cut cut
	header_anew --without=gso >"$TOP/out" 2>&1
	verdict "$CASE/anew-less" $? "$(cat "$TOP/out")"
	check less-agreed header_agreed 1 "$all"
	header_anew >"$TOP/out" 2>&1
	verdict "$CASE/anew-with" $? "$(cat "$TOP/out")"
	check agreed-again header_agreed "$all" "$all"
	# A frontend that goes takes its key along.
	kill "$FRONT" && exit_code "$FRONT" 5
	FRONT=
	check withdrawn await_node "$(fe 1 0)/vnet-header" -
}
