# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd tests/hostile/hostile-front tests/hostile/hostile-send
# boot: hostile
# seconds: 300
#
# hostile - the most important cases of tests/hostile, from a real guest against netbackd, while another
# guest is pinged.
#
# - The program in the guest checks what it sees: answers, states, the error node, memory that must not
#   be written.  It prints the verdict, which must be that of the cases' table, as on xensim.
# - This file checks that the counters in netbackd's log agree with the verdict.

# No program may send frames that are not part of a case.
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
bridge_up xenbr0 1500 10.77.0.1/24
bridge_up xenbr8 1500 10.77.1.1/24
# At level debug no line is held back.  One guest causes more lines here than its log bucket allows.
NETBACKD_LOG=debug check backend back_start netbackd || give_up "no backend"
GUEST_MEMORY=256 check good-create guest_create g1 pv kernel \
	'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
check good-up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24' || give_up "no network"
GUEST_MEMORY=256 check bad-create guest_create g2 pv none \
	'mac=00:16:3e:66:66:66,bridge=xenbr8' || give_up "no guest"
vif=vif$(guest_id g2).0

memory()
{
	{ echo "$netbackd_pid"; data_processes; } | sed 's|.*|/proc/&/status|' | xargs cat 2>/dev/null |
		awk '/^VmRSS/ { n += $2 } END { print n }'
}

hostile()
{
	guest g2 run "LD_LIBRARY_PATH=/lib/lab exec hostile-front --host-ip=10.77.1.1 --guest-ip=10.77.1.2 $*" 60
}

# damage LOG: prints the number of the VIF's connections in LOG, and the sums of their drop and fault
# counters.  The counters of the first connection do not count: it only empties the queue.
damage()
{
	awk -v vif="vif=$vif" '
		/ disconnected / {
			for (mine = i = 0; i <= NF; i++)
				mine += $i == vif
			if (!mine || ++n == 1)
				next
			for (i = 1; i <= NF; i++)
				if ($i ~ /_drop_|^peer_faults=/) {
					split($i, kv, "=")
					sum[kv[1]] += kv[2]
				}
		}
		END {
			printf "%d", n
			for (k in sum)
				printf " %s=%d", k, sum[k]
			print ""
		}' "$1"
}

# logged MARK CONNECTIONS WANT: true if the log from byte MARK on has at least so many connections, and
# their counters are WANT.
logged()
{
	tail -c "+$(($1 + 1))" /lab/netbackd.log >/run/lab/part
	read -r seen counted <<<"$(damage /run/lab/part)"
	[ "$seen" -ge "$2" ] && { [ "$3" = any ] || [ "${counted:-}" = "$3" ]; }
}

# one CASE [OPTION]: runs a case.  The verdict in the guest and netbackd's counters must agree.
one()
{
	local out line verdict want mark seen=0 counted='' least=2

	mark=$(stat -c %s /lab/netbackd.log)
	out=$(hostile "${2:-} '$1'") || { echo "$out" | grep -v ' passed, ' | tr '\n' ' '; return 1; }
	line=$(echo "$out" | grep '^ok ')
	verdict=$(echo "$line" | sed 's/.* -> //')
	want=${verdict#*: }
	case $verdict in
	nothing) want= ;;
	nothing:*|dropped:*) want=$(echo "$want" | tr ' ' '\n' | grep _drop_) ;;
	# The program connects once more afterwards.
	faulted:*) want='peer_faults=1' least=3 ;;
	refused:*) want='' least=1 ;;
	survived) want=any least=3 ;;
	*) echo "unknown verdict in \"$line\""; return 1 ;;
	esac
	eventually 5 logged "$mark" "$least" "$want" ||
		{ echo "$verdict; but counted over $seen connections: ${counted:-nothing}"; return 1; }
	case $verdict in
	faulted:*|refused:*)
		grep -q " vif=$vif reason=\"${verdict#*: }" /run/lab/part ||
			{ echo "$verdict; but in the log: $(grep -o 'reason=.*' /run/lab/part)"; return 1; }
		;;
	esac
	echo "${verdict}${counted:+, counted: $counted}"
}

# After this case, what netbackd allocates once is allocated.
check harmless one "size 14" || give_up "a harmless guest fails"
before=$(counts)
memory=$(memory)
note "before: $before, $memory KiB"
ping -i 0.1 -q -W 10 10.77.0.2 >/run/lab/ping.good 2>&1 &
ping=$!

