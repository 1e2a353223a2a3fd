#!/bin/sh
# SPDX-License-Identifier: MIT
# xensim store: the xenstore stops, continues, is killed and started again; the rest lives on.
set -u

passed=0
failed=0

say() {
	if [ "$2" = 0 ]; then
		echo "ok $1"
		passed=$((passed + 1))
	else
		echo "not ok $1"
		failed=$((failed + 1))
	fi
}

x() {
	"$XENSIM" "$@"
}

store() {
	"$XENSIM" exec 0 -- "$@" 2>/dev/null
}

# fails STATUS COMMAND...
fails() {
	want=$1
	shift
	"$@" >/dev/null 2>&1
	[ $? = "$want" ]
}

x start && x domain g >/dev/null && store xenstore-write /a 1 || exit 1
x store stop
say stop $?
fails 124 timeout 0.3 "$XENSIM" exec 0 -- xenstore-read /a
say stands-still $?
"$XENSIM" exec 0 -- xenstore-write /a 2 &
writer=$!
fails 1 x domain h
say no-domain-meanwhile $?
fails 1 x store stop
say not-twice $?
x store cont
say cont $?
wait "$writer"
say the-request-was-served $?
[ "$(store xenstore-read /a)" = 2 ]
say and-its-value-is-there $?
x store kill
say kill $?
fails 1 x exec 0 -- xenstore-read /a
say dead $?
fails 1 x exec g -- xenstore-read /a
say dead-for-guests $?
x store start
say start $?
[ "$(store xenstore-read /a)" = 2 ]
say knows-what-it-knew $?
x exec g -- xenstore-read domid >/dev/null
say guests-are-served $?
x store stop && x store kill && x store start --empty
say empty $?
fails 1 x exec 0 -- xenstore-read /a
say knows-nothing $?
[ "$(store xenstore-read domid)" = 0 ] && [ "$(store xenstore-list /local/domain)" = 0 ]
say but-dom0 $?
x domain h >/dev/null
say a-domain-can-be-made $?
x stop
say end $?
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
