# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
#
# The benchmark's part in dom0.  Two guests live through the whole boot, one with xen-netfront,
# one with netfrontd.  A round: netback serves both, then netbackd does, VIFs attached and
# detached by xl in between, as one of the two backends can own the host at a time.  Every second
# round goes the other way about, so that a slow change of the host hits both.  The variants of
# netfrontd/netbackd come behind the pair as it is, netfrontd started anew for each.
# A sample is a line "METRIC PAIRING VARIANT VALUE" in /lab/samples.

rounds=${ROUNDS:-5}
seconds=${BENCH_SECONDS:-3}
samples=/lab/samples
default=${VARIANT:-default}
fronts="kernel netfrontd"
backs="kernel netbackd"
[ -z "${BENCH_FRONTS:-}" ] || fronts=$BENCH_FRONTS
[ -z "${BENCH_BACKS:-}" ] || backs=$BENCH_BACKS

# sample METRIC PAIRING VARIANT VALUE
sample()
{
	echo "$*" >>"$samples"
	note "$*"
}

# Processor time that Xen has given to dom0, seconds with one digit.
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

# One iperf3 run: prints Gbit/s as received and the GiB.
stream_once()
{
	local out

	out=$(timeout $((seconds + 30)) iperf3 -c "$1" -t "$seconds" -O 1 -J "${@:2}" 2>&1) || return 1
	echo "$out" | sed -n '/"sum_received"/,/}/p' | tr -d '",:' |
		awk '$1 == "bytes" { b = $2 } $1 == "bits_per_second" { r = $2 }
			END { if (!b) exit 1; printf "%.4f %.6f\n", r / 1e9, b / 2^30 }'
}

# front_counters: what netfrontd has counted, its newest line.
front_counters()
{
	# shellcheck disable=SC2016 # the guest expands it
	guest b-netfrontd run 'l=/run/netfrontd.log p=": counters nic=.* state="
		n=$(grep -c "$p" $l)
		kill -USR1 "$(cat /run/netfrontd.pid)"
		for _ in $(seq 50); do
			[ "$(grep -c "$p" $l)" = "$n" ] || break
			sleep 0.1
		done
		grep "$p" $l | tail -n 1'
}

# back_counters FRONT: what netbackd has counted for that guest.
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

# counters PAIRING: of those of its ends that are ours, netbackd's first.
counters()
{
	case $1 in
	*/netbackd) back_counters "${1%/*}" || return 1 ;;
	*) echo - ;;
	esac
	case $1 in
	netfrontd/*) front_counters ;;
	*) echo - ;;
	esac
}

# per_packet PAIRING VARIANT BEFORE AFTER: samples of what was counted in between.  Notifications are
# those that the two ends sent, so both must be ours; grant operations are netbackd's.
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

# tcp_both PAIRING ADDRESS VARIANT [STREAMS]
tcp_both()
{
	local pairing=$1 address=$2 variant=$3 streams=${4:-1} before after first last to from

	first=$(counters "$pairing") || { not_ok "$pairing" "a daemon does not tell its counters"; return 1; }
	before=$(dom0_cpu)
	to=$(stream_once "$address" -P "$streams") || { not_ok "$pairing" "iperf3 to the guest failed"; return 1; }
	from=$(stream_once "$address" -P "$streams" -R) || { not_ok "$pairing" "iperf3 from the guest failed"; return 1; }
	after=$(dom0_cpu)
	last=$(counters "$pairing") || { not_ok "$pairing" "a daemon does not tell its counters"; return 1; }
	sample tcp_dom0_to_guest "$pairing" "$variant" "${to% *}"
	sample tcp_guest_to_dom0 "$pairing" "$variant" "${from% *}"
	# The first second (-O 1) costs processor time too but is not in the bytes: scale by time.
	sample dom0_cpu_per_gib "$pairing" "$variant" "$(awk -v b="$before" -v a="$after" -v g="${to#* }" \
		-v h="${from#* }" -v s="$seconds" 'BEGIN { printf "%.3f", (a - b) / ((g + h) * (s + 1) / s) }')"
	case $pairing in
	*/netbackd) per_packet "$pairing" "$variant" "$first" "$last" ||
		{ not_ok "$pairing" "netbackd counts no packets"; return 1; } ;;
	esac
}

