# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd
# boot: host
# seconds: 540
#
# errors - wrong input on a real Xen: each start that fails ends with one clear line (options, missing
# devices, the kernel's netback, a second netbackd); a guest that writes invalid keys is refused with a
# reason, while another guest's ping goes on; and a xenstored that does not answer for a minute
# stops no packet.

# refuses STATUS PATTERN COMMAND...: the command must end with this status and one matching line on stderr.
refuses()
{
	local want=$1 pattern=$2 rc=0

	shift 2
	timeout 10 "$@" >/run/lab/out 2>/run/lab/err </dev/null || rc=$?
	echo "status $rc: $(head -c 150 /run/lab/err)"
	[ "$rc" = "$want" ] && [ "$(wc -l </run/lab/err)" = 1 ] && grep -qi -- "$pattern" /run/lab/err
}

two_bridges
check option-unknown refuses 2 no-such netbackd --no-such-option
check option-value refuses 2 log-level netbackd --log-level=loud
check option-missing refuses 2 log-level netbackd --log-level
check option-argument refuses 2 . netbackd argument
check version timeout 10 netbackd --version
modprobe xen-netback
check kernel-netback refuses 3 take-over netbackd
rmmod xen-netback
mv /dev/net/tun /dev/net/tun.away
check no-tun refuses 1 tun netbackd
mv /dev/net/tun.away /dev/net/tun
mv /dev/xen/gntdev /dev/xen/gntdev.away
check no-gntdev refuses 1 gnt netbackd
mv /dev/xen/gntdev.away /dev/xen/gntdev
check backend back_start netbackd || give_up "no backend"
check second-netbackd refuses 3 "another netbackd.*pid $netbackd_pid" netbackd
check second-netbackd-elsewhere refuses 3 "another netbackd.*pid $netbackd_pid" netbackd --run-dir=/run/lab/other

check good-create guest_create g1 pv kernel 'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
check good-up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24' || give_up "no network"
check bad-create guest_create g2 pv none 'mac=00:16:3e:77:00:02,bridge=xenbr0' || give_up "no guest"
id=$(guest_id g2)
be=/local/domain/0/backend/vif/$id/0
fe=/local/domain/$id/device/vif/0
ping -i 0.1 -q -W 10 10.77.0.2 >/run/lab/ping.good 2>&1 &
ping=$!

# All keys of a frontend, with ports and grant references that do not exist.
keys="tx-ring-ref=8 rx-ring-ref=9 event-channel-tx=30 event-channel-rx=31 request-rx-copy=1
	feature-rx-notify=1 feature-sg=1 feature-gso-tcpv4=1"

is_refused()
{
	case $(xs "$be/state") in 5|6) xenstore-exists "$be/error" ;; *) return 1 ;; esac
}

# refused NAME KEY=VALUE...: writes the keys above with these changes ("KEY=" removes a key), and expects
# an error.  It starts few processes, because each takes long in an emulator.
refused()
{
	local kv write=() remove=("$be/error")

	shift
	for kv in $keys "$@"; do
		if [ -n "${kv#*=}" ]; then
			write+=("$fe/${kv%%=*}" "${kv#*=}")
		else
			remove+=("$fe/${kv%%=*}")
		fi
	done
	xenstore-write -- "${write[@]}"
	xenstore-rm "${remove[@]}" 2>/dev/null
	xenstore-write "$fe/state" 4
	xs_wait 10 "$be" is_refused || { echo "backend state $(xs "$be/state"), error: $(xs "$be/error")"; return 1; }
	echo "state $(xs "$be/state"), error: $(xs "$be/error")"
}

# again KEY=VALUE...: the frontend closes, removes its keys and begins again, like a driver that is loaded
# anew.
again()
{
	local kv remove=()

	xenstore-write "$fe/state" 6
	xs_becomes 10 "$be/state" 6
	for kv in $keys "$@"; do
		remove+=("$fe/${kv%%=*}")
	done
	xenstore-rm "${remove[@]}" 2>/dev/null
	xenstore-write "$fe/state" 1
	xs_becomes 10 "$be/state" 2 ||
		{ echo "backend state $(xs "$be/state") after the frontend began again"; return 1; }
}

while read -r name kv; do
	# shellcheck disable=SC2086 # words
	check "refused-$name" refused "$name" $kv
	# shellcheck disable=SC2086 # words
	again $kv >/run/lab/again || not_ok "again-$name" "$(cat /run/lab/again)"
done <<'END'
no-tx-ring tx-ring-ref=
no-rx-ring rx-ring-ref=
word-ref tx-ring-ref=banana
negative-ref rx-ring-ref=-1
huge-ref tx-ring-ref=4294967296
trailing-ref tx-ring-ref=8x
same-ref rx-ring-ref=8
unmappable-ref tx-ring-ref=4000000000
no-channel event-channel-tx= event-channel-rx=
half-channel event-channel-rx=
word-port event-channel-tx=x
dead-port event-channel-tx=1000 event-channel-rx=1001
same-port event-channel-rx=30
no-rx-copy request-rx-copy=
queues-0 multi-queue-num-queues=0
queues-minus multi-queue-num-queues=-1
queues-many multi-queue-num-queues=4000000000
word-sg feature-sg=yes
END

kill -INT "$ping"
wait "$ping"
check other-vif-unharmed ping_loss /run/lab/ping.good 1
check daemon-unharmed kill -0 "$netbackd_pid"

# xenstored does not answer for 60 s: not a ping and not a byte is lost, and afterwards a VIF is attached.
logged() { eventually 60 grep -q "$1" /lab/netbackd.log; }

# stalled: pings for 60 s, beginning now.
stalled()
{
	ping -i 0.2 -c 300 -q -W 20 10.77.0.2 >/run/lab/ping.stalled 2>&1
	ping_loss /run/lab/ping.stalled 0 && streams_move g1
}

check stall-streams streams_start g1 10.77.0.2 5400
streams_mark g1
kill -STOP "$(cat /run/xenstored.pid)"
check xenstored-stalled stalled
check stall-logged logged 'xenstored does not answer'
kill -CONT "$(cat /run/xenstored.pid)"
check stall-over logged 'xenstored answers again'
check stall-tcp-to-guest stream_to_ends g1
check stall-tcp-from-guest stream_from_ends g1
check stall-attach xl network-attach g1 mac=00:16:3e:77:00:03 bridge=xenbr0
check stall-attached guest g1 run 'netup_check 00:16:3e:77:00:03 1500 kernel 10.77.0.4/24'
check stall-unharmed kill -0 "$netbackd_pid"
check sigterm netbackd_stop TERM 5
