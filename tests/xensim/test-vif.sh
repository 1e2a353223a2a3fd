#!/bin/bash
# SPDX-License-Identifier: MIT
# test-vif.sh - attach-vif makes the nodes that libxl makes, and detach-vif removes all of them
set -u

# shellcheck source=/dev/null
. "${0%/*}/../lib.sh"


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
verdict attach $?
be=/local/domain/0/backend/vif/1/3
fe=/local/domain/1/device/vif/3
node $be/frontend $fe && node $fe/backend $be && node $be/frontend-id 1 && node $fe/backend-id 0 && node $fe/handle 3
verdict cross-references $?
node $be/state 1 && node $fe/state 1 && node $be/online 1 && node $be/mac 00:16:3e:01:02:03 && node $be/mtu 9000 && node $be/rate 1000,5
verdict values $?
x exec g -- xenstore-write device/vif/3/state 4 && ! x exec g -- xenstore-write $be/state 4 2>/dev/null && x exec g -- xenstore-read $be/state >/dev/null
verdict "permissions" $?
! x exec g -- xenstore-write device/vif/3/mtu 1 2>/dev/null
verdict mtu-is-not-the-guests $?

# Starts a backend that closes when the toolstack asks it to.
closer() {
	x exec "$1" -- sh -c "
	xenstore-watch $2/state | while read -r _; do
		[ \"\$(xenstore-read $2/state 2>/dev/null)\" = 5 ] && xenstore-write $2/state 6
		xenstore-exists $2/state || break
	done" &
	closer=$!
}

x attach-vif drv g 4
verdict attach-in-a-driver-domain $?
closer drv /local/domain/2/backend/vif/1/4
x detach-vif g 4 2>"$XENSIM_DIR.err" && [ ! -s "$XENSIM_DIR.err" ]
verdict detach $?
x kill drv >/dev/null
wait $closer 2>/dev/null
x detach-vif g 3 --force
verdict detach-by-force $?
store xenstore-ls -fp >"$XENSIM_DIR.after"
# Empty parents are removed, too, as libxl does.
grep -v '/1/device \|/2/backend ' "$XENSIM_DIR.before" | diff - "$XENSIM_DIR.after"
verdict nothing-left $?

# A guest with a VIF is restored: its process continues as domain 3.
x attach-vif 0 g 5 mac=00:16:3e:05:05:05 rate=7 mtu=4000
mkfifo "$XENSIM_DIR.in"
x exec g -- sh -c 'read -r _ && exec xenstore-read domid' <"$XENSIM_DIR.in" >"$XENSIM_DIR.out" &
guest=$!
exec 4>"$XENSIM_DIR.in"
closer 0 /local/domain/0/backend/vif/1/5
[ "$(x save-restore g)" = 3 ]
verdict save-restore $?
be=/local/domain/0/backend/vif/3/5
node $be/mac 00:16:3e:05:05:05 && node $be/rate 7 && node $be/frontend-id 3 && node $be/state 1 && node /local/domain/3/device/vif/5/mtu 4000
verdict restored-vif $?
! store xenstore-ls -f | grep -q '/domain/1\b\|/vif/1\b\|/libxl/1\b'
verdict nothing-of-the-old-domain $?
echo go >&4
exec 4>&-
wait $guest && [ "$(cat "$XENSIM_DIR.out")" = 3 ]
verdict thawed-process-is-the-new-domain $?

x attach-vif 0 g 0 && x attach-vif 0 g 1 && x destroy g --force
verdict destroy $?
! store xenstore-ls -f | grep -q '/3\b'
verdict destroy-leaves-nothing $?
x stop

# A hotplug script runs in the backend's network namespace: dom0's, or the driver domain's.
if [ "$(id -u)" = 0 ]; then
	script=$XENSIM_DIR.script
	printf '#!/bin/sh\necho "$1 $vif $XENBUS_PATH $(readlink /proc/self/ns/net)" >>%s\n' "$XENSIM_DIR.ran" >"$script"
	chmod +x "$script"
	x start --netns && x domain g --netns >/dev/null && x domain drv --netns --driver-domain >/dev/null
	verdict start-with-networks $?
	for b in 0 drv; do
		: >"$XENSIM_DIR.ran"
		ns=$(x exec $b -- readlink /proc/self/ns/net)
		x attach-vif $b g 0 --script="$script" state=2 && x detach-vif g 0 --script="$script" --force &&
			[ "$ns" != "$(readlink /proc/self/ns/net)" ] &&
			printf '%s\n' "online vif1.0 backend/vif/1/0 $ns" "offline vif1.0 backend/vif/1/0 $ns" | diff - "$XENSIM_DIR.ran"
		verdict "script-in-the-network-of-$b" $?
	done
	x stop
fi
rm -f "$XENSIM_DIR".*
totals
