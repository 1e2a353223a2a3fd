# SPDX-License-Identifier: MIT
# plot.awk - draws the rows of bench.json or bench-xen.json as an SVG, on the standard output.
# Each row of a metric is a bar: its length is the median, its whisker goes from min to max, and the median
# and the ratio stand beside it.  -v title=TEXT is the heading.

function value(name,	at) {
	if (!match($0, "\"" name "\": (\"[^\"]*\"|[^,}]*)"))
		return ""
	at = substr($0, RSTART, RLENGTH)
	sub(/^"[^"]*": /, "", at)
	gsub(/"/, "", at)
	return at
}

function text(x, y, kind, what) {
	gsub(/&/, "\\&amp;", what)
	gsub(/</, "\\&lt;", what)
	body = body sprintf("<text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>\n", x, y, kind, what)
}

/"metric"/ {
	n++
	metric[n] = value("metric"); unit[n] = value("unit")
	name[n] = value("pairing") "  " value("variant"); ours[n] = value("pairing") ~ /net(back|front)d/
	mid[n] = value("median") + 0; low[n] = value("min") + 0; high[n] = value("max") + 0
	ratio[n] = value("ratio")
	if (high[n] > most[metric[n]])
		most[metric[n]] = high[n]
}

END {
	from = 270; span = 420; y = 30
	text(10, y, "title", title)
	for (i = 1; i <= n; i++) {
		if (metric[i] != metric[i - 1]) {
			y += 34
			text(10, y, "metric", metric[i] (unit[i] == "1" ? "" : ", " unit[i]))
		}
		y += 20
		scale = most[metric[i]] > 0 ? span / most[metric[i]] : 0
		text(from - 8, y, "name", name[i])
		body = body sprintf("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" class=\"%s\"/>\n",
			from, y - 12, mid[i] * scale, ours[i] ? "ours" : "peer")
		body = body sprintf("<path d=\"M%.1f %dH%.1f\"/>\n", from + low[i] * scale, y - 5, from + high[i] * scale)
		text(from + span + 10, y, "figure", sprintf("%.4g%s", mid[i], ratio[i] == "null" ? "" : "  (" ratio[i] "x)"))
	}
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n",
		from + span + 170, y + 20
	print "<style>.title{font-size:16px}.metric{font-weight:bold}.name{text-anchor:end}" \
		".ours{fill:#2a7ab9}.peer{fill:#b8b8b8}path{stroke:#222;stroke-width:1.5}</style>"
	print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
	printf "%s</svg>\n", body
}