measure()
{
	local pairing=$1 address=$2 variant=$3 rtt

	tcp_both "$pairing" "$address" "$variant" || return 1
	rtt=$(sockperf ping-pong -i "$address" -p 11111 -t 2 --full-rtt 2>&1) ||
		{ not_ok "$pairing" "sockperf failed: $(echo "$rtt" | tail -n 1)"; return 1; }
	sample rtt_p50 "$pairing" "$variant" "$(echo "$rtt" | sed -n 's/.*percentile 50.000 = *\([0-9.]*\).*/\1/p')"
	sample rtt_p99 "$pairing" "$variant" "$(echo "$rtt" | sed -n 's/.*percentile 99.000 = *\([0-9.]*\).*/\1/p')"
}

rss()
{
	# Not VmRSS in status: the kernel lets that one lag behind by a batch per thread.
	sed -n 's/^Rss:[ \t]*\([0-9]*\).*/\1/p' "/proc/$netbackd_pid/smaps_rollup"
}

attach()
{
	local front=$1 mac

	[ "$front" = kernel ] && mac=02 || mac=03
	xl network-attach "b-$front" "mac=00:16:3e:77:01:$mac" bridge=xenbr0 || return 1
	guest "b-$front" run "netup_check 00:16:3e:77:01:$mac 1500 $front $(address_of "$front")/24
		pidof iperf3 >/dev/null || iperf3 -s -D >/dev/null 2>&1
		pidof sockperf >/dev/null || { sockperf server -p 11111 >/dev/null 2>&1 & }
		true"
}

detach()
{
	xl network-detach "b-$1" 0 || not_ok "$1" "network-detach failed"
}

# front_again [OPTION...]: another netfrontd in its guest, which has no VIF now.
front_again()
{
	# shellcheck disable=SC2016 # the guest expands it
	guest b-netfrontd run 'p=$(cat /run/netfrontd.pid)
		kill "$p"
		for _ in $(seq 50); do [ -e "/proc/$p" ] || break; sleep 0.1; done
		front_start '"$*"
}

# variant NAME "OPTION..." STREAMS: netfrontd/netbackd with these options of netfrontd.
variant()
{
	local address

	address=$(address_of netfrontd)
	front_again "$2" || { not_ok "$1" "netfrontd does not start"; return 1; }
	attach netfrontd || { not_ok "$1" "no network in the guest"; return 1; }
	case $3 in
	1) measure netfrontd/netbackd "$address" "$1" ;;
	*) tcp_both netfrontd/netbackd "$address" "$1" "$3" ;;
	esac
	detach netfrontd
}

# More than one queue needs another netbackd: what offers them makes TAPs of another kind.
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

phase()
{
	local back=$1 variants=$2 front base n=0

	back_start "$back" || { not_ok "$back" "does not start"; return 1; }
	[ "$back" != netbackd ] || base=$(rss)
	for front in $fronts; do
		attach "$front" || { not_ok "$front/$back" "no network in the guest"; return 1; }
		n=$((n + 1))
	done
	[ "$back" != netbackd ] ||
		sample rss_kib_per_idle_vif "-/netbackd" "$default" "$((($(rss) - base) / n))"
	for front in $fronts; do
		measure "$front/$back" "$(address_of "$front")" "$default"
		[ -n "$variants" ] || continue
		case $front/$back in
		kernel/kernel) tcp_both kernel/kernel "$(address_of kernel)" streams=4 4 ;;
		netfrontd/netbackd) tcp_both netfrontd/netbackd "$(address_of netfrontd)" queues=1 4 ;;
		esac
	done
	for front in $fronts; do
		detach "$front"
	done
	case $variants/$fronts/$back in
	?*/*netfrontd*/netbackd) variants_phase || return 1 ;;
	esac
	case $back in
	kernel) rmmod xen-netback || { not_ok "$back" "cannot be unloaded"; return 1; } ;;
	netbackd) netbackd_stop TERM 10 >/dev/null || not_ok netbackd "did not end on SIGTERM" ;;
	esac
}

# with_variants ROUND: not empty in rounds that have them.
with_variants()
{
	case ${VARIANTS:-some} in
	all) echo 1 ;;
	some) [ $(($1 % 2)) = 0 ] || echo 1 ;;
	esac
}

bridge_up xenbr0 1500 10.77.0.1/24
for front in $fronts; do
	note "guest b-$front"
	# shellcheck disable=SC2119
	guest_create "b-$front" pv "$front" || give_up "guest b-$front does not start"
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
