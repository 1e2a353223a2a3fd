#!/bin/bash
# SPDX-License-Identifier: MIT
# test-errors.sh - wrong use of the xensim command, and failures: each ends with one clear line and a
# non-zero exit status, and leaves no file and no process
set -u

# shellcheck source=/dev/null
. "${0%/*}/../lib.sh"

base=$XENSIM_DIR
unset XENSIM_DIR
plain=$OUT/xensim
inst=a$$ # namespaces are named after it
tmp=$base/tmp
mkdir "$tmp"

finish() {
	umount "$base/small" 2>/dev/null
	for d in "$inst" b small; do
		"$plain" --dir="$base/$d" stop 2>/dev/null
	done
}
trap finish EXIT
trap 'exit 1' INT TERM

# The sanitised command on instance a.
x() {
	"$XENSIM" --dir="$base/$inst" "$@"
}

# Starts a process of domain g of instance a, which does not end by itself; returns once it runs.
stayer() {
	rm -f "$tmp/up" && mkfifo "$tmp/up"
	"$plain" --dir="$base/$inst" exec g -- sh -c 'echo up; exec sleep 1000' >"$tmp/up" &
	child=$!
	read -r _ <"$tmp/up"
}

# check NAME COMMAND...: the command must succeed.
check() {
	name=$1
	shift
	"$@"
	verdict "$name" $?
}

# bad NAME PATTERN COMMAND...: the command must fail with one line that matches.
bad() {
	name=$1 pattern=$2
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	rc=$?
	if [ "$rc" != 0 ] && [ "$rc" -lt 128 ] && [ ! -s "$tmp/out" ] &&
		[ "$(wc -l <"$tmp/err")" = 1 ] && grep -q "^xensim: .*$pattern" "$tmp/err"; then
		verdict "$name" 0
	else
		echo "exit code $rc"
		cat "$tmp/out" "$tmp/err"
		verdict "$name" 1
	fi
}

absent() {
	[ ! -e "$1" ]
}

netns() {
	[ -e "/run/netns/$1" ]
}

no_netns() {
	! netns "$1"
}

# Prints a file and fails, as a failing command does.
repeat() {
	cat "$1" >&2
	return 1
}

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$base/nobody/xensim" "$@"
}

exits_7() {
	x exec g -- sh -c 'exit 7'
	[ $? = 7 ]
}

no_g() {
	! x exec g -- true 2>/dev/null
}

# No host at all
bad no-host-status 'no host runs in' x status
bad no-host-exec 'no host runs in' x exec 0 -- true
bad no-host-stop 'no host runs in' x stop
check no-host-leaves-nothing absent "$base/$inst"
mkdir "$base/mine" && echo precious >"$base/mine/file"
bad stop-of-a-foreign-directory 'no host runs in' "$XENSIM" --dir="$base/mine" stop
check start-in-a-used-directory "$XENSIM" --dir="$base/mine" start
check stop-in-a-used-directory "$XENSIM" --dir="$base/mine" stop
check foreign-files-stay [ "$(ls "$base/mine")" = file ]
bad start-below-a-file 'Not a directory' "$XENSIM" --dir="$base/mine/file/x" start
bad start-with-a-long-path 'too long' "$XENSIM" --dir="$base/$(printf '%080d' 0)" start
bad start-with-bad-number 'max-pages' x start --max-pages=0
bad start-with-bad-option 'unknown option' x start --no-such
check bad-start-leaves-nothing absent "$base/$inst"

# With a host
check start x start
bad start-twice 'runs there already' x start
check second-instance "$XENSIM" --dir="$base/b" start
check second-instance-domain "$XENSIM" --dir="$base/b" domain other
bad exec-unknown 'no domain nosuch' x exec nosuch -- true
bad exec-number 'no domain 77' x exec 77 -- true
bad exec-without-command 'no command' x exec 0 --
bad exec-nothing-there 'No such file' x exec 0 -- /no/such/command
bad domain-of-other-instance 'no domain other' x exec other -- true
bad domain-bad-name 'letters' x domain 'a/b'
bad domain-option 'unknown option' x domain g --fast
check domain x domain g
bad domain-twice 'exists already' x domain g
bad destroy-dom0 'not for dom0' x destroy 0
bad destroy-unknown 'no domain nosuch' x destroy nosuch
bad fault-unknown 'no domain nosuch' x fault nosuch copy
bad attach-unknown 'no domain nosuch' x attach-vif 0 nosuch
bad attach-word 'not understood' x attach-vif 0 g soon
bad detach-none 'has no vif 3' x detach-vif g 3
check exit-code-is-the-commands exits_7
check stop-leaves-the-other "$XENSIM" --dir="$base/b" status >/dev/null
check stop x stop
check stop-leaves-nothing absent "$base/$inst"

