# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A guest is saved and restored: the same netfrontd runs on in a new domain. Its channels and grants
# are gone, and its xenstore directory is a new one.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, expect: lib.sh
# shellcheck disable=SC2119 # options are for those who want some

guest_ifindex() { in1 ip -o link show eth0 | cut -d: -f1; }
ours() { echo "back-fds=$(fds "$BACK") back-threads=$(tasks "$BACK") front-fds=$(fds "$FRONT") front-threads=$(tasks "$FRONT")" \
	"taps=$(taps)/$(guest_taps) index=$(guest_ifindex)"; }
ours_is() { [ "$(ours)" = "$1" ]; }

# As the toolstack's hotplug script would, for a device that is new in dom0.
host_address()
{
	in0 ip link set "vif$1.0" up && in0 ip addr add 10.79.0.1/24 dev "vif$1.0"
}

# restore_once: restores; the pair is connected again; sets $restored to the new domain's number.
restore_once()
{
	restored=$(x save-restore guest) && connected "$restored" 0 && host_address "$restored" &&
		await 5 is_up in0 "vif$restored.0"
}

# Nothing of the domain that was saved is left in dom0.
nothing_of()
{
	! in0 ip link show "vif$1.0" 2>/dev/null && ! xenstore-ls -f /local/domain/0/backend | grep "vif/$1/"
}

# goes_on FILE: a ping that ran all the while is answered again.
goes_on() { await_line "$1" 5 'icmp_seq=' $(($(grep -c 'icmp_seq=' "$1") + 20)); }

same_as() { await 5 ours_is "$1" || differs "$1" "$(ours)"; }

# restores NAME TIMES: with the guest pinging all the time, as its device stays.
restores()
{
	local before was=1 i

	before=$(ours)
	ping_start "$1" 4000 "$ns1" 10.79.0.1
	for ((i = 1; i <= $2; i++)); do
		restore_once >"$TOP/out" 2>&1
		verdict "$CASE/$1-$i" $? "$(tail -n 2 "$TOP/out")" || return
		check "$1-$i-old-gone" await 5 nothing_of "$was"
		was=$restored
		check "$1-$i-guest-pings-on" goes_on "$L/ping.$1"
		check "$1-$i-ping" one_ping
	done
	check "$1-transfer-to-guest" transfer_to 10.79.0.2 "$(size 32 8)"
	check "$1-transfer-from-guest" transfer_from 10.79.0.1 "$(size 32 8)"
	check "$1-flat" same_as "$before"
	check "$1-no-faults" no_faults
}

# One row per kind: the options of netbackd and netfrontd.
case_restore()
{
	local row

	for row in "mask:--max-queues=1:" "channels:--max-queues=1:--no-event-mask --no-static-grants" \
		"queues:--max-queues=4:--queues=4" "split:--max-queues=4 --workers=2:--queues=2 --no-event-mask --no-static-grants"; do
		restore_kind "${row%%:*}" "$(cut -d: -f2 <<<"$row")" "${row##*:}"
	done
}