mapfile -t cases < <(hostile --list | sed -n 's/^ *[0-9]* \(.*\) \*$/\1/p')
[ "${#cases[@]}" -ge 10 ] || not_ok cases "only ${#cases[@]} cases are marked with * in the list"
for c in "${cases[@]}"; do
	check "$(echo "$c" | tr -cs 'a-z0-9\n' -)" one "$c" --telling
done

# ticks PID: prints its processor time, in hundredths of a second.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# netbackd_ticks: prints that of netbackd with its data processes, and those that have ended.
netbackd_ticks()
{
	{
		awk '{ print $14 + $15 + $16 + $17 }' "/proc/$netbackd_pid/stat"
		for p in $(data_processes); do ticks "$p"; done 2>/dev/null
	} | awk '{ n += $1 } END { print n }'
}

# storm: the guest signals without work for five seconds.  Meanwhile netbackd uses less than a quarter of
# the processor time, a loop in dom0 gets more than a quarter, and the other guest answers.  The time
# includes the start of the program in the guest.
storm()
{
	local loop from used had time

	while :; do :; done &
	loop=$!
	from=${EPOCHREALTIME/./} used=$(netbackd_ticks) had=$(ticks "$loop")
	hostile "'signals without work, for a while'" >/run/lab/storm.out || { cat /run/lab/storm.out; kill "$loop"; return 1; }
	used=$(($(netbackd_ticks) - used)) had=$(($(ticks "$loop") - had))
	time=$(((${EPOCHREALTIME/./} - from) / 10000))
	kill "$loop"
	wait "$loop" 2>/dev/null
	echo "in ${time}0 ms: netbackd ${used}0 ms, a loop in dom0 ${had}0 ms"
	[ $((used * 4)) -lt "$time" ] && [ $((had * 4)) -gt "$time" ]
}
check storm-processor storm

# waiting BASE: prints the number of frames in the device's queue, if BASE frames were sent to it.  tun
# counts a frame as sent when it is read.
waiting()
{
	local s=/sys/class/net/$vif/statistics

	echo $(($1 - $(cat "$s/tx_packets") - $(cat "$s/tx_dropped")))
}

held()
{
	[ "$(waiting 0)" = "$(sleep 0.2; waiting 0)" ]
}

# overfull: large segments for a guest that posts no buffers wait, but in no more than 4 MiB.
overfull()
{
	local free base waits

	free=$(awk '/^MemFree/ { print $2 }' /proc/meminfo) base=$((3000 - $(waiting 0)))
	hostile-send "$vif" 3000 60000 gso || return 1
	eventually 10 held || return 1
	waits=$(waiting "$base")
	free=$((free - $(awk '/^MemFree/ { print $2 }' /proc/meminfo)))
	echo "$waits frames of 60000 bytes wait, $free KiB less free memory"
	[ "$waits" -ge 60 ] && [ $((waits * 60768)) -le 4194304 ] && [ "$free" -lt 16384 ]
}

# A frontend posts 16 buffers and then does nothing.
guest g2 run 'LD_LIBRARY_PATH=/lib/lab hostile-front --hold=4 >/dev/null 2>&1 & echo $! >/tmp/hold' >/dev/null
check held-connected xs_becomes 20 "/local/domain/0/backend/vif/$(guest_id g2)/0/state" 4
check overfull overfull
guest g2 run 'kill $(cat /tmp/hold)' >/dev/null
check after-overfull one "size 14"

kill -INT "$ping"
wait "$ping"
# The last answer may be on its way when ping is ended.
check other-vif-no-loss ping_loss /run/lab/ping.good 1

clean()
{
	tail -c "+$((mark + 1))" /lab/netbackd.log | grep "counters vif=vif$(guest_id g1).0 state=Connected " >/run/lab/good
}

# unharmed: the other guest's counters show traffic and no drop.
unharmed()
{
	mark=$(stat -c %s /lab/netbackd.log)
	kill -USR1 "$netbackd_pid" && eventually 5 clean || { echo "no counters"; return 1; }
	sed 's/.* state=/state=/' /run/lab/good
	! grep -q -e _drop_ -e peer_faults= /run/lab/good
}
check other-vif-unharmed unharmed
check all-back gone "$before" 20
flat()
{
	echo "$memory -> $(memory) KiB"
	[ "$(memory)" -le $((memory + 2048)) ]
}
check memory flat
check sigterm netbackd_stop TERM 5
