# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Every pair of features, each there or not, at each side, in eight connections. A covering array
# of strength two (Katona, Kleitman and Spencer): the first row has everything; a column lacks
# its feature in four of the seven others, no two columns in the same four. Any two sets of four
# out of seven meet, and neither holds the other: so each two columns show all four combinations.
# shellcheck disable=SC2154,SC2153 # ns0, ns1: lib.sh

# The columns: what netbackd does without, what netfrontd does without, jumbo frames or none, blank
# checksums for the guest or all filled in.
MATRIX="b:sg b:gso4 b:gso6 b:csum4 b:csum6 b:split b:ctrl
	f:sg f:gso4 f:gso6 f:csum4 f:csum6 f:rx-notify f:--one-channel f:--no-static-grants j:jumbo k:blank"

# The same where both ends have an offload header, which partial checksums are part of.
MATRIX_HEADER="b:sg b:gso4 b:gso6 b:uso b:split b:ctrl
	f:sg f:gso4 f:gso6 f:uso f:rx-notify f:--one-channel f:--no-static-grants j:jumbo k:blank"

# matrix_subsets: the sets of four of seven, a line each, the last members changing first.
matrix_subsets()
{
	local a b c d

	for a in 1 2 3 4 5 6 7; do
		for ((b = a + 1; b <= 7; b++)); do
			for ((c = b + 1; c <= 7; c++)); do
				for ((d = c + 1; d <= 7; d++)); do
					echo "$a$b$c$d"
				done
			done
		done
	done
}

# lacks COLUMN: in this row. Associative, as columns have names.
declare -A lacking
matrix_back=''		# what netbackd has in all rows

# matrix_row ROW: fills lacking, and the options of both daemons.
matrix_row()
{
	local row=$1 column subset back='' front=''

	lacking=() back_options=() front_options=()
	[ -z "$matrix_back" ] || back_options+=("$matrix_back")
	while read -r column && read -r subset <&3; do
		[[ $subset == *$row* ]] || continue
		lacking[$column]=1
		case $column in
		b:--*) back_options+=("${column#b:}") ;;
		b:*) back+=,${column#b:} ;;
		f:--*) front_options+=("${column#f:}") ;;
		f:*) front+=,${column#f:} ;;
		esac
	done < <(printf '%s\n' $MATRIX) 3< <(matrix_subsets)
	[ -z "$back" ] || back_options+=("--without=${back#,}")
	[ -z "$front" ] || front_options+=("--without=${front#,}")
}

has() { [ -z "${lacking[$1]:-}" ]; }

# bounds SIDE MTU: what a capture of frames for SIDE (b or f) must have found.
bounds()
{
	local large=''

	[ "$1" != f ] || has k:blank || { echo "longest <= $2 + 14 && marked == 0"; return; }
	has "$1:sg" && has "$1:gso4" && has "$1:csum4" && large=1
	has "$1:sg" && has "$1:gso6" && has "$1:csum6" && large=1
	if [ -n "$large" ]; then echo "longest > 15000"; else echo "longest <= $2 + 14"; fi
	if has "$1:csum4" || has "$1:csum6"; then echo "&& marked > 0"; else echo "&& marked == 0"; fi
}

# headed: the two ends agree on an offload header in this row. Its mask has one bit for both IP versions' checksums.
headed()
{
	local column

	for column in b:header f:header b:csum4 b:csum6 f:csum4 f:csum6; do
		has $column || return 1
	done
}

# whole SIDE: UDP goes in large frames to SIDE (b or f).
whole()
{
	kernel_has_uso && headed && has "$1:uso" && has "$1:sg" && { [ "$1" = b ] || has k:blank; }
}

# matrix_udp: messages in large frames, where both ends can, and in datagrams elsewhere; right in any case.
matrix_udp()
{
	local side most frames

	for side in f b; do
		if whole $side; then most=$USO_SIZE frames=few; else most=$USO_SEGMENT frames=many; fi
		if [ $side = f ]; then
			udp_moves to 10.79.0.2 "$most" $frames && udp_moves to fd79:0::2 "$most" $frames || return 1
		else
			udp_moves from 10.79.0.1 "$most" $frames && udp_moves from fd79:0::1 "$most" $frames || return 1
		fi
	done
}

matrix_moves()
{
	local n

	n=$(size 6 2)
	in0 ping -i 0.01 -c 10 -w 10 -s 1400 10.79.0.2 2>&1 | seen 10 0 &&
		in0 ping -i 0.01 -c 10 -w 10 -s 20000 10.79.0.2 2>&1 | seen 10 0 &&
		in0 ping -i 0.01 -c 10 -w 10 -s 20000 fd79:0::2 2>&1 | seen 10 0 || return 1
	transfer_to 10.79.0.2 "$n" && transfer_from 10.79.0.1 "$n" &&
		transfer_to fd79:0::2 "$n" && transfer_from fd79:0::1 "$n"
}

# matrix_agreed: the frontend's key says whether there is a header.
matrix_agreed() { if headed; then await_node "$(fe 1 0)/feature-gso-tcpv4" -; else await_node "$(fe 1 0)/vnet-header" -; fi; }

matrix_connect()
{
	local mtu=1500 fill=0

	has k:blank || fill=1
	start_back "${back_options[@]}" && start_front "${front_options[@]}" || return 1
	has j:jumbo && has b:sg && has f:sg && mtu=9000
	attach 0 mtu=$mtu fill-checksums=$fill && in0 ip link set vif1.0 mtu $mtu && capture guest "$ns1" eth0 && capture dom0 "$ns0" vif1.0
}

case_matrix() { matrix_rows; }

case_matrix_header()
{
	local MATRIX=$MATRIX_HEADER

	matrix_rows
}

matrix_rows()
{
	local row mtu

	# Two queues or one, as soon as there are several.
	if "$BIN/netfrontd" --help | grep -q -- --queues; then
		[[ $MATRIX == *--queues* ]] || MATRIX+=" f:--queues=2 b:--workers=1"
		matrix_back=--max-queues=2
	fi
	header_tool || { verdict "$CASE/build" 1 "no compiler"; return; }
	lab_start
	for row in 0 1 2 3 4 5 6 7; do
		matrix_row $row
		matrix_connect >"$TOP/out" 2>&1
		verdict "$CASE/$row-connected" $? "$(cat "$TOP/out") ${!lacking[*]}" || break
		mtu=$(in0 ip -o link show vif1.0 | sed -n 's/.* mtu \([0-9]*\) .*/\1/p')
		check "$row-moves" matrix_moves
		reap_helpers
		check "$row-agreed" matrix_agreed
		check "$row-udp" matrix_udp
		check "$row-in-guest" captured guest "$(bounds f "$mtu")"
		check "$row-in-dom0" captured dom0 "$(bounds b "$mtu")"
		detach_all
		stop_daemon netbackd "$BACK"
		BACK=
	done
}
