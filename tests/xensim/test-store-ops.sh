#!/bin/bash
# SPDX-License-Identifier: MIT
# test-store-ops.sh - xensim answers store-ops.sh as the files store-ops.dom0 and store-ops.guest say, which
# the lab compares with a real Xen. With UPDATE=1 it writes these files.
set -u

here=$(cd "$(dirname "$0")" && pwd) || exit 2
# shellcheck source=/dev/null
. "$here/../lib.sh"

compare() {
	want=$here/store-ops.$2
	"$XENSIM" exec "$1" -- sh "$here/store-ops.sh" >"$XENSIM_DIR.answers" 2>&1 || echo "exit $?" >>"$XENSIM_DIR.answers"
	[ -z "${UPDATE:-}" ] || cp "$XENSIM_DIR.answers" "$want"
	diff "$want" "$XENSIM_DIR.answers"
	verdict "as $2" $?
	rm -f "$XENSIM_DIR.answers"
}

"$XENSIM" start && "$XENSIM" domain guest >/dev/null || exit 1
compare 0 dom0
compare guest guest
"$XENSIM" stop
totals
