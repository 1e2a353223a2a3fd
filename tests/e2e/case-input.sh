# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Bad input: broken keys in the store, a host that dies, wrong options.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, expect, code: lib.sh
# shellcheck disable=SC2119,SC2120

# --- broken keys of a frontend --------------------------------------------------------------

# Keys that are valid, but name grants and channels that were never offered.
GOOD="tx-ring-ref=8000 rx-ring-ref=8001 event-channel-tx=900 event-channel-rx=901 request-rx-copy=1
	feature-rx-notify=1 feature-sg=1 feature-gso-tcpv4=1 feature-gso-tcpv6=1
	feature-no-csum-offload=0 feature-ipv6-csum-offload=1"

# Values that no such key may have: text, negative, beyond 32 bits, nothing, half a number.
NONSENSE=("junk" "-1" "4294967296" "" "2x")

# front_writes DEVID KEY=VALUE...: as a frontend would, in one transaction, with the state last.
front_writes()
{
	local dir args=() kv

	dir=$(fe 1 "$1")
	shift
	for kv; do
		args+=("$dir/${kv%%=*}" "${kv#*=}")
	done
	xenstore-write -- "${args[@]}" "$dir/state" 4
}

# offered DEVID: the scripted frontend is new and the backend has offered.
offered()
{
	local k old=()

	for k in $GOOD multi-queue-num-queues event-channel ctrl-ring-ref event-channel-ctrl; do
		old+=("$(fe 1 "$1")/${k%%=*}")
	done
	xenstore-rm "${old[@]}"
	xenstore-write "$(fe 1 "$1")/state" 1
	await_node "$(be 1 "$1")/state" 2
}

