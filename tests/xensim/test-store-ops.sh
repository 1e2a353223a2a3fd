#!/bin/sh
# SPDX-License-Identifier: MIT
# The answers to store-ops.sh are the ones that the lab compares with a real Xen.
# To write them anew: UPDATE=1.
set -u

here=$(cd "$(dirname "$0")" && pwd)
passed=0
failed=0

compare() {
	want=$here/store-ops.$2
	"$XENSIM" exec "$1" -- sh "$here/store-ops.sh" >"$XENSIM_DIR.answers" 2>&1 || echo "exit $?" >>"$XENSIM_DIR.answers"
	[ -z "${UPDATE:-}" ] || cp "$XENSIM_DIR.answers" "$want"
	if diff "$want" "$XENSIM_DIR.answers"; then
		echo "ok as $2"
		passed=$((passed + 1))
	else
		echo "not ok as $2"
		failed=$((failed + 1))
	fi
	rm -f "$XENSIM_DIR.answers"
}

"$XENSIM" start && "$XENSIM" domain guest >/dev/null || exit 1
compare 0 dom0
compare guest guest
"$XENSIM" stop
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
