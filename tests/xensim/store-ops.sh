#!/bin/sh
# SPDX-License-Identifier: MIT
# store-ops.sh - does operations of a xenstore client and prints the answers, so that two servers can be
# compared. Run it as dom0 or as a guest, on xensim or on a real Xen. The own domid is printed as ME.
# store-ops.dom0 and store-ops.guest contain what xensim answers.
# Needs xenstore-utils, sed, sort, mkfifo.
set -u

me=$(xenstore-read domid) || exit 1
top=/local/domain/$me
tmp=${TMPDIR:-/tmp}/store-ops.$$
mkdir "$tmp" || exit 1
finish() {
	xenstore-rm data/ops 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 1' INT TERM

hide_me() {
	sed -e 's/x\{100,\}/x.../g' -e "s|/local/domain/$me\b|/local/domain/ME|g" -e "s|\b\([nrwb]\)$me\b|\1ME|g"
}

# indent PREFIX FILE: prints the file's lines behind the prefix.  No process is started, as each takes
# long in an emulated domain.
indent() {
	while IFS= read -r line || [ -n "$line" ]; do
		printf '%s%s\n' "$1" "$line"
	done <"$2"
}

# op COMMAND...: prints the command, its output and its exit status.
op() {
	echo "\$ $*"
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	rc=$?
	indent '  ' "$tmp/out"
	indent '! ' "$tmp/err"
	echo "= $rc"
}

# watched WHAT COMMAND...: prints the events that a command causes, after the initial one.
watched() {
	n=$1 path=$2
	shift 2
	echo "\$ watch $path: $*"
	mkfifo "$tmp/fifo"
	xenstore-watch -n "$n" "$path" >"$tmp/fifo" 2>&1 &
	exec 3<"$tmp/fifo"
	read -r line <&3 && echo "  $line"
	"$@" >/dev/null 2>&1
	while read -r line <&3; do
		echo "  $line"
	done
	exec 3<&-
	wait
	rm -f "$tmp/fifo"
}

x() {
	i=0
	while [ $i -lt "$1" ]; do
		printf x
		i=$((i + 1))
	done
}

{
xenstore-rm data/ops 2>/dev/null

# Values, relative and absolute paths
op xenstore-write data/ops/a 1
op xenstore-read data/ops/a
op xenstore-read "$top/data/ops/a"
op xenstore-write "$top/data/ops/b" 'two words'
op xenstore-read data/ops/a data/ops/b
op xenstore-read -p data/ops/b
op xenstore-write data/ops/empty ''
op xenstore-read data/ops/empty
op xenstore-write data/ops/deep/er/still 3
op xenstore-read data/ops/deep/er
op xenstore-list data/ops/deep
op xenstore-list -p data/ops/deep
op xenstore-list data/ops/a
op xenstore-write data/ops/m1 1 data/ops/m2 2
op xenstore-read data/ops/m1 data/ops/m2

# Missing nodes and malformed paths
op xenstore-read data/ops/none
op xenstore-list data/ops/none
op xenstore-exists data/ops/none
op xenstore-exists data/ops/a
op xenstore-exists data/ops/a data/ops/none
op xenstore-rm data/ops/none
op xenstore-rm data/ops/none/below
op xenstore-write 'data/ops/bad name' 1
op xenstore-write data/ops//twice 1
op xenstore-write data/ops/ends/ 1
op xenstore-read /
op xenstore-read ''

# Sizes
op xenstore-write data/ops/big "$(x 1900)"
op xenstore-write data/ops/big "$(x 2100)"
xenstore-read data/ops/big | wc -c | tr -d ' '
op xenstore-write "data/ops/$(x 250)" 1
op xenstore-exists "data/ops/$(x 250)"
op xenstore-write "$(x 2100)" 1

# Removal, with empty parents (-t) and without
op xenstore-write data/ops/r/s/t 1
op xenstore-rm data/ops/r/s
op xenstore-exists data/ops/r
op xenstore-write data/ops/q/s/t 1 data/ops/q/u 1
op xenstore-rm -t data/ops/q/s/t
op xenstore-list data/ops/q

# Permissions
op xenstore-ls -p data/ops/deep
op xenstore-chmod data/ops/a "n$me" r7
op xenstore-ls -p data/ops/a
op xenstore-chmod data/ops/a "n$me" r7 b8
op xenstore-chmod -r data/ops/deep "n$me" w9
op xenstore-chmod data/ops/none "n$me"
op xenstore-chmod data/ops/a nonsense
op xenstore-write data/ops/deep/new 1
op xenstore-ls -p data/ops

# Other domains' nodes
op xenstore-read /local/domain/12345/name
op xenstore-write /local/domain/12345/data/x 1
xenstore-rm /local/domain/12345 2>/dev/null
op xenstore-exists /tool/xenstored
op xenstore-write /tool/ops 1
xenstore-rm /tool/ops 2>/dev/null
op xenstore-chmod /tool n0

# Watches
watched 2 data/ops/w xenstore-write data/ops/w 1
watched 2 "$top/data/ops/w" xenstore-write data/ops/w 2
watched 2 data/ops xenstore-write data/ops/w/below 3
watched 3 data/ops xenstore-write data/ops/m1 3 data/ops/m2 4
watched 2 data/ops xenstore-rm data/ops/w
watched 2 data/ops xenstore-chmod data/ops/a "n$me"
watched 2 data/ops/deep/er/still xenstore-rm data/ops/deep
watched 2 data/ops xenstore-write data/ops/new/made/deep 1

# Lists too long for one answer
add_names() {
	first=$1 count=$2
	set --
	while [ "$count" -gt 0 ]; do
		set -- "$@" "data/ops/long/a-name-that-is-long-enough-to-make-more-than-one-answer-$first" ''
		first=$((first + 1)) count=$((count - 1))
	done
	xenstore-write "$@" 2>/dev/null
}

# Ten at a time; a guest's directory is limited, and full to the last name that fits.
i=0
while [ $i -lt 150 ] && add_names $i 10; do
	i=$((i + 10))
done
while [ $i -lt 150 ] && add_names $i 1; do
	i=$((i + 1))
done
xenstore-list data/ops/long >"$tmp/long"
wc -l <"$tmp/long" | tr -d ' '
sort -u "$tmp/long" | wc -l | tr -d ' '
op xenstore-rm data/ops
op xenstore-exists data/ops
} | hide_me
