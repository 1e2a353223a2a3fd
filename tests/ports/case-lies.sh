# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A back-end that lies (backend.c), and keys that name no port.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, L, expect, code: tests/e2e/lib.sh

# Lies that end in a port that hangs up, counts and tells it.
LIES="no-features junk huge-size wrong-request wrong-version descriptors no-queues refuses-memory
	index-jumps index-back id-beyond id-huge id-twice length-beyond length-huge no-header no-bytes
	buffers-none buffers-many out-index out-id out-unasked speaks passes-later"
# Switches that go in the midst of something: no lie, and the port waits for another.
GONE="half-answer ends-early"

LANES="1 2 3 4"		# VIFs at which lies are told side by side

# told LANE LIE: the port hangs up, and has counted one lie more.
told()
{
	local d=$1 lie=$2 before out

	before=$(counter "vif1.$d" port_resets)
	out=$(timeout 60 "$TOP/backend" "$(socket_of "p$d")" "$lie" 2>&1) || { echo "$lie: $out"; return 1; }
	await 10 counted "$d" $((before + ${3:-1})) || { echo "$lie: $(counter "vif1.$d" port_resets) lies are counted, $before before"; return 1; }
	echo "$out"
}
counted() { [ "$(counter "vif1.$1" port_resets)" = "$2" ]; }

# lane N: every fourth of the lies, at that VIF; a line for each.
lane()
{
	local i=0 lie out rc

	for lie in $LIES; do
		i=$((i % 4 + 1))
		[ "$i" = "$1" ] || continue
		out=$(told "$1" "$lie")
		rc=$?
		echo "$lie $rc $(tr '\n' ' ' <<<"$out")"
	done
}

# four_ports: VIF 0 at its TAP, and four at vhost-user ports.
four_ports()
{
	local d

	start_back && start_front && attach 0 || return
	for d in $LANES; do
		attach_port "$d" "p$d" || return
	done
}

# honest LANE: a switch that keeps the rules is served by the same port: it echoes what the guest sends.
honest()
{
	"$TOP/backend" "$(socket_of "p$1")" "${2:-honest}" >"$L/honest.$1" 2>&1 &
	helper $!
	await_line "$L/honest.$1" 20 agreed && await 10 echoed "$1"
}

# echoed LANE: frames came back to the guest.
echoed()
{
	in1 ping -c 1 -W 1 "10.79.$1.9" >/dev/null 2>&1
	[ "$(counter "vif1.$1" grx_packets)" -gt 0 ]
}

case_lies()
{
	local d lie rc out pids=()

	expect='the switch broke the protocol|static grants of an earlier daemon'
	lab_start 8192
	four_ports >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	ping_start beside 100000
	for d in $LANES; do
		# Lies about what the switch got are found once there is something for it.
		in1 ip neigh replace "10.79.$d.9" lladdr 02:00:00:00:00:09 dev "eth$d"
		in1 ping -q -i 0.1 "10.79.$d.9" >/dev/null 2>&1 &
		helper $!
		lane "$d" >"$L/lane.$d" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	for lie in $LIES; do
		rc=1 out="not told"
		read -r _ rc out < <(grep -h "^$lie " "$L"/lane.*)
		verdict "$CASE/$lie" "${rc:-1}" "$out"
	done
	for d in $LANES; do
		honest "$d" >"$TOP/out" 2>&1
		verdict "$CASE/honest-after-lies-$d" $? "$(cat "$TOP/out")"
	done
	check told-in-the-log grep -q 'the switch broke the protocol, the port is reset vif=vif1' "$L/back.log"
	check one-process test "$(data_processes | wc -l)" = 1
	kill -INT "$ping_beside"
	check nothing-lost-beside ping_lost beside 0
}

# The same with threads of control: a few, as the code is the same.
case_lies_threads()
{
	local lie

	expect='the switch broke the protocol|isolation=none'
	lab_start
	ISOLATION=none
	{ start_back && start_front && attach_port 0 p0; } >"$TOP/out" 2>&1
	ISOLATION=process
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	for lie in junk id-twice buffers-many; do
		check "$lie" told 0 "$lie"
	done
	honest 0 >"$TOP/out" 2>&1
	verdict "$CASE/honest" $? "$(cat "$TOP/out")"
}

