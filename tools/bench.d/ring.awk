# SPDX-License-Identifier: MIT
# ring.awk - turns sorted samples "CONTENDER WAY BYTES VALUE" of tools/bench-ring into rows: a table, and JSON in the
# file of -v json=FILE. It needs rows.awk.

{ row_add($1 " " $2 " " $3, $4) }

END {
	row_end()
	printf "%-20s %-4s %6s %3s %9s %9s %9s %7s\n", "contender", "way", "bytes", "n", "Mpps", "least", "most", "ratio"
	printf "{ \"rows\": [" >json
	for (i = 1; i <= rows; i++) {
		split(key[i], k, " ")
		base = median["virtio-user " k[2] " " k[3]]
		ratio = base > 0 ? sprintf("%.3f", median[key[i]] / base) : "-"
		printf "%-20s %-4s %6d %3d %9.3f %9.3f %9.3f %7s\n", k[1], k[2], k[3], count[i], median[key[i]], low[i], high[i], ratio
		printf "%s\n  {\"metric\": \"ring_mpps_%s\", \"pairing\": \"%s\", \"variant\": \"%s\", \"unit\": \"Mpps\", \"n\": %d, \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"ratio\": %s}",
			(i > 1 ? "," : ""), k[2], k[1], k[3], count[i], median[key[i]], low[i], high[i], (ratio == "-" ? "null" : ratio) >json
	}
	printf "\n] }\n" >json
}
