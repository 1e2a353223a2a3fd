# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd netfrontd
# boot: life
# seconds: 900
#
# kills - netbackd's control process, the data processes of two guests, and all of them are killed at
# random moments, 20 times each.  One guest has Linux netfront, one has netfrontd.  Each has one TCP
# connection in either direction all the while: none may end, and every byte is compared.
KILLS=20
never=''		# a descriptor that has nothing to read
log=''			# netbackd's, as it grows
declare -A done_kinds=()
declare -A took=()	# milliseconds of each kind of kill, with what follows it

both_move() { streams_move g1 && streams_move g2; }

# nap: at most 0.1 s.
nap() { read -r -t "0.0$((RANDOM % 90 + 10))" -u "$never" || true; }

# Both guests' data processes, one directly after the other.
kill_data_processes()
{
	local pids

	pids=$(pgrep -x "netbackd-($id1|$id2)")
	[ "$(echo "$pids" | wc -l)" = 2 ] || { echo "data processes: $pids"; return 1; }
	# shellcheck disable=SC2086 # words
	kill -KILL $pids
}

kill_control_process()
{
	local rc=0

	kill -KILL "$netbackd_pid"
	wait "$netbackd_pid" 2>/dev/null || rc=$?
	[ "$rc" = 137 ]
}

kill_data() { kill_data_processes; }

kill_control()
{
	kill_control_process || return 1
	back_start netbackd
}

# In either order.  Control may have started new data processes before it dies: the next one finds those.
kill_both()
{
	if [ $((RANDOM % 2)) = 0 ]; then
		kill_data_processes && kill_control_process || return 1
	else
		kill_control_process && kill_data_processes || return 1
	fi
	back_start netbackd
}

# served_again [started]: reads netbackd's log on, until both devices are adopted; started: by a new control.
served_again()
{
	local line end=$((SECONDS + 90)) first='' second=''

	while read -r -t $((end - SECONDS + 1)) -u "$log" line && [ "$SECONDS" -lt "$end" ]; do
		case $line in
		*": started version="*) [ -z "${1:-}" ] || first='' second='' ;;
		*": adopted vif=$vif1 "*) first=1 ;;
		*": adopted vif=$vif2 "*) second=1 ;;
		*) continue ;;
		esac
		[ "$first$second" != 11 ] || return 0
	done
	return 1
}

# killed KIND: waits until all connections move, kills at a random moment, and waits until both VIFs are
# served again.
killed()
{
	local began started=started

	[ "$1" != data ] || started=''
	streams_mark g1 g2
	eventually 60 both_move || { echo "a connection does not move"; return 1; }
	nap
	began=${EPOCHREALTIME/./}
	"kill_$1" || return 1
	served_again $started || { echo "not adopted"; return 1; }
	took[$1]=$((${took[$1]:-0} + (${EPOCHREALTIME/./} - began) / 1000))
	done_kinds[$1]=$((${done_kinds[$1]:-0} + 1))
}

# all_kills: the kinds take turns, because a guest whose data process died five times within a minute is
# refused by the control process that saw it.
all_kills()
{
	local i kind

	for ((i = 0; i < KILLS; i++)); do
		for kind in control data both; do
			killed "$kind" || { echo "$kind, round $i: $(tail -n 1 /lab/netbackd.log)"; return 1; }
		done
	done
	echo "$((3 * i)) kills"
}

count_is()
{
	echo "$KILLS wanted, ${done_kinds[$1]:-0} done, each served again after $((${took[$1]:-0} / KILLS)) ms on average"
	[ "${done_kinds[$1]:-0}" = "$KILLS" ]
}

untouched()
{
	echo "frontend states seen: $(sort -u "/run/lab/states.$1" | tr '\n' ' ')"
	[ "$(sort -u "/run/lab/states.$1")" = 4 ]
}

two_bridges
# Before netbackd starts, as it inherits what this shell has open.
exec {never}<> <(:)
: >>/lab/netbackd.log
exec {log}< <(exec tail -n +1 -s 0.1 -f /lab/netbackd.log)
tail=$!
RANDOM=1
check backend back_start netbackd || give_up "no backend"
before=$(counts)
GUEST_MEMORY=256 check linux-create guest_create g1 pv kernel 'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
GUEST_MEMORY=256 check netfrontd-create guest_create g2 pv netfrontd 'mac=00:16:3e:77:00:02,bridge=xenbr0' || give_up "no second guest"
check linux-up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24' || give_up "no network"
check netfrontd-up guest g2 run 'netup_check 00:16:3e:77:00:02 1500 netfrontd 10.77.0.3/24' || give_up "no network"
id1=$(guest_id g1) id2=$(guest_id g2)
vif1=vif$id1.0 vif2=vif$id2.0
watch_states "$id1" 0 /run/lab/states.g1
watch_states "$id2" 0 /run/lab/states.g2
check linux-streams streams_start g1 10.77.0.2 5400 || give_up "no traffic"
check netfrontd-streams streams_start g2 10.77.0.3 5410 || give_up "no traffic"
check kills all_kills
for kind in control data both; do
	check "kills-$kind" count_is "$kind"
done
check linux-tcp-to-guest stream_to_ends g1
check linux-tcp-from-guest stream_from_ends g1
check netfrontd-tcp-to-guest stream_to_ends g2
check netfrontd-tcp-from-guest stream_from_ends g2
check linux-state untouched g1
check netfrontd-state untouched g2
check never-disconnected sh -c '! grep disconnected /lab/netbackd.log'
check netfrontd-never-disconnected guest g2 run '! grep disconnected /run/netfrontd.log'
check no-bug guest g1 run '! dmesg | grep -E "kernel BUG|Oops|bad"'
kill "$tail"
xl destroy g1
xl destroy g2
check all-gone gone "$before" 60
