#!/bin/bash
# SPDX-License-Identifier: MIT
# test-outage.sh - xensim store: the xenstore stops, continues, is killed and starts again, while domains,
# grants and channels go on
set -u

# shellcheck source=/dev/null
. "${0%/*}/../lib.sh"


x() {
	"$XENSIM" "$@"
}

store() {
	"$XENSIM" exec 0 -- "$@" 2>/dev/null
}

# fails STATUS COMMAND...: the command must end with this status.
fails() {
	want=$1
	shift
	"$@" >/dev/null 2>&1
	[ $? = "$want" ]
}

x start && x domain g >/dev/null && store xenstore-write /a 1 || exit 1
x store stop
verdict stop $?
fails 124 timeout 0.3 "$XENSIM" exec 0 -- xenstore-read /a
verdict stands-still $?
"$XENSIM" exec 0 -- xenstore-write /a 2 &
writer=$!
fails 1 x domain h
verdict no-domain-meanwhile $?
fails 1 x store stop
verdict not-twice $?
x store cont
verdict cont $?
wait "$writer"
verdict the-request-was-served $?
[ "$(store xenstore-read /a)" = 2 ]
verdict and-its-value-is-there $?
x store kill
verdict kill $?
fails 1 x exec 0 -- xenstore-read /a
verdict dead $?
fails 1 x exec g -- xenstore-read /a
verdict dead-for-guests $?
x store start
verdict start $?
[ "$(store xenstore-read /a)" = 2 ]
verdict knows-what-it-knew $?
x exec g -- xenstore-read domid >/dev/null
verdict guests-are-served $?
x store stop && x store kill && x store start --empty
verdict empty $?
fails 1 x exec 0 -- xenstore-read /a
verdict knows-nothing $?
[ "$(store xenstore-read domid)" = 0 ] && [ "$(store xenstore-list /local/domain)" = 0 ]
verdict but-dom0 $?
x domain h >/dev/null
verdict a-domain-can-be-made $?
x stop
verdict end $?
totals
