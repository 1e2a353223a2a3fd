# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The guests of the soak, their daemons, bridges and streams.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, ns0, ...: lib.sh, run

NAMES=(dom0 guest busy churn evil)	# by domid
declare -a FRONTS=()		# pids of netfrontd, by domid
declare -A STREAM=()		# pids, by "to PORT" and "from PORT" for the sender and the receiver
PORTS=(5410 5420 5430)		# of the VIFs that have streams; from the guest it is one more
declare -A ADDRESS=([5410]=10.81.1.2 [5420]=10.81.2.2 [5430]=10.82.2.2)
declare -A HOST=([5410]=10.81.0.1 [5420]=10.81.0.1 [5430]=10.82.0.1)
declare -A OWNER=([5410]=1 [5420]=2 [5430]=2)
STEADY=(1.0 2.0 2.1)		# VIFs that have streams
# In microseconds, after 64 KiB: the streams leave time for everything else.
STREAM_PAUSE=4000

ns_of() { if [ "$1" = 0 ]; then echo "$ns0"; else netns_of "${NAMES[$1]}"; fi; }
in_dom() { local d=$1; shift; nsenter --net="$(ns_of "$d")" "$@"; }

soak_lab()
{
	lab_start 8192
	: >"$L/events"
	guest_new busy --max-pages=8192 && guest_new churn --max-pages=8192 && guest_new evil --max-pages=8192 || return
	in0 ip -b - <<-END || return
		link set lo up
		link add brA type bridge
		link add brB type bridge
		link add brC type bridge
		link set brA up
		link set brB up
		link set brC up
		addr add 10.81.0.1/16 dev brA
		addr add 10.82.0.1/16 dev brB
	END
	# The bridge would take the address of another port when one goes, which neighbours do not know.
	in0 ip link set brA address 02:00:00:81:00:01 && in0 ip link set brB address 02:00:00:82:00:01 || return
	back || return
	front 1 && front 2 && front 3 || return
	idle=$(held)
	x attach-vif 0 guest 0 --hotplug && x attach-vif 0 busy 0 --hotplug && x attach-vif 0 busy 1 --hotplug &&
		x attach-vif 0 churn 0 --hotplug || return
	connected 1 0 && connected 2 0 && connected 2 1 && connected 3 0 || return
	plug 1 0 && plug 2 0 && plug 2 1 && plug 3 0 || return
	guest_address 1 0 && guest_address 2 0 && guest_address 2 1 && guest_address 3 0 || return
	for p in "${PORTS[@]}"; do
		stream_start "$p" || return
	done
	all_move 30
}

# A busy machine takes its time.
back() { start_back --max-queues=4 --workers=2 --max-mappings=16384 >"$TOP/out" 2>&1; }

# front DOMID: starts its netfrontd.
front()
{
	local n log=$L/front$1.log

	: >>"$log"
	n=$(grep -c 'netfrontd: info: started' "$log")
	"$X" exec "${NAMES[$1]}" -- "$BIN/netfrontd" --run-dir="$L/run-front$1" --queues=$(($1 == 2 ? 2 : 1)) 2>>"$log" &
	FRONTS[$1]=$!
	await_line "$log" 20 'netfrontd: info: started' $((n + 1)) >"$TOP/out"
}

bridge_of() { if [ "$1.$2" = 2.1 ]; then echo brB; else echo brA; fi; }

# plug DOMID DEVID [BRIDGE]: as a hotplug script does.
plug() { in0 ip link set "vif$1.$2" master "${3:-$(bridge_of "$1" "$2")}" up; }

# guest_address DOMID DEVID: the guest's own configuration of a device.
guest_address()
{
	local net=81

	[ "$1.$2" != 2.1 ] || net=82
	[ "$1" != 3 ] || [ "$2" = 0 ] || net=9$2
	in_dom "$1" ip -b - <<-END
		link set lo up
		link set eth$2 up
		addr replace 10.$net.$1.2/16 dev eth$2
	END
}

# --- streams ------------------------------------------------------------------

# one_stream KEY FROM-NETNS TO-NETNS ADDRESS PORT
one_stream()
{
	nsenter --net="$3" "$TOP/labtool" collect "$5" "$5" >"$L/stream.$1.collect" 2>&1 &
	STREAM[$1.collect]=$!
	nsenter --net="$2" "$TOP/labtool" stream "$4" "$5" "$5" $STREAM_PAUSE >"$L/stream.$1.send" 2>&1 &
	STREAM[$1.send]=$!
	HELPERS+=("${STREAM[$1.collect]}" "${STREAM[$1.send]}")
}

# stream_start PORT: both directions.
stream_start()
{
	local ns

	ns=$(ns_of "${OWNER[$1]}")
	one_stream "to$1" "$ns0" "$ns" "${ADDRESS[$1]}" "$1"
	one_stream "from$1" "$ns" "$ns0" "${HOST[$1]}" $(($1 + 1))
}

# received KEY: bytes that the receiver of a stream has read, and so compared, so far.
received()
{
	local word n

	while read -r word n; do
		[ "$word" != rchar: ] || echo "$n"
	done 2>/dev/null <"/proc/${STREAM[$1.collect]}/io"
}

stream_keys() { local p; for p in "${PORTS[@]}"; do echo "to$p" "from$p"; done; }

# all_received: bytes of all streams.
all_received()
{
	local k sum=0 n

	for k in $(stream_keys); do
		n=$(received "$k")
		sum=$((sum + ${n:-0}))
	done
	echo "$sum"
}

# all_move SECONDS: each stream moves a MiB from now.  Says which one does not.
all_move()
{
	local k end=$((SECONDS + $1))
	local -A was=()

	for k in $(stream_keys); do
		was[$k]=$(received "$k")
	done
	for k in $(stream_keys); do
		until stream_past "$k" $((${was[$k]:-0} + (1 << 20))); do
			! gone "${STREAM[$k.collect]}" && ! gone "${STREAM[$k.send]}" ||
				{ echo "stream $k has ended: $(cat "$L/stream.$k".*)"; return 1; }
			[ "$SECONDS" -lt "$end" ] || { echo "stream $k does not move in $1 s"; return 1; }
			sleep 0.05
		done
	done
}

stream_past() { local n; n=$(received "$1"); [ "${n:-0}" -gt "$2" ]; }

# stream_end KEY: all that was sent has arrived, over the one connection.
stream_end()
{
	local sent got

	kill "${STREAM[$1.send]}" 2>/dev/null
	exit_code "${STREAM[$1.send]}" 60 && exit_code "${STREAM[$1.collect]}" 20
	sent=$(cat "$L/stream.$1.send") got=$(cat "$L/stream.$1.collect")
	echo "${sent:-nothing sent}; ${got:-nothing arrived}"
	[[ $sent == *" blocks sent" ]] && [ "$got" = "${sent% sent}, every byte right" ]
}