# What is no lie, but a nuisance.
case_waits()
{
	local lie silent

	expect='the switch broke the protocol|static grants of an earlier daemon'
	lab_start 8192
	four_ports >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	ping_start beside 100000
	# A switch that never answers is given up, after ten seconds; meanwhile the others go on.
	told 4 silent >"$L/silent" 2>&1 &
	silent=$!
	for lie in $GONE; do
		timeout 60 "$TOP/backend" "$(socket_of p1)" "$lie" >"$TOP/out" 2>&1
		verdict "$CASE/$lie" $? "$(cat "$TOP/out")"
	done
	check gone-is-no-lie counted 1 0
	honest 1 >"$TOP/out" 2>&1
	verdict "$CASE/then-an-honest-one" $? "$(cat "$TOP/out")"
	kill "${HELPERS[-1]}"
	# Memory that is sealed, headers that make no sense, calls without a frame: the port goes on.
	for lie in shrinks-memory grows-memory odd-headers storm; do
		honest 2 "$lie" >"$TOP/out" 2>&1
		verdict "$CASE/$lie" $? "$(cat "$TOP/out")"
		kill "${HELPERS[-1]}"
		check "$lie-is-over" await 10 has_none vif1.2
	done
	check no-lie-in-these counted 2 0
	check nothing-sealed-was-changed test "$(grep -c shortened "$L"/honest.2)" = 0
	# A switch that takes nothing: what does not fit its queue is dropped, and counted for it.
	"$TOP/backend" "$(socket_of p3)" takes-nothing >"$L/takes" 2>&1 &
	helper $!
	await_line "$L/takes" 20 agreed >"$TOP/out" 2>&1
	check full-queue await 30 flood_is_counted
	honest 1 plain >"$TOP/out" 2>&1
	verdict "$CASE/plain" $? "$(cat "$TOP/out")"
	wait "$silent"
	verdict "$CASE/silent" $? "$(cat "$L/silent")"
	kill -INT "$ping_beside"
	check nothing-lost-beside ping_lost beside 0
}

flood_is_counted()
{
	in1 ping -c 400 -f -W 1 -w 1 10.79.3.9 >/dev/null 2>&1
	in1 ip neigh replace 10.79.3.9 lladdr 02:00:00:00:00:09 dev eth3
	[ "$(counter vif1.3 gtx_drop_port)" -gt 0 ]
}

# --- keys ------------------------------------------------------------------------------------------

# waits_with VIF PATTERN VALUE: with that key the VIF is not connected, and error says why.
waits_with()
{
	xenstore-write "$(be 1 "$1")/port" "$3" && await 10 error_is "$1" "$2"
}
error_is() { [[ "$(xenstore-read "$(be 1 "$1")/error" 2>/dev/null)" =~ $2 ]]; }

case_input()
{
	local path

	expect='not served yet vif=vif1.0'
	lab_start
	path=$L/dir/p.sock
	{ start_back && x attach-vif 0 guest 0 --hotplug port=vhost-user && start_front; } >"$TOP/out" 2>&1
	verdict "$CASE/started" $? "$(cat "$TOP/out")" || return
	check no-argument waits_with 0 'key port' vhost-user
	check relative waits_with 0 'not absolute' vhost-user:p.sock
	check too-long waits_with 0 'not absolute, or longer' "vhost-user:/$(printf 'x%.0s' {1..110})"
	check no-directory waits_with 0 'No such file|does not exist|directory' "vhost-user:$path"
	mkdir "$L/dir"
	echo mine >"$path"
	check a-file waits_with 0 'no socket' "vhost-user:$path"
	check file-is-kept test "$(cat "$path")" = mine
	rm "$path"
	ln -s "$L/elsewhere" "$path"
	check a-link waits_with 0 'no socket' "vhost-user:$path"
	rm "$path"
	check it-goes-on-by-itself connected 1 0
	check mode test "$(stat -c %a "$path")" = 660
	check is-shown has_none vif1.0
	# A socket that a killed netbackd left is taken; one at which somebody listens is not.
	kill9 "$BACK"
	check left-behind test -S "$path"
	start_back >"$TOP/out" 2>&1
	check taken-again connected 1 0
	x detach-vif guest 0 >/dev/null 2>&1
	check removed-with-the-vif await 10 test ! -e "$path"
}
