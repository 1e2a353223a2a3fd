# SPDX-License-Identifier: MIT
# rows.awk - makes rows of samples that come sorted by row and by value: of each row's name in key[] the number of
# samples, the least and the largest one, and in median[] by its name the median.

function row_end() {
	if (!n)
		return
	rows++
	key[rows] = last; count[rows] = n; low[rows] = v[1]; high[rows] = v[n]
	median[last] = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	n = 0
}

function row_add(name, value) {
	if (name != last)
		row_end()
	last = name
	v[++n] = value
}