restore_kind()
{
	# shellcheck disable=SC2086 # words are meant
	{ lab_start && start_back $2 && start_front $3 && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/$1" $? "$(tail -n 2 "$TOP/out")" || return
	restores "$1" 2
	reap_helpers
	[ "$1" != mask ] || one_keeper
	end_keepers
	lab_stop
}

# Prints the processes that keep event channels of before a restore.
keepers()
{
	local p

	for p in $(ip netns pids "${ns1##*/}"); do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" != evtchn-keeper ] || echo "$p"
	done
}

# keeps PID NUMBER: the keeper has at least NUMBER descriptors.
keeps()
{
	local n

	n=$(fds "$1")
	echo "$n "
	[ "$n" -ge "$2" ]
}

is_frozen() { grep -q '^State:.*T' "/proc/$1/status"; }

# The guest is saved while netfrontd reads its directories: after the path of its backend, and before
# the state there, which no process can read any more when it goes on.
restored_between_reads()
{
	x fault guest read path=device/vif/0/backend freeze times=1 || return
	xenstore-write "$(be "$restored" 0)/state" 4
	await 5 is_frozen "$FRONT" && restore_once && one_ping
}

# Thirteen restores, netfrontd killed and started anew among them, leave one small process.
one_keeper()
{
	local i all

	for ((i = 3; i <= 12; i++)); do
		restore_once && one_ping || break
		[ "$i" != 8 ] || anew restart_front && connected "$restored" 0 || break
	done >"$TOP/out" 2>&1
	verdict "$CASE/restored-12-times" "$((i != 13))" "$i: $(tail -n 2 "$TOP/out")"
	all=$(keepers)
	restored_between_reads >"$TOP/out" 2>&1
	verdict "$CASE/between-reads" $? "$(tail -n 2 "$TOP/out")"
	check one-keeper test "$(wc -w <<<"$all")" = 1
	check keeps-all await 5 keeps "$all" 16
	# Loading the libraries touches that much memory; a sanitised build uses more.
	[ -n "$SAN" ] || check keeper-is-small awk '$1 == "Anonymous:" { print $2 " KiB"; exit $2 > 320 }' "/proc/$all/smaps_rollup"
}

# --- what is announced -------------------------------------------------------------------

# listens IF: from now on writes each announcement of an address to $L/heard.IF, one per line.
listens()
{
	: >"$L/heard.$1"
	nsenter --net="$ns0" tcpdump -U -l -n -e -v -i "$1" 'arp or rarp or icmp6' >>"$L/heard.$1" 2>"$L/tcpdump.$1" &
	helper $!
	await_line "$L/tcpdump.$1" 5 'listening on'
}

# heard IF COUNT PATTERN: COUNT packets match; tcpdump's lines of a packet are joined.
heard()
{
	await 5 heard_now "$@" || { echo "$(tr '\n' ' ' <"$L/heard.$1" | grep -oE "$3" | wc -l) of $2"; return 1; }
}
heard_now() { [ "$(tr '\n' ' ' <"$L/heard.$1" | grep -oE "$3" | wc -l)" -ge "$2" ]; }
not_heard() { ! tr '\n' ' ' <"$L/heard.$1" | grep -oE "$2"; }

guest_mac() { in1 ip -o link show "eth$1" | sed 's,.*link/ether \([^ ]*\) .*,\1,'; }

# After each connect: every IPv4 and IPv6 address, three times; where there is none the MAC.
case_announce()
{
	local mac arp='Request who-has' na='neighbor advertisement, length 32, tgt is'

	lab_pair
	check attach attach 0
	{ x attach-vif 0 guest 1 --hotplug && connected 1 1 && in0 ip link set vif1.1 up &&
		in1 ip link set eth1 addrgenmode none && in1 ip link set eth1 up; } >"$TOP/out" 2>&1
	verdict "$CASE/attach-1" $? "$(cat "$TOP/out")"
	in1 ip addr add 10.79.0.3/24 dev eth0
	kill9 "$FRONT"
	# Without a carrier duplicate address detection does not begin.
	in1 ip addr add fd79:0::77/64 dev eth0
	{ listens vif1.0 && listens vif1.1 && start_front && connected 1 0; } >"$TOP/out" 2>&1
	verdict "$CASE/restarted" $? "$(cat "$TOP/out")"
	check arp heard vif1.0 3 "$arp 10.79.0.2 tell 10.79.0.2"
	check arp-second heard vif1.0 3 "$arp 10.79.0.3 tell 10.79.0.3"
	check advertisement heard vif1.0 3 "fd79::2 > ff02::1: [^>]*$na fd79::2, Flags \[override\]"
	check not-tentative not_heard vif1.0 "$na fd79::77"
	mac=$(guest_mac 1)
	check rarp heard vif1.1 3 "$mac > ff:ff:ff:ff:ff:ff, [^>]*Reverse Request who-is $mac tell $mac"
	check no-more-rarp not_heard vif1.1 "$arp 1|$na"
	announce_again
}

# A device that is down announces nothing; a router's advertisement says so; after a restore.
announce_again()
{
	in1 ip link set eth1 down
	in1 sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/forwarding'
	: >"$L/heard.vif1.1"
	restart_front >"$TOP/out" 2>&1
	verdict "$CASE/router-restarted" $? "$(cat "$TOP/out")"
	check router heard vif1.0 3 "$na fd79::2, Flags \[router, override\]"
	check link-local heard vif1.0 3 "fe80::[^ ]* > ff02::1: [^>]*$na fe80::"
	check down-says-nothing not_heard vif1.1 "$mac >"
	{ restore_once && listens "vif$restored.0"; } >"$TOP/out" 2>&1
	verdict "$CASE/restored" $? "$(cat "$TOP/out")"
	check restored-arp heard "vif$restored.0" 1 "$arp 10.79.0.2 tell 10.79.0.2"
	check restored-advertisement heard "vif$restored.0" 1 "$na fd79::2"
	reap_helpers
	end_keepers
}
