# SPDX-License-Identifier: MIT
# table.awk - turns sorted samples "METRIC PAIRING VARIANT VALUE STATE" into rows: tables, and JSON in the file
# of -v json=FILE.  Only samples of -v state=STATE count. It needs rows.awk.
function over(a, b) {
	return (a in median) && median[b] > 0 ? median[a] / median[b] : 0
}

# Returns the ratios of TCP in both directions to a base.
function both(variant, base) {
	return sprintf("%.2f from the guest and %.2f to it",
		over("tcp_guest_to_dom0 netfrontd/netbackd " variant, "tcp_guest_to_dom0 " base),
		over("tcp_dom0_to_guest netfrontd/netbackd " variant, "tcp_dom0_to_guest " base))
}

# Returns the row to which a row's ratio is: for several streams, one with as many.
function base_of(metric, variant) {
	if (variant == "pinned")
		return metric " veth pinned"
	return metric " veth " (metric ~ /^tcp_/ && variant ~ /^(queues|streams)=/ ? "streams=4" : "gso")
}

function json_row(i, variant,	k) {
	split(key[i], k, " ")
	printf("%s\n  {\"metric\": \"%s\", \"pairing\": \"%s\", \"variant\": \"%s\", \"unit\": \"%s\", \"n\": %d, \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"ratio\": %s}",
		(json_rows++ ? "," : ""), k[1], k[2], variant, unit[k[1]], count[i], median[key[i]],
		low[i], high[i], (ratio[i] > 0 ? sprintf("%.3f", ratio[i]) : "null")) >json
}

# Writes the pair's rows again, under the names of the features that a variant switches off.
function json_aliases(i,	k) {
	split(key[i], k, " ")
	if (k[2] != "netfrontd/netbackd" || k[3] != "gso")
		return
	json_row(i, "static-grants")
	json_row(i, "event-mask")
	if (k[1] ~ /^rtt_/)
		json_row(i, "queues=1")
}

function cell(metric, variant) {
	metric = metric " netfrontd/netbackd " variant
	return metric in median ? sprintf("%.4g", median[metric]) : "-"
}

function variant_line(name, variant, trips) {
	printf "%-14s %10s %10s %8s %11s %14s\n", name, cell("tcp_guest_to_dom0", variant),
		cell("tcp_dom0_to_guest", variant), cell("rtt_p50", trips),
		cell("grant_ops_per_packet", variant), cell("notifications_per_packet", variant)
}

function variant_table() {
	printf "\n%-14s %10s %10s %8s %11s %14s\n", "variant", "from guest", "to guest", "rtt p50",
		"grant ops/p", "notifications/p"
	variant_line("static-grants", "gso", "gso")
	variant_line("copy", "copy", "copy")
	variant_line("event-mask", "gso", "gso")
	variant_line("channels", "channels", "channels")
	variant_line("queues=1", "queues=1", "gso")
	variant_line("queues=2", "queues=2", "")
	variant_line("queues=4", "queues=4", "queues=4")
	print "static-grants and event-mask are the pair without options (gso); queues=N: four streams."
}

$5 != state { next }
{ row_add($1 " " $2 " " $3, $4) }

END {
	row_end()
	unit["tcp_guest_to_dom0"] = unit["tcp_dom0_to_guest"] = "Gbit/s"
	unit["rtt_p50"] = unit["rtt_p99"] = "us"
	unit["grant_ops_per_packet"] = unit["notifications_per_packet"] = "1"
	unit["private_kib_per_vif"] = "KiB"
	unit["syscalls_per_round_trip"] = unit["syscalls_per_packet"] = "1"
	unit["instructions_per_packet_64"] = unit["instructions_per_packet_64k"] = "1"
	printf "[" >json
	printf "%-26s %-19s %-9s %-6s %3s %9s %9s %9s %7s\n", "metric", "pairing", "variant", "unit",
		"n", "median", "min", "max", "ratio"
	for (i = 1; i <= rows; i++) {
		split(key[i], k, " ")
		ratio[i] = over(key[i], base_of(k[1], k[3]))
		json_row(i, k[3])
		json_aliases(i)
		printf "%-26s %-19s %-9s %-6s %3d %9.4g %9.4g %9.4g %7s\n", k[1], k[2], k[3], unit[k[1]],
			count[i], median[key[i]], low[i], high[i], (ratio[i] > 0 ? sprintf("%.3f", ratio[i]) : "-")
	}
	print "\n]" >json
	if (("notifications_per_packet netfrontd/netbackd copy") in median)
		variant_table()
	print ""
	print "TCP, ratio to veth: " both("gso", "veth gso") " (aim: 0.60); to QEMU: " both("gso", "qemu gso") " (aim: 5)."
	print "QEMU carries no GSO here, veth and the relay do; with the pair's GSO off the ratio to QEMU is " \
		both("nogso", "qemu gso") "."
	if (("rtt_p50 netfrontd/netbackd pinned") in median)
		printf "Each domain on a processor of its own, ratio to veth in the same way: TCP %s, round trip p50 %.2f.\n",
			both("pinned", "veth pinned"), over("rtt_p50 netfrontd/netbackd pinned", "rtt_p50 veth pinned")
	printf "Round trip p50, ratio to veth: %.2f (aim: 1.0).\n", over("rtt_p50 netfrontd/netbackd gso", "rtt_p50 veth gso")
	ways = over("tcp_guest_to_dom0 netfrontd/netbackd gso", "tcp_dom0_to_guest netfrontd/netbackd gso")
	printf "TCP in the faster direction, ratio to the slower: %.2f (aim: 1.5). ", (ways > 0 && ways < 1 ? 1 / ways : ways)
	printf "For each packet of TCP: %s grant operations (aim: 0), %s notifications (aim: 0.05).\n",
		cell("grant_ops_per_packet", "gso"), cell("notifications_per_packet", "gso")
}
