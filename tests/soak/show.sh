# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a person sees of a soak.
# shellcheck disable=SC2154 # L, ...: lib.sh, run

live=''
[ ! -t 1 ] || live=1

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
mib() { echo "$(($1 >> 20)) MiB"; }

# happened KIND...: how often, together.
happened()
{
	local k sum=0

	for k; do
		sum=$((sum + ${HAPPENED[$k]:-0}))
	done
	echo "$sum"
}

# progress: on a terminal, a line in place of the one before.
progress()
{
	[ -n "$live" ] || return 0
	printf '\r\e[K%s of %s  period %d  events %d  kills %d  attaches %d  %s right' "$(clock $((SECONDS - began)))" \
		"$(clock $((minutes * 60)))" "$period" "$(happened "${!HAPPENED[@]}")" \
		"$(happened control data both front store_killed)" "$(happened attach)" "$(mib "$(all_received)")"
}

# show_verdict NAME TEXT: fails if $wrong is set.
show_verdict()
{
	[ -z "$live" ] || printf '\r\e[K'
	verdict "soak/$1" "$([ -z "$wrong" ]; echo $?)" "$(clock $((SECONDS - began))) $2"
}

# row of a table
row() { printf '  %-24s %s\n' "$@"; }

show_table()
{
	local k all

	echo
	row 'seed' "$SEED"
	row 'time' "$(clock $((SECONDS - began)))"
	row 'compared' "$(mib "${MOVED:-0}"), over $(stream_keys | wc -w) connections"
	row 'events' "$(happened "${!HAPPENED[@]}")"
	for k in $(printf '%s\n' "${!HAPPENED[@]}" | sort); do
		row "  $k" "${HAPPENED[$k]}"
	done
	row 'memory, KiB' 'first, most, last'
	for k in $MEMORY_OF; do
		read -ra all <<<"${MEMORY[$k]:-0}"
		row "  $k" "${all[0]}, $(printf '%s\n' "${all[@]}" | sort -n | tail -n 1), ${all[-1]}"
	done
	row 'hostile cases tried' "$(grep -cE '^(not )?ok ' "$L/evil.cases" 2>/dev/null)"
	row 'warnings and errors' "$(cat "$L"/back.log "$L"/front?.log 2>/dev/null | grep -cE ': (warn|error): ')"
	[ -z "$wrong" ] || row 'ended by' "$wrong"
	[ -z "$wrong" ] || row 'last events' "$(grep -v '^---' "$L/events" | tail -n 6 | sed 's/.*: //' | tr '\n' ' ')"
	echo
}

# soak_end STATUS: nothing stays but logs.
soak_end()
{
	local p

	[ "$1" = 0 ] || [ "$1" = 130 ] || export E2E_KEEP=1
	[ -z "$evil" ] || kill -9 "$evil" 2>/dev/null
	strays hostile-front XENSIM_DOM="${XENSIM_DIR:-none}/dom/4"
	strays hostile-send XENSIM_DIR="${XENSIM_DIR:-none}"
	for p in "${BUSY[@]}" "${FRONTS[@]}" $(data_processes); do
		[ -z "$p" ] || kill -9 "$p" 2>/dev/null
	done
	finish "$1"
}
