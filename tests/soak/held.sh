# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A period of the soak, and what must hold after each: streams move, nothing is left, nobody ended by itself.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, ns0, ...: lib.sh, run

before=''		# what is held with the steady VIFs alone, in the beginning
seen_bytes=0		# of netbackd's log, that are looked through
period=0
wrong=''		# why the soak ends early
SETTLE=30		# seconds until what was taken away is gone

# --- what is held ---------------------------------------------------------------------

files_in() { find "$@" -mindepth 1 ! -type d 2>/dev/null | wc -l; }

# held: all that the daemons and their domains hold, in words to be compared.  A data process has spare handles,
# and a VIF may have a node "error" that tells of something that is over.
held()
{
	local g text

	text="back-fds=$(fds "$BACK") back-threads=$(tasks "$BACK") back-processes=$(each_of "$BACK" | wc -l)"

	text+=" back-files=$(files_in "$L/run-back") taps=$(taps) spare-fds=$(files_in "/proc/$host/fd")"
	text+=" vif-nodes=$(xenstore-ls -f /local/domain/0/backend/vif 2>/dev/null | grep -vc '/error = ')"
	for g in "${!FRONTS[@]}"; do
		text+=" front$g-fds=$(fds "${FRONTS[$g]}") front$g-threads=$(tasks "${FRONTS[$g]}")"
		text+=" front$g-files=$(files_in "$L/run-front$g") front$g-taps=$(in_dom "$g" ip -o link | grep -c ': eth')"
	done
	x status | awk -v text="$text" '
		$1 == "id" { n = split($0, name) }
		NF == n && $1 ~ /^[0-9]/ {
			for (i = 4; i <= n; i++)
				if (name[i] != "faults" && !($2 == "dom0" && name[i] == "nodes"))
					text = text " " (name[i] == "handles" ? "spare" : name[i]) "-" $2 "=" $i
		}
		END { print text }'
}

# named_sockets PID: puts what a socket is to its number: a path of the process's network, or netlink.
named_sockets()
{
	awk 'FILENAME ~ /unix$/ { name[$7] = "unix " $8; next }
		FILENAME ~ /netlink$/ { name[$NF] = "netlink " $2; next }
		match($0, /^socket:\[[0-9]+\]/) { n = substr($0, 9, RLENGTH - 9); print "  socket: " (n in name ? name[n] : "of another network"); next }
		{ sub(/\[[0-9]+\]/, ""); print "  " $0 }' "/proc/$1/net/unix" "/proc/$1/net/netlink" -
}

# list_fds FILE: what is open, for a person who looks for the cause of a difference.
list_fds()
{
	local p

	for p in $(each_of "$BACK") "${FRONTS[@]}"; do
		tr '\0' ' ' <"/proc/$p/cmdline" | cut -c 1-60
		echo
		find "/proc/$p/fd" -mindepth 1 -printf '%l\n' | named_sockets "$p" | sort | uniq -c
	done >"$1" 2>/dev/null
}

held_now() { [ "$(held | sed "$2")" = "$(sed "$2" <<<"$1")" ]; }
held_stays() { local was; was=$(held); sleep 1; [ "$(held)" = "$was" ]; }
# Of words that are not compared.
but_for() { local w text=''; for w; do text+="s/\\b${w}[^ ]*//g;"; done; echo "$text"; }

# same_held TEXT [SED]: waits for it; says which words differ.
same_held()
{
	await $SETTLE held_now "$1" "${2:-}" || differs "$(sed "${2:-}" <<<"$1")" "$(held | sed "${2:-}")"
}

# memory PID...: of its own, KiB.
memory()
{
	local p

	for p; do
		sed -n 's/^RssAnon:[ \t]*\([0-9]*\).*/\1/p' "/proc/$p/status"
	done 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'
}

# note_memory: adds to the table of memory.
declare -A MEMORY=()
MEMORY_OF="control data netfrontd-1 netfrontd-2 netfrontd-3 xensim"
note_memory()
{
	# shellcheck disable=SC2046 # words
	MEMORY[data]+=" $(memory $(data_processes))"
	MEMORY[control]+=" $(memory "$BACK")"
	MEMORY[xensim]+=" $(memory "$host")"
	for g in 1 2 3; do
		MEMORY[netfrontd-$g]+=" $(memory "${FRONTS[$g]}")"
	done
}

# --- what must not happen ---------------------------------------------------------------

# ended_line LINE: of a data process: was it the soak?
ended_line()
{
	[[ $1 =~ \ pid=([0-9]+) ]] && [ -n "${KILLED[${BASH_REMATCH[1]}]:-}" ] && [[ $1 != *signal=* || $1 == *'signal="Killed"'* ]]
}

# nothing_wrong: else sets $wrong.
nothing_wrong()
{
	local line g now

	if gone "$BACK"; then wrong="netbackd has ended: $(tail -n 1 "$L/back.log")"; return 1; fi
	for g in 1 2 3; do
		if gone "${FRONTS[$g]}"; then wrong="netfrontd of guest $g has ended: $(tail -n 1 "$L/front$g.log")"; return 1; fi
	done
	for line in "$L"/sanitizer*; do
		[ ! -e "$line" ] || { wrong="sanitizer: $(head -n 3 "$line" | tr '\n' ' ')"; return 1; }
	done
	now=$(stat -c %s "$L/back.log")
	[ "$now" -gt "$seen_bytes" ] || return 0
	while IFS= read -r line; do
		case $line in
		*'data process of a guest ended'*) ended_line "$line" || { wrong=$line; return 1; } ;;
		*) wrong=$line; return 1 ;;
		esac
	done < <(tail -c "+$((seen_bytes + 1))" "$L/back.log" | head -c $((now - seen_bytes)) |
		grep -E 'data process of a guest ended|data process is killed|ended too often')
	seen_bytes=$now
}