# Ctrl-C in the foreground
mkfifo "$tmp/fifo"
"$XENSIM" --dir="$base/$inst" start --foreground >"$tmp/fifo" 2>"$tmp/err" &
pid=$!
read -r line <"$tmp/fifo"
check foreground-serves [ "$line" = "serving $base/$inst" ]
x domain g >/dev/null
stayer
kill -INT $pid
wait $pid
check foreground-ends-well [ $? = 0 ]
wait $child
check foreground-kills-its-domains [ $? = 137 ]
check foreground-leaves-nothing absent "$base/$inst"
check foreground-is-silent [ ! -s "$tmp/err" ]

# With a host that was killed
for after in status exec stop start; do
	x start && x domain g >/dev/null
	stayer
	kill -9 "$(cat "$base/$inst/lock")"
	case $after in
	status) bad killed-status 'no host runs in\|has gone' x status && x stop ;;
	exec) bad killed-exec 'no host runs in\|has gone' x exec 0 -- true && x stop ;;
	stop) check killed-stop x stop ;;
	start) check killed-start x start && check killed-start-is-new no_g && x stop ;;
	esac
	wait $child 2>/dev/null
	check killed-$after-leaves-nothing absent "$base/$inst"
done

# No memory files
bad no-memfd 'memfd_create' "$OUT/tests/help/deny" memfd_create -- "$plain" --dir="$base/$inst" start
check no-memfd-leaves-nothing absent "$base/$inst"

root_tests() {
	# With a full disk, at each file that is made there
	mkdir "$base/small"
	full=0
	for n in 2 3 4 5 6 7 8 9 10; do
		mount -t tmpfs -o "size=4k,nr_inodes=$n" xensim-test "$base/small" || break
		if "$plain" --dir="$base/small" start 2>"$tmp/err"; then
			"$plain" --dir="$base/small" domain g >"$tmp/out" 2>"$tmp/err" || full=$((full + 1))
			"$plain" --dir="$base/small" stop
		else
			full=$((full + 1))
		fi
		mv "$tmp/err" "$tmp/full"
		[ ! -s "$tmp/full" ] || bad "full-disk-$n" 'No space left' repeat "$tmp/full"
		check "full-disk-$n-leaves-nothing" [ -z "$(ls -A "$base/small")" ]
		umount "$base/small"
	done
	check full-disk-was-full [ $full -ge 4 ]

	# With a network namespace of that name already there
	ip netns add xensim-$inst-g && {
		x start
		bad netns-exists "xensim-$inst-g: exists already" x domain g --netns
		check netns-exists-is-left netns xensim-$inst-g
		bad netns-exists-no-domain 'no domain g' x exec g -- true
		ip netns del xensim-$inst-g
		check netns-then-works x domain g --netns
		check netns-is-entered [ "$(x exec g -- ip -br link | wc -l)" = 1 ]
		x stop
		check netns-is-removed no_netns "xensim-$inst-g"
		x start && x domain g --netns >/dev/null
		kill -9 "$(cat "$base/$inst/lock")"
		x stop
		check netns-of-a-killed-host-is-removed no_netns "xensim-$inst-g"
	}

	# Not root
	mkdir -m 1777 "$base/nobody" && cp -r "$plain" "$OUT/lib" "$base/nobody" && chmod 755 "$base" "${base%/*}"
	check nobody-starts as_nobody --dir="$base/nobody/d" start
	check nobody-domain as_nobody --dir="$base/nobody/d" domain g
	check nobody-exec as_nobody --dir="$base/nobody/d" exec g -- xenstore-write data/a 1
	check nobody-reads [ "$(as_nobody --dir="$base/nobody/d" exec 0 -- xenstore-read /local/domain/1/data/a)" = 1 ]
	bad nobody-netns 'cannot be made' as_nobody --dir="$base/nobody/d" domain h --netns
	bad nobody-netns-no-domain 'no domain h' as_nobody --dir="$base/nobody/d" exec h -- true
	check nobody-stops as_nobody --dir="$base/nobody/d" stop
	check nobody-leaves-nothing absent "$base/nobody/d"
	bad nobody-in-a-foreign-directory 'Permission denied' as_nobody --dir="$base/no" start
}

if [ "$(id -u)" = 0 ]; then
	root_tests
else
	skipped_case "errors: full disk, namespaces, other users:" "not root"
fi
totals
