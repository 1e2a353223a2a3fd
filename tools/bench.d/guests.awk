# SPDX-License-Identifier: MIT
# guests.awk - turns sorted samples "METRIC VARIANT VALUE" of tools/bench-guests into rows: a table, and JSON in
# the file of -v json=FILE, as table.awk's, with the number of guests. It needs rows.awk.
# Returns the ratio of a row to that of none; 0: it has none.
function over(metric, variant) {
	if (variant == "none" || !((metric " none") in median) || median[metric " none"] <= 0)
		return 0
	return median[metric " " variant] / median[metric " none"]
}

function unit_of(metric) {
	return metric ~ /^tcp_/ ? "Gbit/s" : metric ~ /_ms$/ ? "ms" : metric ~ /_us$/ ? "us" : metric ~ /_kib/ ? "KiB" : metric == "idle_cpu" ? "%" : "1/s"
}

{ row_add($1 " " $2, $3) }

END {
	row_end()
	aim["data_process_kib"] = "at most 512"
	aim["data_process_idle_kib"] = "at most 512"
	aim["control_kib_per_vif"] = "at most 32"
	aim["attach_ms"] = "ratio at most 1.5"
	aim["idle_cpu"] = "at most 0.5"
	aim["restart_ms"] = "at most 500"
	aim["tcp_guest_to_dom0"] = aim["tcp_dom0_to_guest"] = "ratio 1, within the spread"
	printf "[" >json
	printf "%-24s %-9s %-6s %3s %9s %9s %9s %7s  %s\n", "metric", "variant", "unit", "n", "median", "min", "max", "ratio", "aim, with 256 guests"
	for (i = 1; i <= rows; i++) {
		split(key[i], k, " ")
		ratio = over(k[1], k[2])
		printf("%s\n  {\"metric\": \"%s\", \"pairing\": \"netfrontd/netbackd\", \"variant\": \"%s\", \"guests\": %d, \"unit\": \"%s\", \"n\": %d, \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"ratio\": %s}",
			(i > 1 ? "," : ""), k[1], k[2], guests, unit_of(k[1]), count[i], median[key[i]], low[i], high[i],
			(ratio > 0 ? sprintf("%.3f", ratio) : "null")) >json
		printf "%-24s %-9s %-6s %3d %9.4g %9.4g %9.4g %7s  %s\n", k[1], k[2], unit_of(k[1]), count[i], median[key[i]],
			low[i], high[i], (ratio > 0 ? sprintf("%.3f", ratio) : "-"), (k[2] == "isolated" ? aim[k[1]] : "")
	}
	print "\n]" >json
	print ""
}
