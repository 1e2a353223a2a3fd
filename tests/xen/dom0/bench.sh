# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
#
# bench.sh - the part of tests/xen/bench in dom0
#
# - In a round the kernel's netback serves the guests, then netbackd does: only one of them can serve a
#   host at a time.  Each serves one guest with xen-netfront, then one with netfrontd.
# - Every second round has the reverse order, so that a slow change of the host affects both.
# - The variants of netfrontd/netbackd follow the pair without options; each starts netfrontd anew.
# - PV guests run for the whole boot; xl attaches and detaches their VIF.
# - PVH guests run one at a time: with two, the emulator sooner or later loses one (a triple fault with
#   Xen's own RIP in the guest).  It sometimes loses a single one; then the round has no sample of it.
# - A sample is a line "METRIC PAIRING VARIANT VALUE" in /lab/samples.

rounds=${ROUNDS:-5}
seconds=${BENCH_SECONDS:-3}
samples=/lab/samples
default=${VARIANT:-default}
type=${GUEST:-pv}
fronts="kernel netfrontd"
backs="kernel netbackd"
[ -z "${BENCH_FRONTS:-}" ] || fronts=$BENCH_FRONTS
[ -z "${BENCH_BACKS:-}" ] || backs=$BENCH_BACKS

# sample METRIC PAIRING VARIANT VALUE: stores a sample and prints it.
sample()
{
	echo "$*" >>"$samples"
	note "$*"
}

# dom0_cpu: prints the processor time that Xen has given to dom0, in seconds with one decimal.
dom0_cpu()
{
	xl list Domain-0 | awk 'NR == 2 { print $NF }'
}

address_of()
{
	case $1 in
	kernel) echo 10.77.0.2 ;;
	*) echo 10.77.0.3 ;;
	esac
}

# stream_once ADDRESS OPTION...: runs iperf3 once, and prints the Gbit/s and the GiB that were received.
stream_once()
{
	local out

	out=$(timeout $((seconds + 30)) iperf3 -c "$1" -t "$seconds" -O 1 -J "${@:2}" 2>&1) || return 1
	echo "$out" | sed -n '/"sum_received"/,/}/p' | tr -d '",:' |
		awk '$1 == "bytes" { b = $2 } $1 == "bits_per_second" { r = $2 }
			END { if (!b) exit 1; printf "%.4f %.6f\n", r / 1e9, b / 2^30 }'
}

# back_counters FRONT: prints netbackd's counters of that guest.
back_counters()
{
	local p n

	p=": counters vif=vif$(guest_id "b-$1").0 state="
	n=$(grep -c "$p" /lab/netbackd.log)
	kill -USR1 "$netbackd_pid" && eventually 5 counted "$p" "$n" || return 1
	grep "$p" /lab/netbackd.log | tail -n 1
}

counted()
{
	[ "$(grep -c "$1" /lab/netbackd.log)" -gt "$2" ]
}

# counters FRONT BACKEND: prints two lines, netbackd's counters and netfrontd's; "-" for a kernel's driver.
counters()
{
	case $2 in
	netbackd) back_counters "$1" || return 1 ;;
	*) echo - ;;
	esac
	case $1 in
	netfrontd) guest b-netfrontd run front_counters ;;
	*) echo - ;;
	esac
}

