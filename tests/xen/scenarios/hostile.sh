# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd tests/hostile/hostile-front tests/hostile/hostile-send
# boot: hostile
# seconds: 300
#
# The most telling of tests/hostile's bad frontends, from a real guest against netbackd, while another
# guest is pinged.  The program in the guest judges what it sees (answers, states, the error node,
# memory that must not be written); here the counters in netbackd's log are held against the same
# verdict.  Expected is what the table expects on xensim: the program prints it.

# Nothing is to send frames that no case knows of.
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
bridge_up xenbr0 1500 10.77.0.1/24
bridge_up xenbr8 1500 10.77.1.1/24
# At level debug no line is held back: one guest makes more of them here than its log bucket holds.
NETBACKD_LOG=debug check backend back_start netbackd || give_up "no backend"
GUEST_MEMORY=256 check good-create guest_create g1 pv kernel \
	'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
check good-up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24' || give_up "no network"
GUEST_MEMORY=256 check bad-create guest_create g2 pv none \
	'mac=00:16:3e:66:66:66,bridge=xenbr8' || give_up "no guest"
vif=vif$(guest_id g2).0

memory()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$netbackd_pid/status"
}

hostile()
{
	guest g2 run "LD_LIBRARY_PATH=/lib/lab exec hostile-front --host-ip=10.77.1.1 --guest-ip=10.77.1.2 $*" 60
}

# damage LOG: all drop and fault counters of the connections in it but the first, which only
# empties the queue; how many connections there were before them.
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

# logged MARK CONNECTIONS WANT: the log from there on tells of as many connections, and of WANT.
logged()
{
	tail -c "+$(($1 + 1))" /lab/netbackd.log >/run/lab/part
	read -r seen counted <<<"$(damage /run/lab/part)"
	[ "$seen" -ge "$2" ] && { [ "$3" = any ] || [ "${counted:-}" = "$3" ]; }
}

# one CASE [OPTION]: what the guest sees, what netbackd counted.
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
	# After it a fresh connection is tried.
	faulted:*) want='peer_faults=1' least=3 ;;
	refused:*) want='' least=1 ;;
	survived) want=any least=3 ;;
	*) echo "what is \"$line\"?"; return 1 ;;
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

# What is allocated once is allocated now.
check harmless one "size 14" || give_up "a harmless guest fails"
before=$(counts)
memory=$(memory)
note "before: $before, $memory KiB"
ping -i 0.1 -q -W 10 10.77.0.2 >/run/lab/ping.good 2>&1 &
ping=$!

mapfile -t cases < <(hostile --list | sed -n 's/^ *[0-9]* \(.*\) \*$/\1/p')
[ "${#cases[@]}" -ge 10 ] || not_ok cases "only ${#cases[@]} are marked as telling"
for c in "${cases[@]}"; do
	check "$(echo "$c" | tr -cs 'a-z0-9\n' -)" one "$c" --telling
done

# ticks PID: its processor time, in hundredths of a second.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# storm: while the guest signals without work for five seconds, a loop in dom0 has the processor, netbackd
# hardly needs it, and the other guest answers. The program's own start is part of the time.
storm()
{
	local loop from used had time

	while :; do :; done &
	loop=$!
	from=${EPOCHREALTIME/./} used=$(ticks "$netbackd_pid") had=$(ticks "$loop")
	hostile "'signals without work, for a while'" >/run/lab/storm.out || { cat /run/lab/storm.out; kill "$loop"; return 1; }
	used=$(($(ticks "$netbackd_pid") - used)) had=$(($(ticks "$loop") - had))
	time=$(((${EPOCHREALTIME/./} - from) / 10000))
	kill "$loop"
	wait "$loop" 2>/dev/null
	echo "in ${time}0 ms: netbackd ${used}0 ms, a loop in dom0 ${had}0 ms"
	[ $((used * 4)) -lt "$time" ] && [ $((had * 4)) -gt "$time" ]
}
check storm-processor storm

# waiting: frames that the device has and nobody has read; tun counts one as sent once it is read.
waiting()
{
	local s=/sys/class/net/$vif/statistics

	echo $(($1 - $(cat "$s/tx_packets") - $(cat "$s/tx_dropped")))
}

held()
{
	[ "$(waiting 0)" = "$(sleep 0.2; waiting 0)" ]
}

# overfull: large segments to a guest that posts no more buffers wait in 4 MiB at most.
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

# A frontend that has posted 16 buffers and stands still.
guest g2 run 'LD_LIBRARY_PATH=/lib/lab hostile-front --hold=4 >/dev/null 2>&1 & echo $! >/tmp/hold' >/dev/null
check held-connected xs_wait 20 "/local/domain/0/backend/vif/$(guest_id g2)/0/state" xs_is "/local/domain/0/backend/vif/$(guest_id g2)/0/state" 4
check overfull overfull
guest g2 run 'kill $(cat /tmp/hold)' >/dev/null
check after-overfull one "size 14"

kill -INT "$ping"
wait "$ping"
# The last one may be on its way when ping is told to end.
check other-vif-no-loss ping_loss /run/lab/ping.good 1

clean()
{
	tail -c "+$((mark + 1))" /lab/netbackd.log | grep "counters vif=vif$(guest_id g1).0 state=Connected " >/run/lab/good
}

# The other guest's counters: traffic, and nothing dropped.
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