# refused DEVID PATTERN KEY=VALUE... [-KEY]: writes the valid keys with these changes; the VIF goes to
# Closing or Closed, and its key error matches PATTERN.
refused()
{
	local d=$1 pattern=$2 keys=() kv change text

	shift 2
	offered "$d" || return 1
	# shellcheck disable=SC2086 # words are meant
	for kv in $GOOD; do
		for change; do
			[[ ${change#-} != "${kv%%=*}" && ${change%%=*} != "${kv%%=*}" ]] || continue 2
		done
		keys+=("$kv")
	done
	for change; do
		[[ $change == -* ]] || keys+=("$change")
	done
	front_writes "$d" "${keys[@]}"
	await_node "$(be 1 "$d")/state" 6 || return 1
	text=$(xenstore-read "$(be 1 "$d")/error" 2>/dev/null) || { echo "no error node for $*"; return 1; }
	[[ $text =~ $pattern ]] || { echo "$*: error is \"$text\""; return 1; }
}

# each_nonsense KEY: the VIF is refused for each such value, and error names the key.
each_nonsense()
{
	local v n=0

	for v in "${NONSENSE[@]}"; do
		refused 1 "$1" "$1=$v" || return 1
		n=$((n + 1))
	done
	echo "$n values refused"
}

# refusals_told VIF: prints how often the log says that it was refused, repetitions included.
refusals_told()
{
	awk -v vif="vif=$1 " 'index($0, vif) {
			told += /refused/
			if (match($0, / repeated=[0-9]+/))
				told += substr($0, RSTART + 10)
		}
		END { print told + 0 }' "$L/back.log"
}

case_values()
{
	local k before

	expect='refused vif=vif1.1 reason=|mapping grants failed'
	lab_start
	# VIF 1 belongs to this script until the end.
	{ start_back && start_front 0 && attach 0 && x attach-vif 0 guest 1 --hotplug; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	before=$(holding "$BACK")
	ping_start beside 100000
	for k in $GOOD multi-queue-num-queues; do
		check "${k%%=*}" each_nonsense "${k%%=*}"
	done
	check event-channel refused 1 'event-channel ' event-channel=junk -event-channel-tx -event-channel-rx
	for k in tx-ring-ref rx-ring-ref event-channel-tx event-channel-rx request-rx-copy; do
		check "no-$k" refused 1 "$k is missing|$k is not acceptable" "-$k"
	done
	check no-channel-at-all refused 1 'event-channel is missing' -event-channel-tx -event-channel-rx
	check one-ref-for-both refused 1 rx-ring-ref rx-ring-ref=8000
	check one-port-for-both refused 1 event-channel-rx event-channel-rx=900
	check port-0 refused 1 event-channel-tx event-channel-tx=0
	check no-copy refused 1 request-rx-copy request-rx-copy=0
	for k in 0 2 -1 2x 4000000000; do
		check "num-queues=$k" refused 1 multi-queue-num-queues "multi-queue-num-queues=$k"
	done
	# These keys are valid, but nothing was granted: the message is another.
	check refs-of-nobody refused 1 'cannot|map' multi-queue-num-queues=1
	check largest-refs refused 1 'cannot|map' tx-ring-ref=4294967295 rx-ring-ref=4294967294
	check told-of-each test "$(refusals_told vif1.1)" -ge 77
	check nothing-held holds_again "$BACK" "$before"
	# A frontend that writes the right ones connects on the same VIF.
	offered 1 >"$TOP/out" 2>&1
	verdict "$CASE/offered-again" $? "$(cat "$TOP/out")"
	"$X" exec guest -- "$BIN/netfrontd" --run-dir="$L/run-front1" 1 2>>"$L/front.log" &
	helper $!
	{ connected 1 1 && address 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	verdict "$CASE/corrected" $? "$(cat "$TOP/out")"
	check error-node-gone test "$(xenstore-read "$(be 1 1)/error" 2>/dev/null || echo gone)" = gone
	kill -INT "$ping_beside"
	check nothing-lost-beside ping_lost beside 0
}

# --- the backend key port -----------------------------------------------------------------------

# port_of: what netpair shows as the port of the only VIF.
port_of() { "$BIN/netpair" --run-dir="$L/run-back" show vif1.0 2>&1 | sed -n 's/^ *port *//p'; }

# waits_for_port TEXT: the VIF has an error about the key port, and is not connected.
waits_for_port()
{
	xenstore-write "$(be 1 0)/port" "$1" && await 10 error_of_port "$1" && await_node "$(be 1 0)/state" 2
}
error_of_port() { [[ "$(xenstore-read "$(be 1 0)/error" 2>/dev/null)" == *"key port"* ]]; }

case_port_key()
{
	local bad

	expect='not served yet vif=vif1.0 reason="the backend key port'
	lab_start
	{ start_back && x attach-vif 0 guest 0 --hotplug port=nonsense && start_front; } >"$TOP/out" 2>&1
	verdict "$CASE/started" $? "$(cat "$TOP/out")"
	for bad in nonsense tap: TAP; do
		check "waits-for-$bad" waits_for_port "$bad"
	done
	check is-told grep -q 'key port is not acceptable' "$L/back.log"
	xenstore-write "$(be 1 0)/port" tap
	{ connected 1 0 && address 0 && one_ping 10.79.0.2; } >"$TOP/out" 2>&1
	verdict "$CASE/goes-on-once-it-is-right" $? "$(cat "$TOP/out")"
	check no-error await_node "$(be 1 0)/error" -
	check is-shown test "$(port_of)" = tap
}

# --- broken keys of a backend ----------------------------------------------------------------

case_offers()
{
	local k v n dir

	expect='cannot connect nic=nic0 reason="(backend key|the backend lacks)'
	lab_start
	{ start_back && x attach-vif 0 guest 0 --hotplug; } >"$TOP/out" 2>&1
	verdict "$CASE/offered" $? "$(cat "$TOP/out")" || return
	dir=$(be 1 0)
	# Each needs a frontend that has not been refused yet: it would wait before it tries again.
	for k in feature-rx-copy=0 feature-rx-copy=-1 feature-sg=junk feature-gso-tcpv4=2x feature-gso-tcpv6=4294967296 \
		feature-no-csum-offload= feature-ipv6-csum-offload=1.0 feature-split-event-channels=yes; do
		v=$(xenstore-read "$dir/${k%%=*}" 2>/dev/null)
		xenstore-write -- "$dir/${k%%=*}" "${k#*=}"
		n=$(named "${k%%=*}")
		start_front >"$TOP/out" 2>&1
		check "$k" await_line "$L/front.log" 5 "cannot connect nic=nic0 .*(${k%%=*})" "$n"
		kill -TERM "$FRONT"
		exit_code "$FRONT" 5
		if [ -n "$v" ]; then
			xenstore-write "$dir/${k%%=*}" "$v"
		else
			xenstore-rm "$dir/${k%%=*}"
		fi
		xenstore-write "$(fe 1 0)/state" 1
		await_node "$dir/state" 2 >/dev/null
	done
	start_front >"$TOP/out" 2>&1
	{ connected 1 0 && address 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/corrected" $? "$(cat "$TOP/out")"
	# Broken keys of its own change neither the device nor the traffic.
	expect+='|the key mtu cannot be used|the key mac cannot be used'
	x detach-vif guest 0
	await 5 no_guest_taps
	kill "$FRONT"
	exit_code "$FRONT" 5
	x attach-vif 0 guest 0 --hotplug
	xenstore-write "$(fe 1 0)/mac" zz "$(fe 1 0)/mtu" junk
	start_front >"$TOP/out" 2>&1
	{ connected 1 0 && address 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/mac-and-mtu" $? "$(cat "$TOP/out")"
	check said-mac grep -m 1 'the key mac cannot be used' "$L/front.log"
	check said-mtu grep -m 1 'the key mtu cannot be used' "$L/front.log"
}

# --- a domain whose quota is used up --------------------------------------------------------

# Takes each node that is left of the guest's quota of 1000. One call is one transaction.
fill_quota()
{
	local n i done=0 args

	for ((n = 1024; n > 0; n /= 2)); do
		args=()
		for ((i = done; i < done + n; i++)); do
			# A node has 2048 bytes for the names below it.
			args+=("data/$((i / 100))/$((i % 100))" x)
		done
		! x exec guest -- xenstore-write "${args[@]}" 2>/dev/null || done=$((done + n))
	done
	echo "$done nodes"
	! x exec guest -- xenstore-write data/one-more x 2>/dev/null
}

# The error says that the domain's quota is used up, not a disk; the VIF goes on once there is room.
case_quota()
{
	expect='cannot connect nic=nic0 reason="cannot write the rings to xenstore: '
	lab_start
	{ start_back && x attach-vif 0 guest 0 --hotplug && fill_quota && start_front; } >"$TOP/out" 2>&1
	verdict "$CASE/filled" $? "$(cat "$TOP/out")" || return
	check says-quota await_line "$L/front.log" 5 'cannot write the rings to xenstore: this domain.s quota in xenstore is used up'
	x exec guest -- xenstore-rm data
	{ connected 1 0 20 && address 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/goes-on" $? "$(cat "$TOP/out")"
}

# --- broken keys of the toolstack, and a device of another program ---------------------

# vif_refused PATTERN: VIF 1 ends Closed and says why; then it is detached as any other.
vif_refused()
{
	local text

	await_node "$(be 1 1)/state" 6 || return 1
	text=$(xenstore-read "$(be 1 1)/error" 2>/dev/null) || { echo "no error node"; return 1; }
	x detach-vif guest 1 || return 1
	echo "$text"
	[[ $text =~ $1 ]]
}

case_toolstack()
{
	local before

	expect='refused vif=vif1.1 reason='
	lab_start
	{ start_back && start_front 0 && attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	before=$(holding "$BACK")
	for mac in zz 01:00:5e:00:00:01 00:16:3e:00:00 ''; do
		x attach-vif 0 guest 1 "mac=$mac"
		check "mac=$mac" vif_refused 'backend key mac is not acceptable'
	done
	in0 ip link add vif1.1 type veth peer name other
	x attach-vif 0 guest 1
	check device-of-another vif_refused 'cannot create device vif1.1'
	check it-is-still-there in0 ip link show vif1.1
	in0 ip link del vif1.1
	check nothing-held holds_again "$BACK" "$before"
	kill9 "$BACK"
	x attach-vif 0 guest 1
	xenstore-write "$(be 1 1)/handle" 1x
	start_back
	check handle vif_refused 'backend key handle is not acceptable'
	check ping-beside one_ping
	x attach-vif 0 guest 1
	check in-order await_node "$(be 1 1)/state" 2
}

# Prints the number of the next log line about the key.
named() { echo $(($(grep -cE "cannot connect nic=nic0 .*$1" "$L/front.log") + 1)); }

# --- the host dies ----------------------------------------------------------------------------

case_lost()
{
	local d

	expect='xenstored is gone|event channel lost'
	pair_with_vif || return
	nsenter --net="$ns0" ping -i 0.002 10.79.0.2 >/dev/null 2>&1 &
	helper $!
	kill9 "$host"
	host=''
	# For the daemons it looks as if xenstored died, which may come back.
	check netbackd-says await_line "$L/back.log" 10 'warn: xenstored is gone'
	check netfrontd-says await_line "$L/front.log" 10 'warn: xenstored is gone'
	check stay both_stay
	kill -TERM "$BACK" "$FRONT"
	for d in "$BACK" "$FRONT"; do
		exit_code "$d" 8
		verdict "$CASE/ends" "$([ "$code" = 0 ]; echo $?)" "exit code $code"
	done
	BACK='' FRONT=''
}

both_stay() { ! gone "$BACK" && ! gone "$FRONT"; }

# --- options and environment -----------------------------------------------------------------

# one_line CODE PATTERN COMMAND...: exits with CODE, with one matching line on stderr and no output.
one_line()
{
	local want=$1 pattern=$2 rc

	shift 2
	timeout --foreground 10 "$@" >"$L/stdout" 2>"$L/stderr"
	rc=$?
	cat "$L/stderr"
	[ "$rc" = "$want" ] || { echo "exit code $rc"; return 1; }
	[ "$(wc -l <"$L/stderr")" = 1 ] && [ ! -s "$L/stdout" ] && grep -qE -e "$pattern" "$L/stderr"
}

# Puts a file in the place of PATH for a command: for machines with a real Xen or without.
case_options()
{
	local d o

	lab_start
	for d in netbackd netfrontd; do
		check "$d-unknown" one_line 2 '--no-such' "$BIN/$d" --no-such
		check "$d-short" one_line 2 ' -x' "$BIN/$d" -x
		check "$d-no-value" one_line 2 '--run-dir' "$BIN/$d" --run-dir
		check "$d-empty-value" one_line 2 '--run-dir' "$BIN/$d" --run-dir=
		check "$d-long-value" one_line 2 '--run-dir' "$BIN/$d" --run-dir="$(printf '/%0120d' 0)"
		check "$d-not-a-level" one_line 2 '--log-level.*error, warn, info, debug' "$BIN/$d" --log-level=loud
		check "$d-value-too-many" one_line 2 '--take-over' "$BIN/$d" --take-over=1
		check "$d-help" test "$("$BIN/$d" --help | grep -c -- --log-level)" = 1
		check "$d-version" test "$("$BIN/$d" --version | grep -cE "^$d [0-9.]+$")" = 1
		check "$d-h" test "$("$BIN/$d" -h)" = "$("$BIN/$d" --help)"
		check "$d-V" test "$("$BIN/$d" -V)" = "$("$BIN/$d" --version)"
		# This machine's own libraries, and no Xen below them.
		if [ -e /dev/xen/evtchn ]; then
			skip "$d-no-xen" "this machine has one"
		else
			check "$d-no-xen" one_line 1 '/dev/xen/' "$BIN/$d" --run-dir="$L/run-none"
		fi
		check "$d-no-store" one_line 1 'xenstored' "$X" exec 0 -- env XENSTORED_PATH=/nowhere "$BIN/$d" --run-dir="$L/run-none"
		check "$d-no-run-dir" one_line 1 '/proc/nowhere' "$X" exec 0 -- "$BIN/$d" --run-dir=/proc/nowhere
	done
	# People read these texts: they do not contain the words gtx and grx.
	check netbackd-rate-direction one_line 2 'from-guest, to-guest, both' "$BIN/netbackd" --rate-direction=gtx
	check netbackd-word one_line 2 'word' "$BIN/netbackd" word
	for o in x -1 4294967296 ''; do
		check "netfrontd-devid-\"$o\"" one_line 2 'device number' "$BIN/netfrontd" -- "$o"
	done
	check netfrontd-ifname one_line 2 '--ifname' "$BIN/netfrontd" --ifname=a/b
	check netfrontd-long-ifname one_line 2 '--ifname' "$BIN/netfrontd" --ifname=abcdefghijklmnop
	{ start_back && start_front; } >"$TOP/out" 2>&1
	{ attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	# One daemon per domain, whatever its run directory; the second names the first and touches nothing.
	for o in "$L/run-back" "$L/run-other"; do
		check "second-netbackd-${o##*-}" one_line 3 "another netbackd.*pid $BACK" "$X" exec 0 -- "$BIN/netbackd" --run-dir="$o"
	done
	for o in "$L/run-front" "$L/run-other"; do
		check "second-netfrontd-${o##*-}" one_line 3 "another netfrontd.*pid $FRONT" "$X" exec guest -- "$BIN/netfrontd" --run-dir="$o"
	done
	check second-netfrontd-same-device one_line 3 "another netfrontd.*pid $FRONT" "$X" exec guest -- "$BIN/netfrontd" --run-dir="$L/run-other" 0
	guest_new second && x attach-vif 0 second 0 --hotplug >/dev/null
	check domain-with-that-run-dir one_line 3 "another netfrontd uses .*run-front .*pid $FRONT" \
		"$X" exec second -- "$BIN/netfrontd" --run-dir="$L/run-front"
	"$X" exec second -- "$BIN/netfrontd" --run-dir="$L/run-second" 2>>"$L/front.log" &
	helper $!
	check another-domain connected 2 0
	check first-ones-unharmed one_ping
	check drain-with-another-run-dir timeout 15 "$X" exec 0 -- "$BIN/netbackd" --run-dir="$L/run-other" --drain
	exit_code "$BACK" 5
	verdict "$CASE/drained" "$([ "$code" = 0 ]; echo $?)" "exit code $code"
	BACK=''
}

# The variable by which systemd tells that stderr is the journal.
is_journal() { echo "JOURNAL_STREAM=$(stat -c %d:%i "$L/journal")"; }

# priorities COMMAND...: runs it; each of its lines in the journal has a priority.
priorities()
{
	: >"$L/journal"
	env "$(is_journal)" timeout --foreground 10 "$@" 2>>"$L/journal"
	each_line
}

each_line() { awk '{ print } !/^<[0-7]>[a-z"]/ { bad = 1 } END { exit bad || !NR }' "$L/journal"; }

# not_for_journal COMMAND...: stderr is something else than what the variable names.
not_for_journal()
{
	env JOURNAL_STREAM=1:1 "$@" 2>&1 | grep '^net[a-z]*d: '
}

# In the journal each line has its priority, errors of the start too.
case_journal()
{
	local d

	lab_start
	for d in netbackd netfrontd; do
		check "$d-option" priorities "$BIN/$d" --no-such
		check "$d-run-dir" priorities "$X" exec 0 -- "$BIN/$d" --run-dir=/proc/nowhere
		check "$d-elsewhere" not_for_journal "$BIN/$d" --no-such
		: >"$L/journal"
		"$X" exec 0 -- env "$(is_journal)" "$BIN/$d" --run-dir="$L/run-$d" 2>>"$L/journal" &
		check "$d-runs" await_line "$L/journal" 10 '^<6>started'
		kill $!
		exit_code $! 5
		verdict "$CASE/$d-ends" "$([ "$code" = 0 ]; echo $?)" "exit code $code"
		check "$d-each-line" each_line
	done
}

# A directory that others can write to is not used.
case_run_dir()
{
	local d dom

	lab_start
	mkdir -m 0777 "$L/open" && mkdir -m 0700 "$L/good" && ln -s good "$L/link" && mkdir -m 0700 "$L/others" &&
		chown 1 "$L/others" && mkdir -m 0700 "$L/trap" && touch "$L/victim"
	for d in netbackd netfrontd; do
		ln -s ../victim "$L/trap/$d.lock"
		dom=$([ $d = netbackd ] && echo 0 || echo guest)
		for o in open link others trap; do
			check "$d-$o" one_line 1 "run directory .*/$o" "$X" exec "$dom" -- "$BIN/$d" --run-dir="$L/$o"
		done
		rm "$L/trap/$d.lock"
	done
	{ start_back && start_front && attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	check for-nobody-else test -z "$(find "$L/run-back" "$L/run-front" "$XENSIM_DIR"/dom/*/*.net* -perm /077)"
	check what-there-is find "$L/run-back" "$L/run-front" -type f
	check victim test ! -s "$L/victim"
}
