# SPDX-License-Identifier: MIT
# bench-table.awk - turns sorted samples "METRIC PAIRING VARIANT VALUE" into rows: a table, and JSON in
# the file of -v json=FILE.  -v plain=VARIANT is the label of the daemons without options.  It needs rows.awk.

# Returns the ratio to the kernel's pair with as many streams.
function ratio(metric, variant, m,	base) {
	base = metric " kernel/kernel " (variant ~ /^(queues|streams)=/ ? "streams=4" : plain)
	return (base in median) && median[base] > 0 ? sprintf("%.3f", m / median[base]) : "null"
}

function json_row(i, k, variant) {
	printf("%s\n  {\"metric\": \"%s\", \"pairing\": \"%s\", \"variant\": \"%s\", \"unit\": \"%s\", \"n\": %d, \"median\": %s, \"min\": %s, \"max\": %s, \"ratio\": %s}",
		(json_rows++ ? "," : ""), k[1], k[2], variant, unit[k[1]], count[i], median[key[i]],
		low[i], high[i], ratio(k[1], k[3], median[key[i]])) >json
}

{ row_add($1 " " $2 " " $3, $4) }

END {
	row_end()
	unit["tcp_guest_to_dom0"] = unit["tcp_dom0_to_guest"] = "Gbit/s"
	unit["rtt_p50"] = unit["rtt_p99"] = "us"
	unit["dom0_cpu_per_gib"] = "s"
	unit["rss_kib_per_idle_vif"] = "KiB"
	unit["grant_ops_per_packet"] = unit["notifications_per_packet"] = "1"
	printf "[" >json
	printf "%-24s %-19s %-9s %-7s %3s %10s %10s %10s %7s\n", "metric", "pairing", "variant", "unit", "n",
		"median", "min", "max", "ratio"
	for (i = 1; i <= rows; i++) {
		split(key[i], k, " ")
		json_row(i, k, k[3])
		if (k[2] == "netfrontd/netbackd" && k[3] == plain) {
			json_row(i, k, "static-grants")
			json_row(i, k, "event-mask")
		}
		r = ratio(k[1], k[3], median[key[i]])
		printf "%-24s %-19s %-9s %-7s %3d %10.4g %10.4g %10.4g %7s\n", k[1], k[2], k[3], unit[k[1]],
			count[i], median[key[i]], low[i], high[i], (r == "null" ? "-" : r)
	}
	print "\n]" >json
}
