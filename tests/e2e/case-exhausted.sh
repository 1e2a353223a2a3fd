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
