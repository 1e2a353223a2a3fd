# SPDX-License-Identifier: MIT
# table.awk - samples "METRIC PAIRING VARIANT VALUE STATE", sorted, to rows: a table, and JSON to -v json=FILE
# Only samples of -v state=STATE count.
function flush_row(	m) {
	if (!n)
		return
	m = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	rows++
	key[rows] = last; count[rows] = n; low[rows] = v[1]; high[rows] = v[n]
	median[last] = m
	n = 0
}

function over(a, b) {
	return (a in median) && median[b] > 0 ? median[a] / median[b] : 0
}

# Each way of TCP beside its base.
function both(variant, base) {
	return sprintf("%.2f from the guest and %.2f to it",
		over("tcp_guest_to_dom0 netfrontd/netbackd " variant, "tcp_guest_to_dom0 " base),
		over("tcp_dom0_to_guest netfrontd/netbackd " variant, "tcp_dom0_to_guest " base))
}

$5 != state { next }
{
	this = $1 " " $2 " " $3
	if (this != last)
		flush_row()
	last = this
	v[++n] = $4
}

END {
	flush_row()
	unit["tcp_guest_to_dom0"] = unit["tcp_dom0_to_guest"] = "Gbit/s"
	unit["rtt_p50"] = unit["rtt_p99"] = "us"
	unit["grant_ops_per_packet"] = unit["notifications_per_packet"] = "1"
	unit["private_kib_per_vif"] = "KiB"
	printf "[" >json
	printf "%-24s %-19s %-6s %-6s %3s %9s %9s %9s %7s\n", "metric", "pairing", "variant", "unit",
		"n", "median", "min", "max", "ratio"
	for (i = 1; i <= rows; i++) {
		split(key[i], k, " ")
		ratio = over(key[i], k[1] " veth gso")
		ratio = ratio > 0 ? sprintf("%.3f", ratio) : "null"
		printf("%s\n  {\"metric\": \"%s\", \"pairing\": \"%s\", \"variant\": \"%s\", \"unit\": \"%s\", \"n\": %d, \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"ratio\": %s}",
			(i > 1 ? "," : ""), k[1], k[2], k[3], unit[k[1]], count[i], median[key[i]],
			low[i], high[i], ratio) >json
		printf "%-24s %-19s %-6s %-6s %3d %9.4g %9.4g %9.4g %7s\n", k[1], k[2], k[3], unit[k[1]],
			count[i], median[key[i]], low[i], high[i], ratio == "null" ? "-" : ratio
	}
	print "\n]" >json
	print ""
	print "TCP over veth's: " both("gso", "veth gso") " (bar 0.55); over QEMU's: " both("gso", "qemu gso") " (bar 5)."
	print "Peers carry no GSO in this configuration (QEMU; veth and relay do); with our GSO off the ratio over QEMU is " \
		both("nogso", "qemu gso") "."
	printf "Round trip p50 over veth's: %.2f (bar 1.0).\n", over("rtt_p50 netfrontd/netbackd gso", "rtt_p50 veth gso")
}
