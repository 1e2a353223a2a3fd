# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What happens in a soak.  An event is a function event_KIND: it returns 0 when it happened, 1 when it could not
# happen now, 2 when what must follow did not, with the reason in $why.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, ns0, ...: lib.sh, run

# How often each kind comes, beside the others.
WEIGHTS="control:6 data:6 both:4 front:3 attach:6 detach:4 forced:2 flood_to:3 flood_from:3 frozen:2 stalled:2
	store_dies:1 store_killed:1 link:2 guest_link:1 carrier:1 deleted:2 guest_deleted:1 moved:2 rate:1"
DEVIDS="1 2 3 4 5"		# guest 3's, that come and go

declare -A KILLED=()		# data processes that the soak has killed
declare -A DEATHS=()		# when, by domid, since the last start of control
declare -A BUSY=()		# a toolstack at work, by devid: its pid
declare -A HAPPENED=()		# how often, by kind
declare -a KINDS=()
old_age=''			# kinds that do not come in this period
evil=''				# pid of the loop that runs the hostile frontend

pick() { local a=("$@"); PICKED=${a[RANDOM % $#]}; }
any_vif() { pick 1.0 2.0 2.1 3.0; vif_dom=${PICKED%.*} vif_dev=${PICKED#*.}; }

events_begin()
{
	local kind only

	for kind in $WEIGHTS; do
		only=" ${EVENTS:-${kind%:*}} "
		[[ $only == *" ${kind%:*} "* ]] || continue
		HAPPENED[${kind%:*}]=0
		for ((n = 0; n < ${kind#*:}; n++)); do
			KINDS+=("${kind%:*}")
		done
	done
}

# one_event: one of them, by the seed.
one_event()
{
	local kind rc

	pick "${KINDS[@]}"
	kind=$PICKED
	[[ " $old_age " != *" $kind "* ]] || return 0
	why=''
	echo "$(((${EPOCHREALTIME/./} - began_us) / 1000)) ms: $kind" >>"$L/events"
	"event_$kind"
	rc=$?
	case $rc in
	0) HAPPENED[$kind]=$((HAPPENED[$kind] + 1)) ;;
	1) echo "  not now" >>"$L/events" ;;
	*) why="$kind: ${why:-$(tail -n 1 "$TOP/out")}"; return 1 ;;
	esac
	return 0
}

# --- processes are killed -----------------------------------------------------------

event_control()
{
	if served_by_threads; then kill9 "$BACK"; else crash "$BACK"; fi
	DEATHS=()
	back || return 2
}

# may_die DOMID: a guest whose data process has died five times within a minute is refused.
may_die()
{
	local t n=0

	for t in ${DEATHS[$1]:-}; do
		[ $((SECONDS - t)) -gt 65 ] || n=$((n + 1))
	done
	[ "$n" -lt 3 ]
}

kill_data_of()
{
	local p

	p=$(data_of "$1")
	[ -n "$p" ] || return 1
	# More than one for a moment only: an old one that is about to end.
	for p in $p; do
		KILLED[$p]=1
		kill -9 "$p" 2>/dev/null
	done
	DEATHS[$1]+=" $SECONDS"
}

event_data()
{
	pick 1 2 3 4
	! served_by_threads && may_die "$PICKED" && kill_data_of "$PICKED"
}

# In either order, and with a moment between them or none.
event_both()
{
	local g

	! served_by_threads || return 1
	pick 1 2 3 4
	g=$PICKED
	if [ $((RANDOM % 2)) = 0 ]; then
		may_die "$g" && kill_data_of "$g" || return 1
		[ $((RANDOM % 2)) = 0 ] || nap
		event_control
	else
		crash "$BACK"
		[ $((RANDOM % 2)) = 0 ] || nap
		kill_data_of "$g"
		DEATHS=()
		back || return 2
	fi
}

# netfrontd of guests 2 and 3.
event_front()
{
	pick 2 3
	kill -9 "${FRONTS[$PICKED]}"
	wait "${FRONTS[$PICKED]}" 2>/dev/null
	front "$PICKED" || return 2
}

# nap [MS]: at most so long.
nap() { local ms=$((RANDOM % ${1:-40})); sleep "$((ms / 1000)).$(printf '%03d' $((ms % 1000)))"; }

# --- the toolstack -------------------------------------------------------------------

exists() { xenstore-exists "$(be 3 "$1")/state" 2>/dev/null; }

# toolstack DEVID COMMAND...: in the background, so that other things happen meanwhile.
toolstack()
{
	local d=$1

	shift
	timeout 60 "$X" "$@" >>"$L/toolstack.log" 2>&1 &
	BUSY[$d]=$!
}

# free_devid yes|no: one of guest 3's that exists, or does not, and that no toolstack works on.
free_devid()
{
	local d some=()

	for d in $DEVIDS; do
		[ -z "${BUSY[$d]:-}" ] || gone "${BUSY[$d]}" || continue
		BUSY[$d]=''
		if exists "$d"; then [ "$1" = yes ]; else [ "$1" = no ]; fi && some+=("$d")
	done
	[ ${#some[@]} -gt 0 ] || return 1
	pick "${some[@]}"
}

event_attach() { free_devid no && toolstack "$PICKED" attach-vif 0 churn "$PICKED" --hotplug; }
event_detach() { free_devid yes && toolstack "$PICKED" detach-vif churn "$PICKED"; }
event_forced() { free_devid yes && toolstack "$PICKED" detach-vif churn "$PICKED" --force; }

# --- floods ---------------------------------------------------------------------------

# To guest 3, of small or of large frames.
event_flood_to()
{
	pick "20000 60" "20000 1514" "3000 60000 gso"
	# shellcheck disable=SC2086 # words
	timeout 10 nsenter --net="$ns0" "$BIN/hostile-send" vif3.0 $PICKED >/dev/null 2>&1
	return 0
}

event_flood_from()
{
	pick "20000 60" "20000 1514"
	# shellcheck disable=SC2086 # words
	timeout 10 nsenter --net="$(ns_of 3)" "$BIN/hostile-send" eth0 $PICKED >/dev/null 2>&1
	return 0
}

# Guest 3 stops taking frames while they come.
event_frozen()
{
	kill -STOP "${FRONTS[3]}"
	timeout 10 nsenter --net="$ns0" "$BIN/hostile-send" vif3.0 2000 1514 >/dev/null 2>&1
	nap 1500
	kill -CONT "${FRONTS[3]}"
}

# --- the xenstore ---------------------------------------------------------------------

event_stalled()
{
	x store stop
	nap 2500
	x store cont
}

event_store_dies()
{
	x store kill
	nap 1500
	x store start >/dev/null
}

# Control dies while the xenstore does not answer, and is started before it does.
event_store_killed()
{
	local goes_on

	[[ $old_age != *control* ]] || return 1
	x store stop
	if served_by_threads; then kill9 "$BACK"; else crash "$BACK"; fi
	DEATHS=()
	{ nap 800; x store cont; } &
	goes_on=$!
	back || return 2
	exit_code $goes_on 10
}

# --- the network ----------------------------------------------------------------------

event_link()
{
	any_vif
	in0 ip link set "vif$vif_dom.$vif_dev" down 2>/dev/null || return 1
	nap 600
	in0 ip link set "vif$vif_dom.$vif_dev" up 2>/dev/null
	return 0
}

event_guest_link()
{
	any_vif
	in_dom "$vif_dom" ip link set "eth$vif_dev" down 2>/dev/null || return 1
	nap 600
	guest_address "$vif_dom" "$vif_dev" 2>/dev/null
	return 0
}

event_carrier()
{
	any_vif
	xenstore-write "$(be "$vif_dom" "$vif_dev")/carrier" 0
	nap 600
	xenstore-rm "$(be "$vif_dom" "$vif_dev")/carrier"
}

index_of() { nsenter --net="$1" ip -o link show "$2" 2>/dev/null | cut -d: -f1; }
is_new() { local now; now=$(index_of "$1" "$2"); [ -n "$now" ] && [ "$now" != "$3" ]; }

# A person deletes a device of dom0, and puts the new one where it was.
event_deleted()
{
	local was

	any_vif
	was=$(index_of "$ns0" "vif$vif_dom.$vif_dev")
	[ -n "$was" ] && in0 ip link del "vif$vif_dom.$vif_dev" 2>/dev/null || return 1
	[ $((RANDOM % 2)) = 0 ] || [[ $old_age == *control* ]] || event_control || return
	await 20 is_new "$ns0" "vif$vif_dom.$vif_dev" "$was" || { why="no new vif$vif_dom.$vif_dev"; return 2; }
	await 5 plug "$vif_dom" "$vif_dev" 2>/dev/null
}

# And one of a guest: netfrontd connects anew.
event_guest_deleted()
{
	local was ns

	pick 2.0 2.1 3.0
	vif_dom=${PICKED%.*} vif_dev=${PICKED#*.}
	ns=$(ns_of "$vif_dom")
	was=$(index_of "$ns" "eth$vif_dev")
	[ -n "$was" ] && nsenter --net="$ns" ip link del "eth$vif_dev" 2>/dev/null || return 1
	await 20 is_new "$ns" "eth$vif_dev" "$was" || { why="no new eth$vif_dev in guest $vif_dom"; return 2; }
	await 5 guest_address "$vif_dom" "$vif_dev" 2>/dev/null
}

# To a bridge without anyone, and back.
event_moved()
{
	any_vif
	plug "$vif_dom" "$vif_dev" brC 2>/dev/null || return 1
	nap 600
	await 10 plug "$vif_dom" "$vif_dev" 2>/dev/null
}

event_rate()
{
	any_vif
	xenstore-write "$(be "$vif_dom" "$vif_dev")/rate" "$((RANDOM * 20 + 20000)),$((RANDOM + 1000))"
	nap 1000
	xenstore-rm "$(be "$vif_dom" "$vif_dev")/rate"
}

# --- the hostile guest ----------------------------------------------------------------

# What its program finds does not matter here, as the backend may be gone at any time.
evil_begin()
{
	timeout 30 "$X" attach-vif 0 evil 0 --hotplug mac=00:16:3e:66:66:66 >>"$L/toolstack.log" 2>&1
	await_node "$(be 4 0)/state" '2|3|4|5|6' 10 >/dev/null || return
	in0 ip addr replace 10.77.1.1/24 dev vif4.0 2>/dev/null
	in0 ip link set vif4.0 mtu 9000 up 2>/dev/null
	rm -f "$L/evil.end" "$L/evil.pid"
	evil_loop "$RANDOM" >"$L/evil.log" 2>&1 &
	evil=$!
}

# evil_loop SEED
evil_loop()
{
	local groups=(1 2 3 4 5 6 7 8 9 10 11 12 13 15 16 23 24 25) pid

	trap - EXIT INT TERM HUP
	RANDOM=$1
	export XENSIM=$X HOSTILE_HOOK=$soak/hook HOSTILE_SEND=$BIN/hostile-send HOSTILE_TMP=$L HOSTILE_DOM=0 HOSTILE_VIF=vif4.0
	export HOSTILE_NETNS=$ns0 SOAK_HOOK=$root/tests/hostile/hook
	# Not in exec's mount namespace: the hook is the host's.
	while [ ! -e "$L/evil.end" ]; do
		env XENSIM_DOM="$XENSIM_DIR/dom/4" XENSTORED_PATH="$XENSIM_DIR/dom/4/xenstored.sock" LD_LIBRARY_PATH="${X%/*}/lib" \
			timeout -k 2 20 "$BIN/hostile-front" "${groups[RANDOM % ${#groups[@]}]}" >>"$L/evil.cases" 2>&1 </dev/null &
		pid=$!
		echo $pid >"$L/evil.pid"
		wait $pid
		sleep 0.05
	done
}

# evil_end: its program ends, and its VIF goes.
evil_end()
{
	local p

	[ -n "$evil" ] || return 0
	: >"$L/evil.end"
	read -r p 2>/dev/null <"$L/evil.pid" && kill "$p" 2>/dev/null
	exit_code "$evil" 30 || kill -9 "$evil"
	evil=''
	strays hostile-front XENSIM_DOM="$XENSIM_DIR/dom/4" && strays hostile-send XENSIM_DIR="$XENSIM_DIR"
	rm -f "$L/flood.pid"
	timeout 30 "$X" detach-vif evil 0 --force >>"$L/toolstack.log" 2>&1
	await 10 no_device vif4.0
}

# strays PROGRAM VARIABLE=VALUE: ends those with this in their environment, as a program that is killed leaves its
# flood, and a slow machine a program.
strays()
{
	local p

	for p in $(pgrep -x "$1"); do
		grep -qzxF "$2" "/proc/$p/environ" 2>/dev/null || continue
		kill -9 "$p" 2>/dev/null
		await 10 gone "$p" || return 1
	done
	return 0
}

no_device() { ! in0 ip link show "$1" >/dev/null 2>&1; }