# per_packet PAIRING VARIANT BEFORE AFTER: stores samples of what was counted between two calls of
# counters.  Notifications are those that the two ends sent, so they need both daemons; grant operations
# are netbackd's.
per_packet()
{
	local ops notifications

	read -r ops notifications < <(printf '%s\n%s\n' "$3" "$4" | awk '
		{
			for (i = 2; i <= NF; i++)
				if (split($i, kv, "=") == 2)
					since[NR % 2 ? "back" : "front", kv[1]] += (NR > 2 ? 1 : -1) * kv[2]
		}
		END {
			n = since["back", "gtx_packets"] + since["back", "grx_packets"]
			if (n > 0)
				printf "%.6g %.6g\n", since["back", "grant_ops"] / n,
					(since["back", "notify_sent"] + since["front", "notify_sent"]) / n
		}') || return 1
	sample grant_ops_per_packet "$1" "$2" "$ops"
	[ "$1" != netfrontd/netbackd ] || sample notifications_per_packet "$1" "$2" "$notifications"
}

# tcp_both FRONT BACKEND VARIANT [STREAMS]: stores the samples of a TCP run in each direction.
tcp_both()
{
	local pairing=$1/$2 variant=$3 streams=${4:-1} address before after first last to from

	address=$(address_of "$1")
	first=$(counters "$1" "$2") || { not_ok "$pairing" "a daemon does not log its counters"; return 1; }
	before=$(dom0_cpu)
	to=$(stream_once "$address" -P "$streams") || { not_ok "$pairing" "iperf3 to the guest failed"; return 1; }
	from=$(stream_once "$address" -P "$streams" -R) || { not_ok "$pairing" "iperf3 from the guest failed"; return 1; }
	after=$(dom0_cpu)
	last=$(counters "$1" "$2") || { not_ok "$pairing" "a daemon does not log its counters"; return 1; }
	sample tcp_dom0_to_guest "$pairing" "$variant" "${to% *}"
	sample tcp_guest_to_dom0 "$pairing" "$variant" "${from% *}"
	# The first second (-O 1) takes processor time, too, but its bytes are not counted: scale by time.
	sample dom0_cpu_per_gib "$pairing" "$variant" "$(awk -v b="$before" -v a="$after" -v g="${to#* }" \
		-v h="${from#* }" -v s="$seconds" 'BEGIN { printf "%.3f", (a - b) / ((g + h) * (s + 1) / s) }')"
	case $pairing in
	*/netbackd) per_packet "$pairing" "$variant" "$first" "$last" ||
		{ not_ok "$pairing" "netbackd counts no packets"; return 1; } ;;
	esac
}

# measure FRONT BACKEND VARIANT: stores the samples of TCP and of round trips.
measure()
{
	local pairing=$1/$2 variant=$3 rtt

	tcp_both "$1" "$2" "$variant" || return 1
	rtt=$(sockperf ping-pong -i "$(address_of "$1")" -p 11111 -t 2 --full-rtt 2>&1) ||
		{ not_ok "$pairing" "sockperf failed: $(echo "$rtt" | tail -n 1)"; return 1; }
	sample rtt_p50 "$pairing" "$variant" "$(echo "$rtt" | sed -n 's/.*percentile 50.000 = *\([0-9.]*\).*/\1/p')"
	sample rtt_p99 "$pairing" "$variant" "$(echo "$rtt" | sed -n 's/.*percentile 99.000 = *\([0-9.]*\).*/\1/p')"
}

rss()
{
	# VmRSS in status is not exact: the kernel adds to it in batches of each thread.
	sed -n 's/^Rss:[ \t]*\([0-9]*\).*/\1/p' "/proc/$netbackd_pid/smaps_rollup"
}

attach()
{
	local address mac

	address=$(address_of "$1")
	mac=00:16:3e:77:01:0${address##*.}
	xl network-attach "b-$1" "mac=$mac" bridge=xenbr0 || return 1
	guest "b-$1" run "netup_check $mac 1500 $1 $address/24
		pidof iperf3 >/dev/null || iperf3 -s -D >/dev/null 2>&1
		pidof sockperf >/dev/null || { sockperf server -p 11111 >/dev/null 2>&1 & }
		true"
}

detach()
{
	xl network-detach "b-$1" 0 || not_ok "$1" "network-detach failed"
}

# front_again [OPTION...]: starts netfrontd anew in its guest, which has no VIF at that time.
front_again()
{
	# shellcheck disable=SC2016 # the guest expands it
	guest b-netfrontd run 'p=$(cat /run/netfrontd.pid)
		kill "$p"
		for _ in $(seq 50); do [ -e "/proc/$p" ] || break; sleep 0.1; done
		front_start '"$*"
}

# variant NAME "OPTION..." STREAMS: measures netfrontd/netbackd with these options of netfrontd.
variant()
{
	front_again "$2" || { not_ok "$1" "netfrontd does not start"; return 1; }
	attach netfrontd || { not_ok "$1" "no network in the guest"; return 1; }
	case $3 in
	1) measure netfrontd netbackd "$1" ;;
	*) tcp_both netfrontd netbackd "$1" "$3" ;;
	esac
	detach netfrontd
}

