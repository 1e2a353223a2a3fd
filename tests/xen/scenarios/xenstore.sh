# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# boot: hostile
# seconds: 300
#
# xenstore - the real xenstored answers the operations of tests/xensim/store-ops.sh, in dom0 and in a guest,
# as xensim does (store-ops.dom0, store-ops.guest).

# by_op FILE: prints one line for each operation, with its answer.
by_op()
{
	awk '/^\$ / { if (line != "") print line; line = $0; next }
		{ line = line " | " $0 }
		END { if (line != "") print line }' "$1"
}

# compare dom0|guest FILE: gives a verdict for each operation that is answered differently, or one for all.
compare()
{
	local sim real i n bad=0

	mapfile -t sim < <(by_op "$LAB/store-ops/store-ops.$1")
	mapfile -t real < <(by_op "$2")
	n=${#sim[@]}
	for ((i = 0; i < n || i < ${#real[@]}; i++)); do
		[ "${sim[i]:-}" != "${real[i]:-}" ] || continue
		bad=$((bad + 1))
		not_ok "$1-$((i + 1))" "xensim: ${sim[i]:-nothing} -- xenstored: ${real[i]:-nothing}"
	done
	[ "$bad" = 0 ] || return 0
	if [ "$n" -ge 50 ]; then
		ok "$1" "$n operations, all answered as xensim does"
	else
		not_ok "$1" "only $n operations were compared"
	fi
}

note "Xen $(xl info | sed -n "s/^xen_version *: //p"), $(readlink "/proc/$(cat /run/xenstored.pid)/exe")"
sh "$LAB/store-ops/store-ops.sh" >/lab/store-ops.dom0 2>&1 || not_ok dom0-end "status $?"
compare dom0 /lab/store-ops.dom0

# store-ops.sh gives rights to the domains 7, 8 and 9, so this guest must be none of them: its boot has
# few guests.
check create guest_create g1 pv none || give_up "no guest"
# xenstore's tools are one program that acts by its name.  The guest lacks the name of one of them.
guest g1 run 'ln -s xenstore-read /bin/xenstore-chmod; sh /lab/store-ops.sh' 120 >/lab/store-ops.guest ||
	not_ok guest-end "status $?: $(tail -n 1 /lab/store-ops.guest)"
compare guest /lab/store-ops.guest
