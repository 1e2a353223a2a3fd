# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a daemon needs has run out: one VIF has less, or waits, and says so; the daemon and other VIFs go on.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, FRONT, ns0, expect: lib.sh

# The disk of netbackd's run directory is full from the start, and has room again later.
case_full_run_dir()
{
	expect='cannot save|saved state|left no usable tables'
	lab_start
	mkdir -m 700 "$L/run-back" && mount -t tmpfs -o size=64k,mode=700 e2e "$L/run-back" || { skip all "no tmpfs can be mounted"; return; }
	cat /dev/zero >"$L/run-back/full" 2>/dev/null
	{ start_back && start_front && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connects" $? "$(cat "$TOP/out")"
	check said grep -E 'warn: cannot save .*(vif1.0|error=)' "$L/back.log"
	check one-process test "$(grep -c 'netbackd: info: started' "$L/back.log")" = 1
	rm "$L/run-back/full"
	{ x detach-vif guest 0 && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/again-with-room" $? "$(cat "$TOP/out")"
	check saved test -s "$L/run-back/vif1.0" -a -s "$L/run-back/vif1.0.tables"
	umount -l "$L/run-back"
}

# No descriptor is left for a second VIF; later there are some.
case_no_descriptors()
{
	expect='vif=vif1.1|too many|Too many|guest=1|nic1'
	{ lab_pair && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	watch_state
	prlimit --pid "$BACK" --nofile="$(find "/proc/$BACK/fd" -mindepth 1 | wc -l)":4096
	x attach-vif 0 guest 1 --hotplug >"$L/attach" 2>&1 &
	helper $!
	check said await_line "$L/back.log" 10 '(warn|error): .*vif=vif1.1'
	check first-goes-on one_ping
	check one-process test "$(grep -c 'netbackd: info: started' "$L/back.log")" = 1
	prlimit --pid "$BACK" --nofile=4096:4096
	x detach-vif guest 1 >/dev/null 2>&1
	{ attach 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	verdict "$CASE/again-with-descriptors" $? "$(cat "$TOP/out")"
	check first-untouched state_untouched
}

# second_waits LOG PATTERN: a second VIF is attached, and the log of a daemon says why it is not served; the first
# one goes on, and so do the daemons. The cases take the reason away and see that it comes.
second_waits()
{
	x attach-vif 0 guest 1 --hotplug >"$L/attach" 2>&1 &
	helper $!
	check said await_line "$1" 10 "$2"
	check first-goes-on one_ping
	check one-process test "$(cat "$L/back.log" "$L/front.log" | grep -c 'net[a-z]*d: info: started')" = 2
}

# second_comes NAME: it is attached anew and works.
second_comes()
{
	{ x detach-vif guest 1 --force >/dev/null; attach 1 && one_ping 10.79.1.2; } >"$TOP/out" 2>&1
	verdict "$CASE/$1" $? "$(cat "$TOP/out")"
	check first-untouched state_untouched
}

# The guest may grant no more pages; it may again once it has given some back.
case_no_grants()
{
	expect='nic1|vif1.1'
	{ lab_start 700 && start_back && start_front && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	second_waits "$L/front.log" 'warn|error: .*nic=nic1'
	x detach-vif guest 0 >"$TOP/out" 2>&1
	check first-detached test $? = 0
	{ connected 1 1 && in0 ip addr add 10.79.1.1/24 dev vif1.1; } >"$TOP/out" 2>&1
	verdict "$CASE/second-comes" $? "$(cat "$TOP/out")"
}

# No event channel is left, in the guest or in dom0.
case_no_ports()
{
	expect='nic1|vif1.1'
	{ lab_pair && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	watch_state
	x fault guest bind fail status=28
	second_waits "$L/front.log" 'warn|error: .*nic=nic1'
	x fault guest clear
	second_comes again-with-ports
	x fault 0 bind fail status=28
	x detach-vif guest 1 >/dev/null 2>&1
	second_waits "$L/back.log" '(warn|error): .*vif=vif1.1'
	x fault 0 clear
	second_comes again-with-ports-in-dom0
}

# no_more_memory PID: its address space may not grow.
no_more_memory() { prlimit --pid "$1" --as=$(($(awk '/^VmSize:/ { print $2 }' "/proc/$1/status") * 1024)):; }

# Neither daemon gets memory for a second VIF.
case_no_memory()
{
	[ -z "$SAN" ] || { skip all "a sanitizer's runtime takes memory all along"; return; }
	expect='nic1|vif1.1|guest=1'
	# Only its own user may set a process's limits.
	local FRONT_USER=root
	{ lab_pair && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	watch_state
	no_more_memory "$FRONT"
	second_waits "$L/front.log" '(warn|error): .*nic=nic1'
	prlimit --pid "$FRONT" --as=unlimited:
	second_comes again-with-memory
	# What the detached one had could be used again.
	x detach-vif guest 1 >/dev/null 2>&1
	await_line "$L/back.log" 10 'removed vif=vif1.1' 2
	no_more_memory "$BACK"
	second_waits "$L/back.log" '(warn|error): .*vif=vif1.1'
	prlimit --pid "$BACK" --as=unlimited:
	second_comes again-with-memory-in-dom0
}

# The bridge is deleted while packets go through it, and made anew: the VIF is connected all along.
case_no_bridge()
{
	{ lab_pair && attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	watch_state
	in0 ip addr flush dev vif1.0
	rebridged >"$TOP/out" 2>&1
	verdict "$CASE/bridged" $? "$(cat "$TOP/out")" || return
	nsenter --net="$ns1" ping -i 0.002 10.79.0.1 >"$L/ping.bridge" 2>&1 &
	helper $!
	check pings await_line "$L/ping.bridge" 5 icmp_seq=50
	in0 ip link del br0
	check one-process test "$(cat "$L/back.log" "$L/front.log" | grep -c 'net[a-z]*d: info: started')" = 2
	rebridged >"$TOP/out" 2>&1
	verdict "$CASE/bridged-again" $? "$(cat "$TOP/out")"
	check untouched state_untouched
}

rebridged()
{
	in0 ip -b - <<-END && await 10 one_ping
		link add br0 type bridge
		link set br0 up
		link set vif1.0 master br0
		addr add 10.79.0.1/24 dev br0
	END
}