# --- a period ------------------------------------------------------------------------------

# soak_warm: everything that comes and goes was there once; what is held now is held after each period.
soak_warm()
{
	local d

	began_us=${EPOCHREALTIME/./}
	events_begin
	evil_begin || return
	for d in $DEVIDS; do
		toolstack "$d" attach-vif 0 churn "$d" --hotplug
	done
	# What was detached at last may take a moment to go.
	quiet && await 60 held_stays && before=$(held)
	list_fds "$L/fds.before"
}

# quiet: takes away all but the steady VIFs and guest 3's first.
quiet()
{
	local d

	evil_end || { wrong="guest 4's VIF does not go"; return 1; }
	for d in $DEVIDS; do
		[ -z "${BUSY[$d]:-}" ] || exit_code "${BUSY[$d]}" 70
		BUSY[d]=''
		! exists "$d" || toolstack "$d" detach-vif churn "$d" --force
	done
	for d in $DEVIDS; do
		[ -z "${BUSY[$d]:-}" ] || exit_code "${BUSY[$d]}" 70
		BUSY[d]=''
	done
	# A directory that went and came between two looks is taken for a restore's (case-life.sh).
	for d in $(ip netns pids "$(basename "$(ns_of 3)")"); do
		[ "$(cat "/proc/$d/comm" 2>/dev/null)" != evtchn-keeper ] || kill -KILL "$d"
	done
	wrong=$(steady) || return 1
	wrong=''
}

# steady: the VIFs that stay are connected, and all streams move.
steady()
{
	connected 1 0 60 && connected 2 0 60 && connected 2 1 60 && connected 3 0 60 && all_move 120
}

period()
{
	local over=$((SECONDS + PERIOD)) n=0 text

	period=$((period + 1))
	old_age=''
	[ $((RANDOM % 2)) = 0 ] || old_age+='control both store_killed '
	[ $((RANDOM % 2)) = 0 ] || old_age+='data both '
	echo "--- period $period${old_age:+, not: $old_age}" >>"$L/events"
	evil_begin || wrong="the hostile guest's VIF does not come"
	while [ -z "$wrong" ] && [ "$SECONDS" -lt "$over" ]; do
		one_event || wrong=$why
		[ -z "$wrong" ] || break
		nothing_wrong || break
		n=$((n + 1))
		progress
		nap 600
	done
	if [ -z "$wrong" ] && quiet && nothing_wrong; then
		same_held "$before" "$(but_for spare-)" >"$TOP/out" || wrong=$(tr '\n' ' ' <"$TOP/out")
		[ -z "$wrong" ] || list_fds "$L/fds.now"
		note_memory
	fi
	show_verdict "period-$period" "${wrong:-$n events${old_age:+ (not: ${old_age% })}}"
	[ -z "$wrong" ]
}

# --- the end ----------------------------------------------------------------------------------

# soak_last: every byte has arrived; without VIFs the daemons hold nothing more than before the first.
soak_last()
{
	local k

	[ -z "$live" ] || printf '\r\e[K'
	MOVED=$(all_received)
	[ -z "$wrong" ] || return
	for k in $(stream_keys); do
		stream_end "$k" >"$TOP/out"
		verdict "soak/stream-$k" $? "$(remark 0 "$(cat "$TOP/out")")"
	done
	reap_helpers
	check guest-1-notices-nothing not_disconnected
	memory_flat
	x detach-vif guest 0 && x detach-vif busy 0 && x detach-vif busy 1 && x detach-vif churn 0
	check nothing-is-held same_held "$idle" "$(but_for nodes-)"
	for k in 1 2 3; do
		ends=''
		stop_daemon netfrontd "${FRONTS[$k]}"
		verdict "soak/netfrontd-$k-ends" "$([ -z "$ends" ]; echo $?)" "$ends"
	done
	ends=''
	stop_daemon netbackd "$BACK"
	verdict soak/netbackd-ends "$([ -z "$ends" ]; echo $?)" "$ends"
	check no-process-stays await 10 no_data_processes
	check dom0-holds-nothing test -z "$(status 0 | grep -oE '(handles|grants|mapped|ports)=[1-9][0-9]*')"
	check no-files test -z "$(find "$L/run-back" "$L"/run-front? ! -type d ! -name '*.lock')"
	FRONTS=() BACK=''
}

not_disconnected()
{
	[ "$(grep -c ': connected nic=nic0' "$L/front1.log")" = 1 ] && ! grep 'disconnected' "$L/front1.log"
}

# memory_flat: each at its last look is what it was at the first one; netfrontd of guest 1 was never killed.
memory_flat()
{
	local of all allowed

	allowed=$(size 1536 65536)
	for of in $MEMORY_OF; do
		read -ra all <<<"${MEMORY[$of]:-0}"
		verdict "soak/memory-$of" "$((all[-1] > all[0] + allowed))" "${all[0]} KiB at first, ${all[-1]} KiB at last"
	done
}
