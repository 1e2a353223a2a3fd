#!/bin/sh
# SPDX-License-Identifier: MIT
# attach-vif and detach-vif: the nodes that libxl makes, and none of them left.
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
	"$XENSIM" exec 0 -- "$@"
}

node() {
	[ "$(store xenstore-read "$1")" = "$2" ]
}

x start && x domain g >/dev/null && x domain drv --driver-domain >/dev/null || exit 1
store xenstore-ls -fp >"$XENSIM_DIR.before"
x attach-vif 0 g 3 mtu=9000 mac=00:16:3e:01:02:03 rate=1000,5
say attach $?
be=/local/domain/0/backend/vif/1/3
fe=/local/domain/1/device/vif/3
node $be/frontend $fe && node $fe/backend $be && node $be/frontend-id 1 && node $fe/backend-id 0 && node $fe/handle 3
say cross-references $?
node $be/state 1 && node $fe/state 1 && node $be/online 1 && node $be/mac 00:16:3e:01:02:03 && node $be/mtu 9000 && node $be/rate 1000,5
say values $?
x exec g -- xenstore-write device/vif/3/state 4 && ! x exec g -- xenstore-write $be/state 4 2>/dev/null && x exec g -- xenstore-read $be/state >/dev/null
say "permissions" $?
! x exec g -- xenstore-write device/vif/3/mtu 1 2>/dev/null
say mtu-is-not-the-guests $?

# A backend that closes when told to, as xl sees it.
x attach-vif drv g 4
say attach-in-a-driver-domain $?
dbe=/local/domain/2/backend/vif/1/4
x exec drv -- sh -c "
	xenstore-watch $dbe/state | while read -r _; do
		[ \"\$(xenstore-read $dbe/state)\" = 5 ] && xenstore-write $dbe/state 6
		xenstore-exists $dbe/state || break
	done" &
closer=$!
x detach-vif g 4 2>"$XENSIM_DIR.err" && [ ! -s "$XENSIM_DIR.err" ]
say detach $?
x kill drv >/dev/null
wait $closer 2>/dev/null
x detach-vif g 3 --force
say detach-by-force $?
store xenstore-ls -fp >"$XENSIM_DIR.after"
# Empty parents go, too: libxl removes these.
grep -v '/1/device \|/2/backend ' "$XENSIM_DIR.before" | diff - "$XENSIM_DIR.after"
say nothing-left $?
x attach-vif 0 g 0 && x attach-vif 0 g 1 && x destroy g --force
say destroy $?
! store xenstore-ls -f | grep -q '/1\b'
say destroy-leaves-nothing $?
x stop
rm -f "$XENSIM_DIR".*
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