# variants_phase: measures all variants.  Those with several queues need another netbackd, because the
# kind of a TAP is fixed when it is made.
variants_phase()
{
	variant copy --no-static-grants 1 || return 1
	variant channels --no-event-mask 1 || return 1
	netbackd_stop TERM 10 >/dev/null && back_start netbackd --max-queues=4 ||
		{ not_ok netbackd "does not start with queues"; return 1; }
	variant queues=2 --queues=2 4 || return 1
	variant queues=4 --queues=4 4 || return 1
	front_again
}

# guest_start FRONT: creates the guest with this frontend.
guest_start()
{
	note "guest b-$1"
	# shellcheck disable=SC2119
	guest_create "b-$1" "$type" "$1" || { not_ok "$1" "the guest does not start"; return 1; }
}

# turn FRONT BACKEND VARIANTS: measures one guest, whose VIF is attached.
turn()
{
	measure "$1" "$2" "$default" || return 1
	case $3/$1/$2 in
	?*/kernel/kernel) tcp_both kernel kernel streams=4 4 ;;
	?*/netfrontd/netbackd) tcp_both netfrontd netbackd queues=1 4 ;;
	esac
}

# pv_turns BACKEND VARIANTS: measures the PV guests.
pv_turns()
{
	local back=$1 variants=$2 front base n=0

	[ "$back" != netbackd ] || base=$(rss)
	for front in $fronts; do
		attach "$front" || { not_ok "$front/$back" "no network in the guest"; return 1; }
		n=$((n + 1))
	done
	[ "$back" != netbackd ] ||
		sample rss_kib_per_idle_vif "-/netbackd" "$default" "$((($(rss) - base) / n))"
	for front in $fronts; do
		turn "$front" "$back" "$variants"
	done
	for front in $fronts; do
		detach "$front"
	done
	case $variants/$fronts/$back in
	?*/*netfrontd*/netbackd) variants_phase ;;
	esac
}

# pvh_turn FRONT BACKEND VARIANTS: measures a PVH guest.
pvh_turn()
{
	attach "$1" || { not_ok "$1/$2" "no network in the guest"; return 1; }
	turn "$@" || return 1
	detach "$1"
	case $3/$1/$2 in
	?*/netfrontd/netbackd) variants_phase ;;
	esac
}

# pvh_turns BACKEND VARIANTS: starts and measures the PVH guests one after another.  If the emulator lost
# a guest, its failures are notes.
pvh_turns()
{
	local front faults rc=0 said=/run/turn

	for front in $fronts; do
		faults=$(triple_faults)
		guest_start "$front" || return 1
		pvh_turn "$front" "$@" >"$said" || rc=1
		if [ "$(triple_faults)" != "$faults" ]; then
			sed 's/^not ok /# /' "$said"
			note "the emulator lost guest b-$front"
			rc=0
		else
			cat "$said"
		fi
		xl destroy "b-$front" 2>/dev/null
		[ $rc = 0 ] || return 1
	done
}

triple_faults()
{
	xl dmesg | grep -c 'Triple fault'
}

# phase BACKEND [VARIANTS]: starts a backend, measures all guests, and ends the backend.
phase()
{
	local back=$1

	back_start "$back" || { not_ok "$back" "does not start"; return 1; }
	"${type}_turns" "$@" || return 1
	case $back in
	kernel) rmmod xen-netback || { not_ok "$back" "cannot be unloaded"; return 1; } ;;
	netbackd) netbackd_stop TERM 10 >/dev/null || not_ok netbackd "did not end on SIGTERM" ;;
	esac
}

# with_variants ROUND: prints 1 if the round has the variants, else nothing.
with_variants()
{
	case ${VARIANTS:-some} in
	all) echo 1 ;;
	some) [ $(($1 % 2)) = 0 ] || echo 1 ;;
	esac
}

bridge_up xenbr0 1500 10.77.0.1/24
for front in $fronts; do
	[ "$type" = pvh ] || guest_start "$front" || give_up "no guests"
done
for round in $(seq "$rounds"); do
	note "round $round of $rounds"
	order=$backs
	[ $((round % 2)) = 1 ] || order=$(echo "$backs" | awk '{ for (i = NF; i; i--) printf "%s ", $i }')
	for back in $order; do
		phase "$back" "$(with_variants "$round")" || give_up "round $round with $back"
	done
done
ok rounds "$rounds"
