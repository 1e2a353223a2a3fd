# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
#
# The benchmark's part in dom0.  Two guests live through the whole boot, one with xen-netfront,
# one with netfrontd.  A round: netback serves both, then netbackd does, VIFs attached and
# detached by xl in between, as one of the two backends can own the host at a time.  Every second
# round goes the other way about, so that a slow change of the host hits both.
# A sample is a line "METRIC PAIRING VALUE" in /lab/samples.

rounds=${ROUNDS:-5}
seconds=${BENCH_SECONDS:-3}
samples=/lab/samples
fronts="kernel netfrontd"
backs="kernel netbackd"
[ -z "${BENCH_FRONTS:-}" ] || fronts=$BENCH_FRONTS
[ -z "${BENCH_BACKS:-}" ] || backs=$BENCH_BACKS

sample()
{
	echo "$1 $2 $3" >>"$samples"
	note "$1 $2 $3"
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

measure()
{
	local pairing=$1 address=$2 before after to from rtt

	before=$(dom0_cpu)
	to=$(stream_once "$address") || { not_ok "$pairing" "iperf3 to the guest failed"; return 1; }
	from=$(stream_once "$address" -R) || { not_ok "$pairing" "iperf3 from the guest failed"; return 1; }
	after=$(dom0_cpu)
	sample tcp_dom0_to_guest "$pairing" "${to% *}"
	sample tcp_guest_to_dom0 "$pairing" "${from% *}"
	# The first second (-O 1) costs processor time too but is not in the bytes: scale by time.
	sample dom0_cpu_per_gib "$pairing" "$(awk -v b="$before" -v a="$after" -v g="${to#* }" \
		-v h="${from#* }" -v s="$seconds" 'BEGIN { printf "%.3f", (a - b) / ((g + h) * (s + 1) / s) }')"
	rtt=$(sockperf ping-pong -i "$address" -p 11111 -t 2 --full-rtt 2>&1) ||
		{ not_ok "$pairing" "sockperf failed: $(echo "$rtt" | tail -n 1)"; return 1; }
	sample rtt_p50 "$pairing" "$(echo "$rtt" | sed -n 's/.*percentile 50.000 = *\([0-9.]*\).*/\1/p')"
	sample rtt_p99 "$pairing" "$(echo "$rtt" | sed -n 's/.*percentile 99.000 = *\([0-9.]*\).*/\1/p')"
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

phase()
{
	local back=$1 front base n=0

	back_start "$back" || { not_ok "$back" "does not start"; return 1; }
	[ "$back" != netbackd ] || base=$(rss)
	for front in $fronts; do
		attach "$front" || { not_ok "$front/$back" "no network in the guest"; return 1; }
		n=$((n + 1))
	done
	[ "$back" != netbackd ] ||
		sample rss_kib_per_idle_vif "-/netbackd" "$((($(rss) - base) / n))"
	for front in $fronts; do
		measure "$front/$back" "$(address_of "$front")"
	done
	for front in $fronts; do
		xl network-detach "b-$front" 0 || not_ok "$front/$back" "network-detach failed"
	done
	case $back in
	kernel) rmmod xen-netback || { not_ok "$back" "cannot be unloaded"; return 1; } ;;
	netbackd) netbackd_stop TERM 10 >/dev/null || not_ok netbackd "did not end on SIGTERM" ;;
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
		phase "$back" || give_up "round $round with $back"
	done
done
ok rounds "$rounds"
