# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The life of a VIF: restarts, crashes, drains, loops and races.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, expect: lib.sh
# shellcheck disable=SC2119,SC2120 # options are for those who want some

# pair_with_vif: a pair with VIF 0 up, as a check of its own.
pair_with_vif()
{
	# With the first signal xensim's library takes a descriptor: it must be open before descriptors are counted.
	{ lab_pair "$@" && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
}

one_ping() { in0 ping -c 3 -i 0.01 -w 10 "${1:-10.79.0.2}" 2>&1 | seen 3 0; }

# ping_start NAME COUNT [NETNS ADDRESS]: every 5 ms in the background.
ping_start()
{
	local name=$1 count=$2

	shift 2
	[ $# -gt 0 ] || set -- "$ns0" 10.79.0.2
	# The shell makes background children ignore SIGINT, at which ping prints its sums.
	env --default-signal=INT nsenter --net="$1" ping "$2" -i 0.005 -c "$count" >"$L/ping.$name" 2>&1 &
	declare -g "ping_$name=$!"
	helper $!
	await_line "$L/ping.$name" 5 'icmp_seq=20 '
}

# ping_lost NAME MAX: waits for its end; at most MAX answers were lost.
ping_lost()
{
	local pid=ping_$1

	await 20 gone "${!pid}"
	seen 20 "$2" <"$L/ping.$1"
}

# watch_state: records every write to the frontend's state from now on.
watch_state()
{
	xenstore-watch "$(fe 1 0)/state" >"$L/states" 2>&1 &
	helper $!
	await_line "$L/states" 5 state
}

state_untouched()
{
	[ "$(xenstore-read "$(fe 1 0)/state")" = 4 ] && [ "$(wc -l <"$L/states")" = 1 ] &&
		echo "the frontend's state was 4 all along"
}

ifindex() { in0 ip -o link show vif1.0 | cut -d: -f1; }

# restart_back SIGNAL [OPTION...]: ends netbackd by SIGNAL and starts it again.  CRASH is SIGKILL to
# control alone.
restart_back()
{
	local signal=$1

	shift
	if [ "$signal" = KILL ]; then
		kill9 "$BACK"
	elif [ "$signal" = CRASH ]; then
		crash "$BACK"
	else
		kill -"$signal" "$BACK"
		exit_code "$BACK" 5 || return 1
		[ "$code" = 0 ] || { echo "exit code $code"; return 1; }
	fi
	start_back "$@"
}

restart_front()
{
	kill9 "$FRONT"
	start_front "$@"
}

# --- netbackd ends and comes back -----------------------------------------------------

# What dom0 sends while no process holds the TAP is lost; what the guest sends waits in its ring.
restart_under_ping()
{
	local signal=$1 i out rc times=3 to=ping_$1 from=ping_guest$1 most

	# A daemon may be away for 0.15 s; ping's wont of one a second would hardly notice.
	most=$((times * $(size 30 80)))
	[ "$signal" != CRASH ] || most=0

	ping_start "$signal" 100000 && ping_start "guest$signal" 100000 "$ns1" 10.79.0.1
	for ((i = 1; i <= times; i++)); do
		out=$(grep -o 'icmp_seq=[0-9]*' "$L/ping.$signal" | tail -n 1)
		restart_back "$signal" >"$TOP/out" 2>&1
		rc=$?
		[ $rc = 0 ] || break
		# The next restart is under pings, too.
		await_line "$L/ping.$signal" 5 "icmp_seq=$((${out#*=} + 80)) " >>"$TOP/out" || rc=1
		[ $rc = 0 ] || break
	done
	verdict "$CASE/restarts-$signal-under-ping" $rc "$(cat "$TOP/out")"
	kill -INT "${!to}" "${!from}"
	check "ping-to-guest-over-$signal" ping_lost "$signal" "$most"
	check "ping-from-guest-over-$signal" ping_lost "guest$signal" 0
}

bytes() { in0 ip -s -j link show vif1.0 | jq ".[0].stats64.$1.bytes"; }

past() { [ "$(bytes "$1")" -gt "$2" ]; }

# transfers to|from: one transfer after another, every byte compared, until $L/enough exists.
transfers()
{
	while [ ! -e "$L/enough" ]; do
		if [ "$1" = to ]; then
			transfer_to 10.79.0.2 64
		else
			transfer_from 10.79.0.1 64
		fi || return 1
	done
}

# transfers_begin COMMAND...: in the background, until transfers_end; sets $transfers_pid.
transfers_begin()
{
	rm -f "$L/enough"
	"$@" >"$L/transfers" 2>&1 &
	transfers_pid=$!
	helper $transfers_pid
}

# transfers_end NAME SECONDS: each was right to the end, which comes in time.
transfers_end()
{
	: >"$L/enough"
	exit_code "$transfers_pid" "$2"
	[ "$code" = 0 ] && grep -q 'every byte right' "$L/transfers"
	verdict "$CASE/$1" $? "$(sort "$L/transfers" | uniq -c)"
}

# restart_under_tcp SIGNAL to|from [OPTION...]: restarts in the midst of transfers.
restart_under_tcp()
{
	local signal=$1 way=tx transfers_pid i base rc=0

	[ "$2" = to ] || way=rx
	transfers_begin transfers "$2"
	: >"$TOP/out"
	for i in 1 2 3; do
		base=$(bytes $way)
		await 20 past $way $((base + (20 << 20))) || { echo "no progress" >>"$TOP/out"; rc=1; break; }
		restart_back "$signal" "${@:3}" >>"$TOP/out" 2>&1 || { rc=1; break; }
	done
	verdict "$CASE/restarts-$signal-under-tcp-$2" $rc "$i times $(cat "$TOP/out")"
	transfers_end "tcp-$2-over-$signal" 40
}

case_restart()
{
	local before device times=15

	pair_with_vif || return
	watch_state
	before=$(holding "$BACK")
	device=$(ifindex)
	restart_under_ping KILL
	restart_under_ping TERM
	restart_under_tcp KILL to
	restart_under_tcp KILL from
	restart_under_tcp TERM to
	if served_by_threads; then
		skipped_case "$CASE/crash" "netbackd has no data processes here"
	else
		restart_under_ping CRASH
		restart_under_tcp CRASH to
		restart_under_tcp CRASH from
		times=24
	fi
	check state state_untouched
	check same-device test "$device" = "$(ifindex)"
	check as-much holds_again "$BACK" "$before"
	check "resumed-$times-times" test "$(grep -c adopted "$L/back.log")" = "$times"
	check ping one_ping
	check no-faults no_faults
}

no_faults() { ! grep -ho 'peer_faults=[0-9]*' "$L/back.log" "$L/front.log"; }

# If a service manager stores the TAPs' descriptors (fdstore.h), no frame is lost.
case_kept()
{
	local i seq device old

	lab_start
	keeper_build || return
	kept_start back 0
	BACK=$!
	kept_start front guest
	FRONT=$!
	{ await_line "$L/back.log" 10 'netbackd: info: started' &&
		await_line "$L/front.log" 10 'netfrontd: info: started' && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check stored await_line "$L/back.keeper" 5 '^stored vif1.0$'
	check guest-stored await_line "$L/front.keeper" 5 '^stored nic0$'
	ping_start kept 600
	for i in 1 2 3; do
		seq=$(grep -o 'icmp_seq=[0-9]*' "$L/ping.kept" | tail -n 1)
		kept_kill >"$TOP/out" 2>&1 && await_line "$L/back.log" 10 ': adopted' "$i" >>"$TOP/out" &&
			await_line "$L/ping.kept" 5 "icmp_seq=$((${seq#*=} + 80)) " >>"$TOP/out" || break
	done
	verdict "$CASE/killed-3-times" $? "$(cat "$TOP/out")"
	check nothing-lost ping_lost kept 0
	# A VIF that is removed leaves the descriptor store, and its name is free at once.
	{ attach 1 && one_ping 10.79.1.2 && x detach-vif guest 1 && await 5 no_link vif1.1; } >"$TOP/out" 2>&1
	verdict "$CASE/detached" $? "$(cat "$TOP/out")"
	# Each descriptor is taken out once before it is put in.
	check removed await_line "$L/back.keeper" 5 '^removed vif1.1$' 2
	check guest-removed await_line "$L/front.keeper" 5 '^removed nic1$' 2
	{ attach 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	verdict "$CASE/attached-again" $? "$(cat "$TOP/out")"
	# Removed and made anew, or only removed, while no netbackd runs.
	old=$(other_ifindex vif1.1)
	kept_away 1 "x detach-vif guest 1 --force; x attach-vif 0 guest 1 --hotplug"
	{ connected 1 1 && address 1 && one_ping 10.79.1.2; } >>"$TOP/out" 2>&1
	verdict "$CASE/made-anew" $? "$(cat "$TOP/out")"
	check made-anew-device test "$(other_ifindex vif1.1)" != "$old"
	kept_away '' "x detach-vif guest 1 --force"
	check gone-while-away await 5 no_link vif1.1
	check other-stays one_ping
	# The guest's rings end with its daemon; its device and the frames queued there stay.
	device=$(in1 ip -o link show eth0)
	kill -9 "$(kept_pid front)"
	{ await_line "$L/front.log" 10 ': connected nic=nic0' 2 && connected 1 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/guest-killed" $? "$(cat "$TOP/out")"
	check guest-device-stays test "$(in1 ip -o link show eth0)" = "$device"
}

keeper_build()
{
	cc -O2 -o "$TOP/keeper" "$here/keeper.c" || verdict "$CASE/build" 1 "no compiler"
}

# kept_start back|front DOMAIN: the daemon under a keeper, which ends as it ends; in the background.
kept_start()
{
	local apart=''

	[ "$1" = front ] || apart="--isolation=$ISOLATION --uid-range=$UIDS"
	# shellcheck disable=SC2086 # words are meant
	"$TOP/keeper" "$L/$1.notify" "$X" exec "$2" -- "$BIN/net$1d" --run-dir="$L/run-$1" $apart \
		--log-level="${E2E_LOG:-info}" >"$L/$1.keeper" 2>>"$L/$1.log" &
}

# kept_pid back|front
kept_pid() { sed -n 's/^pid //p' "$L/$1.keeper" | tail -n 1; }

# Every ping that left dom0 has its answer there.
all_answered()
{
	in0 awk '$1 == "Icmp:" && !n { n = split($0, name); next }
		$1 == "Icmp:" { for (i = 2; i <= n; i++) v[name[i]] = $i }
		END { exit v["OutEchos"] != v["InEchoReps"] }' /proc/net/snmp
}

# kept_kill: kills netbackd between two pings, because frames that it has read are lost with it; the
# pings go on meanwhile.
kept_kill()
{
	local pid rc

	pid=$(kept_pid back)
	# shellcheck disable=SC2154 # ping_start sets it
	kill -STOP "$ping_kept"
	await 5 all_answered && kill -9 "$pid" && await 5 gone "$pid"
	rc=$?
	kill -CONT "$ping_kept"
	return $rc
}

# kept_away STATE COMMANDS: runs COMMANDS while netbackd is stopped, and kills it once vif1.1 has STATE.
kept_away()
{
	local pid i

	pid=$(kept_pid back)
	i=$(grep -c '^pid ' "$L/back.keeper")
	kill -STOP "$pid"
	eval "$2" >"$TOP/out" 2>&1 &
	helper $!
	await 5 xs_state_is "$(be 1 1)/state" "$1"
	kill -9 "$pid"
	await_line "$L/back.keeper" 5 '^pid ' $((i + 1)) >>"$TOP/out"
}

# --- netfrontd ends and comes back -------------------------------------------------------

case_frontend()
{
	local before i threads

	pair_with_vif || return
	before=$(footprint)
	# The worker; and where the guest has a data process, that one's main thread as well.
	threads=$(($(tasks "$BACK") - 1))
	served_by_threads || threads=$((threads - 1))
	for i in 1 2 3; do
		restart_front >"$TOP/out" 2>&1 && await_line "$L/back.log" 5 ': connected' $((i + 1)) >>"$TOP/out" &&
			connected 1 0 >>"$TOP/out"
		verdict "$CASE/killed-$i" $? "$(cat "$TOP/out")" || return
		# The device and its address are still there.
		check "ping-$i" one_ping
	done
	kill -TERM "$FRONT"
	exit_code "$FRONT" 5
	check stopped test "$code" = 0
	check closed await_node "$(be 1 0)/state" 6
	check backend-let-go await 5 threads_are "$threads"
	start_front >"$TOP/out" 2>&1
	check reconnected connected 1 0
	check ping-after-stop one_ping
	check flat same_footprint "$before"
}

# --- drain ----------------------------------------------------------------------------

# drained CODE: both ends are closed, and the device in dom0 is gone.
drained()
{
	[ "$1" = 0 ] || { echo "exit code $1"; return 1; }
	await_node "$(be 1 0)/state" 6 && await_node "$(fe 1 0)/state" "6|1" && await 5 no_taps
}

no_guest_taps() { [ "$(guest_taps)" = 0 ]; }
no_taps() { [ "$(taps)" = 0 ]; }

reconnects()
{
	connected 1 0 && address 0 && one_ping
}

case_drain()
{
	local drain

	pair_with_vif || return
	# By a second netbackd, which tells the first one.
	"$X" exec 0 -- "$BIN/netbackd" --run-dir="$L/run-back" --drain 2>>"$L/back.log" &
	drain=$!
	exit_code "$drain" 10
	check drained drained "$code"
	exit_code "$BACK" 5
	check running-one-ended test "$code" = 0
	start_back >"$TOP/out" 2>&1
	check reconnects reconnects
	# No netbackd runs: the drain adopts the rings and closes them.
	kill9 "$BACK"
	"$X" exec 0 -- "$BIN/netbackd" --run-dir="$L/run-back" --drain 2>>"$L/back.log" &
	drain=$!
	exit_code "$drain" 12
	check drained-alone drained "$code"
	start_back >"$TOP/out" 2>&1
	check reconnects-again reconnects
}

# --- a guest is removed -----------------------------------------------------------------------

only_dom0() { [ "$(status)" = "$(status 0)" ]; }

case_destroy()
{
	local before dom0 pid

	lab_start
	start_back >"$TOP/out" 2>&1 || { verdict "$CASE/start" 1 "$(cat "$TOP/out")"; return; }
	before="$(fds "$BACK") fds, $(tasks "$BACK") threads, $(taps) taps"
	dom0=$(dom0_holds)
	{ start_front && attach 0 && attach 1; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	nsenter --net="$ns1" iperf3 -s --forceflush >"$L/iperf.log" 2>&1 &
	helper $!
	await_line "$L/iperf.log" 5 'Server listening' >"$TOP/out"
	nsenter --net="$ns0" iperf3 -c 10.79.0.2 -t 10 --bidir --forceflush >"$L/client.log" 2>&1 &
	pid=$!
	helper $pid
	await_line "$L/client.log" 5 connected >"$TOP/out"
	x destroy guest --force >"$TOP/out" 2>&1
	check destroyed-under-traffic test $? = 0
	exit_code "$FRONT" 5
	FRONT=''
	check no-tap await 5 no_taps
	check domain-gone await 5 only_dom0
	check nothing-left await 5 holds "$before"
	check store-and-grants-flat same_dom0 "$dom0"
}

holds() { [ "$(fds "$BACK") fds, $(tasks "$BACK") threads, $(taps) taps" = "$1" ]; }
same_dom0() { await 5 dom0_is "$1" || differs "$1" "$(dom0_holds)"; }
dom0_is() { [ "$(dom0_holds)" = "$1" ]; }
# The toolstack removes the guest's nodes, so they are not compared.
dom0_holds() { status 0 | sed 's/nodes=[0-9]* //'; }

# --- one VIF is attached and detached beside another ------------------------------------------------

case_detach()
{
	local before i

	pair_with_vif || return
	before=$(footprint)
	ping_start beside 600
	for i in 1 2 3 4 5; do
		{ attach 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1 && x detach-vif guest 1 >>"$TOP/out" 2>&1
		verdict "$CASE/attach-ping-detach-$i" $? "$(cat "$TOP/out")" || break
	done
	# Under traffic of its own.
	attach 1 >"$TOP/out" 2>&1
	nsenter --net="$ns0" ping -f -w 10 10.79.1.2 >/dev/null 2>&1 &
	helper $!
	x detach-vif guest 1 >"$TOP/out" 2>&1
	check detach-under-flood test $? = 0
	check nothing-lost-beside ping_lost beside 0
	reap_helpers
	check flat same_footprint "$before"
	{ attach 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	check attached-once-more test $? = 0
	kill9 "$BACK"
	x detach-vif guest 1 --force >"$TOP/out" 2>&1
	start_back >>"$TOP/out" 2>&1
	check gone-while-away await 5 no_link vif1.1
	check other-is-adopted one_ping
	# The guest's end of the same: its TAP is removed, and its name is free for the next one.
	attach 1 >"$TOP/out" 2>&1
	check attached-for-the-guest test $? = 0
	kill9 "$FRONT"
	x detach-vif guest 1 --force >"$TOP/out" 2>&1
	start_front >>"$TOP/out" 2>&1
	check gone-while-front-away await 5 no_guest_link eth1
	check told await_line "$L/front.log" 5 'removed nic=nic1 reason="it was removed while no netfrontd ran"'
	check other-again connected 1 0
	{ attach 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	check name-is-free test $? = 0
}

# A VIF that is removed and made anew with the same number while a daemon is stopped:
# neither end may take the new directories for the old.
case_remade()
{
	local before who pid

	pair_with_vif || return
	before=$(footprint)
	for who in back front both; do
		case $who in back) pid=$BACK ;; front) pid=$FRONT ;; both) pid="$BACK $FRONT" ;; esac
		# shellcheck disable=SC2086 # pids
		kill -STOP $pid
		{ x detach-vif guest 0 --force; x attach-vif 0 guest 0 --hotplug; } >"$TOP/out" 2>&1 &
		helper $!
		await 5 xs_state_is "$(be 1 0)/state" 1
		# shellcheck disable=SC2086
		kill -CONT $pid
		check "$who-connected" connected 1 0
		{ address 0 && one_ping; } >"$TOP/out" 2>&1
		verdict "$CASE/$who-ping" $? "$(cat "$TOP/out")"
		# netfrontd cannot tell it from a restore and keeps the old channels (evtchn_keeper.h).
		[ $who != back ] || check flat same_footprint "$before"
	done
	# No frontend runs, so the backend must find out alone.
	guest_new mute && x attach-vif 0 mute 0 --hotplug >"$TOP/out" 2>&1
	verdict "$CASE/mute" $? "$(cat "$TOP/out")"
	kill -STOP "$BACK"
	{ x detach-vif mute 0 --force; x attach-vif 0 mute 0 --hotplug; } >"$TOP/out" 2>&1 &
	helper $!
	await 5 xs_state_is "$(be 2 0)/state" 1
	kill -CONT "$BACK"
	check mute-offered await_node "$(be 2 0)/state" 2
	reap_helpers
}

xs_state_is() { [ "$(xenstore-read "$1" 2>/dev/null)" = "$2" ]; }

no_link() { ! in0 ip link show "$1" >/dev/null 2>&1; }
no_guest_link() { ! in1 ip link show "$1" >/dev/null 2>&1; }

# --- 64 VIFs -------------------------------------------------------------------------------

case_many()
{
	local g d n=0 fronts=() before pids=() p

	# 7 more guests, with 8 VIFs each.
	lab_start 5000
	start_back >"$TOP/out" 2>&1 || { verdict "$CASE/start" 1 "$(cat "$TOP/out")"; return; }
	before="$(fds "$BACK") fds, $(tasks "$BACK") threads, $(taps) taps"
	for g in 1 2 3 4 5 6 7 8; do
		GUEST=guest
		[ "$g" = 1 ] || { GUEST=g$g; guest_new "$GUEST" 5000; }
		"$X" exec "$GUEST" -- "$BIN/netfrontd" --run-dir="$L/run-front$g" 2>>"$L/front.log" &
		fronts+=($!)
		(for d in 0 1 2 3 4 5 6 7; do
			x attach-vif 0 "$GUEST" "$d" --hotplug || exit 1
		done) &
		pids+=($!)
	done
	GUEST=guest
	for p in "${pids[@]}"; do
		wait "$p" || n=$((n + 1))
	done
	check attached test $n = 0
	check connected await_line "$L/back.log" 30 ': connected' 64
	check front-connected await_line "$L/front.log" 30 ': connected' 64
	for g in 1 2 3 4 5 6 7 8; do
		many_addresses "$g"
	done >"$TOP/out" 2>&1
	check addresses test ! -s "$TOP/out"
	pids=()
	for g in 1 2 3 4 5 6 7 8; do
		for d in 0 1 2 3 4 5 6 7; do
			nsenter --net="$ns0" ping -c 5 -i 0.05 -w 10 "10.$g.$d.2" >"$L/ping.$g.$d" 2>&1 &
			pids+=($!)
		done
	done
	for p in "${pids[@]}"; do
		wait "$p"
	done
	n=0
	for p in "$L"/ping.*; do
		seen 5 0 <"$p" >"$TOP/out" || n=$((n + 1))
	done
	verdict "$CASE/all-64-ping" "$((n > 0))" "$((64 - n)) of 64 answer; netbackd has $(rss "$BACK") KiB, $(fds "$BACK") fds, $(tasks "$BACK") threads"
	for p in "${fronts[@]}"; do
		kill "$p"
	done
	n=0
	for p in "${fronts[@]}"; do
		exit_code "$p" 8
		[ "$code" = 0 ] || n=$((n + 1))
	done
	check frontends-end test $n = 0
	pids=()
	for g in guest g2 g3 g4 g5 g6 g7 g8; do
		x destroy "$g" --force &
		pids+=($!)
	done
	wait "${pids[@]}"
	check nothing-left await 10 holds "$before"
}

many_addresses()
{
	local d name=guest

	[ "$1" = 1 ] || name=g$1
	for d in 0 1 2 3 4 5 6 7; do
		echo "link set vif$1.$d up"
		echo "addr add 10.$1.$d.1/24 dev vif$1.$d"
	done | in0 ip -b -
	for d in 0 1 2 3 4 5 6 7; do
		echo "link set eth$d up"
		echo "addr add 10.$1.$d.2/24 dev eth$d"
	done | nsenter --net="$(netns_of "$name")" ip -b -
}

# --- a thousand times -------------------------------------------------------------------------

both_states() { echo "$(xenstore-read "$(be 1 "$1")/state" 2>&1)/$(xenstore-read "$(fe 1 "$1")/state" 2>&1)"; }

# cycle DEVID COUNT: attach, Connected, detach, COUNT times, with one reader of events.
cycle()
{
	local i fd pid state rc=0

	state=$(be 1 "$1")/state
	exec {fd}< <(exec xenstore-watch "$state" 2>/dev/null)
	pid=$!
	for ((i = 0; i < $2 && !rc; i++)); do
		x attach-vif 0 guest "$1" --hotplug || { rc=1; break; }
		until [ "$(xenstore-read "$state" 2>/dev/null)" = 4 ]; do
			read -r -t 10 -u "$fd" _ || { echo "VIF $1 does not connect in cycle $i: $(both_states "$1")"; rc=1; break; }
		done
		[ $rc = 0 ] && { x detach-vif guest "$1" || rc=1; }
	done
	kill "$pid"
	exec {fd}<&-
	return $rc
}

# cycles WORKERS COUNT
cycles()
{
	local d pids=() rc=0 p

	for ((d = 0; d < $1; d++)); do
		cycle "$d" "$2" &
		pids+=($!)
	done
	for p in "${pids[@]}"; do
		wait "$p" || rc=1
	done
	return $rc
}

case_loop()
{
	local workers=10 each before memory grown began allowed

	# A device is detached as soon as it is connected, while its pool may still be being mapped.
	expect='mapping grants failed|log lines held back'
	each=$(size 100 12)
	# All at once map 5,060 pages; each connection may map 1,024, and with a data process that is reserved.
	{ lab_start 6000 && start_back --max-mappings=16384 && start_front; } >"$TOP/out" 2>&1
	verdict "$CASE/start" $? "$(cat "$TOP/out")" || return
	before=$(footprint)
	# By then everything that is allocated once is allocated.
	check first-cycles cycles $workers 2
	memory=$(($(rss "$BACK") + $(rss "$FRONT")))
	began=${EPOCHREALTIME/./}
	check $((workers * each))-cycles cycles $workers "$each"
	echo "# $(((${EPOCHREALTIME/./} - began) / workers / each)) us a cycle"
	check all-connected test "$(grep -c ': connected' "$L/back.log")" = $((workers * (each + 2)))
	end_keepers
	check flat same_footprint "$before"
	grown=$(($(rss "$BACK") + $(rss "$FRONT") - memory))
	# A leak of 1 KiB a cycle would show; a sanitiser's own memory is not counted.
	allowed=$(size 800 20000)
	verdict "$CASE/memory" "$((grown > allowed))" "grew by $grown KiB"
	{ attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/works" $? "$(cat "$TOP/out")"
	x detach-vif guest 0
}

# --- races --------------------------------------------------------------------------------------

# The sleeps are intended: they end each step at another moment, the same one for the same seed.
nap() { sleep "0.$(printf '%03d' $((RANDOM % 40)))"; }

case_races()
{
	local before began i rounds what rc=0

	# Killed daemons leave their peers in the middle of a handshake.
	# A device may be removed while its frontend writes, and a frontend while its rings are mapped or its
	# keys are read.
	expect='cannot connect nic=nic0 reason="(cannot write the rings|backend key)|cannot write the key state nic=nic0 error="(this domain has no right|the xenstore node)'
	expect+='|mapping grants failed|refused vif=vif1.0 reason="(cannot (map|bind)|frontend key)|the key mac cannot be used'
	rounds=$(size 40 20)
	RANDOM=$SEED
	lab_pair >"$TOP/out" 2>&1
	verdict "$CASE/start" $? "$(cat "$TOP/out")" || return
	before=$(footprint)
	for ((i = 0; i < rounds && !rc; i++)); do
		what=$((RANDOM % 6)) began=${EPOCHREALTIME/./}
		x attach-vif 0 guest 0 || rc=1
		case $what in
		0) ;;
		1) nap ;;
		2) nap; restart_front || rc=1 ;;
		3) nap; restart_back KILL || rc=1 ;;
		4) hotplugged; nap; restart_front || rc=1 ;;
		5) hotplugged; nap; restart_back KILL || rc=1; nap; restart_front || rc=1 ;;
		esac
		if [ $((RANDOM % 3)) = 0 ]; then
			x detach-vif guest 0 --force || rc=1
		else
			x detach-vif guest 0 2>"$TOP/detach" || rc=1
			[ ! -s "$TOP/detach" ] || { cat "$TOP/detach"; rc=1; }
		fi
		[ -z "${E2E_TIMES:-}" ] || echo "# kind $what: $(((${EPOCHREALTIME/./} - began) / 1000)) ms" >>"$L/rounds"
	done >"$TOP/out" 2>&1
	verdict "$CASE/$rounds-rounds" $rc "seed $SEED, round $i, kind $what $(tail -n 2 "$TOP/out")"
	end_keepers
	check flat same_footprint "$before"
	check store-clean store_clean
	{ attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/works" $? "$(cat "$TOP/out")"
}

# A directory that is removed and made anew between two looks is taken for a restore's: the channels
# are left to a process (frontend/control/evtchn_keeper.h), which in a real guest must stay.
end_keepers()
{
	local p

	for p in $(keepers); do
		kill -KILL "$p"
	done
	rm -f "$L/run-front/keeper"
}

store_clean() { ! xenstore-ls -f /local/domain | grep -E '/vif/[0-9]'; }

# As the hotplug script would have written, at some time.
hotplugged() { xenstore-write "$(be 1 0)/hotplug-status" connected; }

# --- netfrontd's user -----------------------------------------------------------------------

# front_status FIELD VALUE: in all of netfrontd's threads.
front_status()
{
	local wrong

	wrong=$(grep -HE "^$1:" "/proc/$FRONT"/task/*/status | grep -vE "$1:[[:space:]]*$2\$")
	[ -z "$wrong" ] || { echo "$wrong"; return 1; }
}

# anew COMMAND...: starts a daemon, and waits until netfrontd is connected again: a killed one leaves its state,
# so that both ends are Connected until its successor has noticed.
anew()
{
	local n nic=${NIC:-nic0}

	n=$(grep -c ": connected nic=$nic" "$L/front.log")
	"$@" && await_line "$L/front.log" 20 ": connected nic=$nic" $((n + 1))
}

front_device() { in1 cat /sys/class/net/eth0/ifindex; }

# same_device INDEX: netfrontd took over the device, which is connected.
same_device()
{
	connected 1 0 && [ "$(front_device)" = "$1" ] && in1 ping -c 3 -i 0.01 -w 10 10.79.0.1 2>&1 | seen 3 0
}

# owned UID: what is in the run directory, and that itself, is this user's.
owned() { [ -z "$(find "$L/run-front" ! -uid "$1")" ] || { find "$L/run-front" ! -uid "$1"; return 1; }; }

# stays_root NAME PATTERN OPTION...: says why, and serves on as root.
stays_root()
{
	local name=$1 pattern=$2

	shift 2
	FRONT_USER='' anew restart_front "$@" >"$TOP/out" 2>&1
	check "$name-said" grep -qE "warn: netfrontd stays root.*$pattern" "$L/front.log"
	check "$name-root" front_status Uid '0[[:space:]]+0[[:space:]]+0[[:space:]]+0'
	check "$name-serves" same_device "$index"
}

# Root's rights go once netfrontd has started, and what an earlier one left is taken over by each user.
case_user()
{
	local uid index

	[ -z "$FRONT_USER" ] || { skip all "a sanitizer and gcov write as root"; return; }
	uid=$(id -u netpair 2>/dev/null) || uid=2121302016
	expect='netfrontd stays root'
	FRONT_USER=root pair_with_vif
	index=$(front_device)
	check root-by-option front_status Uid '0[[:space:]]+0[[:space:]]+0[[:space:]]+0'
	check root-filtered front_status Seccomp 2
	check root-files owned 0
	anew restart_front >"$TOP/out" 2>&1
	check taken-over same_device "$index"
	check uid front_status Uid "${uid}[[:space:]]+${uid}[[:space:]]+${uid}[[:space:]]+$uid"
	check groups front_status Groups '(0*[1-9][0-9 ]*)?[[:space:]]*'
	# CAP_NET_ADMIN is bit 12.
	for f in CapEff CapPrm; do
		check "$f" front_status $f 0000000000001000
	done
	check CapInh front_status CapInh 0000000000000000
	check no-new-privs front_status NoNewPrivs 1
	check seccomp front_status Seccomp 2
	check files owned "$uid"
	x attach-vif 0 guest 1 --hotplug >"$TOP/out" 2>&1
	check another-vif connected 1 1
	kill -TERM "$FRONT"
	wait "$FRONT"
	anew start_front >"$TOP/out" 2>&1
	check stopped-and-started same_device "$index"
	stays_root no-such-user 'no such user user="nobody-has-this-name"' --user=nobody-has-this-name
	# A directory above that only root may enter.
	kill9 "$FRONT"
	chmod 700 "$L"
	stays_root locked-out 'may not use (xenstore|the run directory|/dev/xen)'
	chmod 755 "$L"
	anew restart_front >"$TOP/out" 2>&1
	check at-last-uid front_status Uid "${uid}[[:space:]]+${uid}[[:space:]]+${uid}[[:space:]]+$uid"
	check at-last same_device "$index"
}
