# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the cases are made of: verdicts, a xensim with the two daemons, and waiting for things.
# Uses of run: $TOP $BIN $X $CASE.
# shellcheck disable=SC2034 # the cases use them
# shellcheck disable=SC2119,SC2120 # and give the arguments

# shellcheck source=tests/lib.sh
. "${BASH_SOURCE[0]%/*}/../lib.sh"

lab=0			# how many were started; names directories and namespaces
L=			# the current one's directory
BACK='' FRONT='' host=''	# pids
declare -a HELPERS=()	# pids of whatever else runs in the background
GUEST=guest		# the guest that FRONT serves
FRONT_USER=''		# the user that netfrontd becomes; empty: its default
# What a sanitizer or gcov has to say it writes to directories of root.
case $BIN in */san-* | */cov*) FRONT_USER=root ;; esac
expect=''		# pattern of warnings and errors that the case provokes

# Sanitised daemons get less to do.
# size PLAIN SANITISED
size() { if [ -n "$SAN" ]; then echo "$2"; else echo "$1"; fi; }

export UBSAN_OPTIONS TSAN_OPTIONS ASAN_OPTIONS

# --- verdicts ------------------------------------------------------------------

# check NAME COMMAND...: what it prints is the remark.  Runs in a subshell: it may set nothing.
check()
{
	local name=$CASE/$1 out rc

	shift
	out=$("$@" 2>&1)
	rc=$?
	verdict "$name" "$rc" "$(remark "$rc" "$out")"
}

# remark RC TEXT: one line of it; what failed without a word says so.
remark()
{
	local text

	text=$(printf '%s' "$2" | tr '\n' ' ' | cut -c 1-300)
	[ "$1" = 0 ] || text=${text:-failed}
	printf '%s' "$text"
}

skip() { skipped_case "$CASE/$1" "$2"; }

# --- waiting -------------------------------------------------------------------

# await_line FILE SECONDS PATTERN [COUNT]: until so many lines of the growing file match.
await_line()
{
	local fd pid line n=0 rc=1 end=$((SECONDS + $2))

	: >>"$1"
	exec {fd}< <(exec tail -s 0.02 -n +1 -f "$1" 2>/dev/null)
	pid=$!
	# In all: a log that goes on without the line is no reason to go on.
	while [ "$SECONDS" -le "$end" ] && read -r -t $((end - SECONDS + 1)) -u "$fd" line; do
		[[ $line =~ $3 ]] || continue
		n=$((n + 1))
		[ "$n" -lt "${4:-1}" ] || { rc=0; break; }
	done
	kill "$pid"
	exec {fd}<&-
	[ "$rc" = 0 ] || echo "no \"$3\" in ${1##*/} within $2 s"
	return "$rc"
}

# await_node PATH VALUE [SECONDS]: until a node of the store has the value; "-": is gone.
# VALUE may be several, like "5|6".
await_node()
{
	local fd pid rc=1 value='' end=$((SECONDS + ${3:-5}))

	exec {fd}< <(exec xenstore-watch "$1" 2>/dev/null)
	pid=$!
	while [ "$SECONDS" -le "$end" ] && read -r -t $((end - SECONDS + 1)) -u "$fd" _; do
		value=$(xenstore-read "$1" 2>/dev/null) || value=-
		[[ "|$2|" != *"|$value|"* ]] || { rc=0; break; }
	done
	kill "$pid" 2>/dev/null
	exec {fd}<&-
	[ "$rc" = 0 ] || echo "$1 is \"$value\", not $2"
	return "$rc"
}

# --- a xensim with its daemons -----------------------------------------------------

x() { "$X" "$@"; }

be() { echo "/local/domain/0/backend/vif/$1/$2"; }
fe() { echo "/local/domain/$1/device/vif/$2"; }

# lab_start [MAX_PAGES]: the host, one guest (domain 1), no daemon.
lab_start()
{
	lab=$((lab + 1))
	L=$TOP/$lab
	mkdir "$L" || finish 1
	ASAN_OPTIONS=log_path=$L/sanitizer:quarantine_size_mb=1:malloc_context_size=8
	UBSAN_OPTIONS=log_path=$L/sanitizer:print_stacktrace=1
	TSAN_OPTIONS=log_path=$L/sanitizer
	export XENSIM_DIR=$L/e2e$$-$lab
	export XENSTORED_PATH=$XENSIM_DIR/dom/0/xenstored.sock
	BACK='' FRONT='' HELPERS=()
	: >"$L/back.log"
	: >"$L/front.log"
	"$X" start --foreground --netns >"$L/host.log" 2>&1 &
	host=$!
	await_line "$L/host.log" 10 ^serving || finish 1
	ns0=/run/netns/xensim-e2e$$-$lab-dom0
	guest_new guest "$@"
}

# guest_new NAME [MAX_PAGES | OPTION]
guest_new()
{
	local option=${2:-}

	[ -z "$option" ] || [ "${option#--}" != "$option" ] || option=--max-pages=$option
	x domain "$1" --netns ${option:+"$option"} >/dev/null || finish 1
	[ "$1" != guest ] || ns1=$(netns_of guest)
}

netns_of() { echo "/run/netns/xensim-e2e$$-$lab-$1"; }

# In a domain's network; not for the background, where $! would be a shell's.
in0() { nsenter --net="$ns0" "$@"; }
in1() { nsenter --net="$ns1" "$@"; }

# start_back [OPTION...] / start_front [OPTION...]: until they say that they have started; under the
# command UNDER, if there is one.
start_back()
{
	local n

	n=$(grep -c 'netbackd: info: started' "$L/back.log")
	"$X" exec 0 -- ${UNDER:-} "$BIN/netbackd" --run-dir="$L/run-back" --log-level="${E2E_LOG:-info}" \
		--isolation="$ISOLATION" --uid-range="$UIDS" "$@" 2>>"$L/back.log" &
	BACK=$!
	await_line "$L/back.log" 30 'netbackd: info: started' $((n + 1))
}

start_front()
{
	local n

	n=$(grep -c 'netfrontd: info: started' "$L/front.log")
	"$X" exec "$GUEST" -- ${UNDER:-} "$BIN/netfrontd" --run-dir="$L/run-front" --log-level="${E2E_LOG:-info}" \
		${FRONT_USER:+--user="$FRONT_USER"} "$@" 2>>"$L/front.log" &
	FRONT=$!
	await_line "$L/front.log" 30 'netfrontd: info: started' $((n + 1))
}

lab_pair() { lab_start && start_back && start_front "$@"; }

# attach DEVID [KEY=VALUE...]: a VIF of domain 1 with addresses at both ends, once both are Connected.
attach()
{
	local d=$1

	shift
	x attach-vif 0 guest "$d" --hotplug "$@" && connected 1 "$d" && address "$d"
}

# connected DOMID DEVID [SECONDS]
connected()
{
	await_node "$(be "$1" "$2")/state" 4 "${3:-10}" && await_node "$(fe "$1" "$2")/state" 4 "${3:-10}"
}

# The daemon of the guest makes ethN for nicN where the VIFs come one by one.
address()
{
	local mtu=${2:-1500}

	in0 ip -b - <<-END && in1 ip -b - <<-END
		link set lo up
		link set vif1.$1 up mtu $mtu
		addr replace 10.79.$1.1/24 dev vif1.$1
		addr replace fd79:$1::1/64 dev vif1.$1 nodad
	END
		link set lo up
		link set eth$1 up
		addr replace 10.79.$1.2/24 dev eth$1
		addr replace fd79:$1::2/64 dev eth$1 nodad
	END
}

# kill9 PID: and until it is gone.
# kill9 PID: a netbackd dies with all its data processes.
kill9()
{
	local more=''

	[ "$1" != "$BACK" ] || more=$(data_processes)
	# shellcheck disable=SC2086 # words are meant
	kill -9 "$1" $more
	wait "$1" 2>/dev/null
	await 5 none_left $more
}
# A process whose parent died is a zombie until init takes notice of it.
none_left() { local p; for p; do gone "$p" || grep -q '^State:.*Z' "/proc/$p/status" 2>/dev/null || return 1; done; }

# crash PID: a netbackd dies, its data processes do not.
crash() { kill -9 "$1"; wait "$1" 2>/dev/null; true; }

helper() { HELPERS+=("$1"); }

# counters LOG PID: asks a daemon for its counters and prints the newest lines.
counters()
{
	local before after

	before=$(grep -c ': counters ' "$1")
	kill -USR1 "$2"
	await_line "$1" 5 ': counters ' $((before + 1)) || return 1
	after=$(grep -c ': counters ' "$1")
	grep ': counters ' "$1" | tail -n $((after - before))
}

# seen COUNT LOST: of ping's output: at least so many answers, at most so many before the last of
# them missing.  ping's own count would take an answer that is late for a lost one.
seen()
{
	awk -v count="$1" -v most="$2" '
		match($0, /icmp_seq=[0-9]+ ttl=.*time=/) {
			seq = substr($0, RSTART + 9) + 0
			got += !had[seq]++
			if (seq > last)
				last = seq
			next
		}
		/^rtt/ { rtt = ", " $0 }
		/^ping:|rror|nreachable/ { odd = $0 }
		END {
			for (i = 1; i <= last && last - got <= 10; i++)
				if (!(i in had))
					which = which " " i
			printf "%d answers, %d lost%s%s\n%s", got, last - got, which ? ":" which : "", rtt, odd
			exit got < count || last - got > most
		}'
}

# data_processes: those of this xensim's dom0, of whichever netbackd.
data_processes() { data_of '[0-9]+'; }

# data_of DOMID: the data process of a guest.
data_of()
{
	local p

	for p in $(pgrep -x "netbackd-$1"); do
		grep -qzxF "XENSIM_DIR=$XENSIM_DIR" "/proc/$p/environ" 2>/dev/null && echo "$p"
	done
}

# What a daemon holds, with its data processes: open files and threads; KiB in memory.  A data process
# has spare sets of handles, more of them the more often its VIFs have connected: these are not counted.
each_of() { echo "$1"; [ "$1" != "$BACK" ] || data_processes; }
no_data_processes() { [ -z "$(data_processes)" ]; }
fds()
{
	local p

	{
		find "/proc/$1/fd" -mindepth 1 -printf 'own\n'
		for p in $(each_of "$1" | sed 1d); do
			find "/proc/$p/fd" -mindepth 1 -printf '%l\n' | grep -E '/net/tun|memfd:|eventpoll|\.tables'
		done
	} 2>/dev/null | wc -l
}
tasks() { each_of "$1" | while read -r p; do find "/proc/$p/task" -mindepth 1 -maxdepth 1; done 2>/dev/null | wc -l; }
rss()
{
	each_of "$1" | while read -r p; do sed -n 's/^VmRSS:[ \t]*\([0-9]*\).*/\1/p' "/proc/$p/status"; done 2>/dev/null |
		awk '{ n += $1 } END { print n }'
}

# served_by_threads: netbackd has no data processes.
served_by_threads() { [ "$ISOLATION" = none ]; }

# holding PID: files and threads of a daemon, in words to be compared.
holding() { echo "$(fds "$1") fds, $(tasks "$1") threads"; }

# holds_again PID TEXT: has it the files and threads of before?  Waits, as a data process that serves
# nobody any more takes a moment to end.
holds_again() { await 20 holds_now "$1" "$2" || differs "$2" "$(holding "$1")"; }
holds_now() { [ "$(holding "$1")" = "$2" ]; }
taps() { in0 ip -o link | grep -c 'vif'; }
guest_taps() { in1 ip -o link | grep -c 'eth'; }

# status [DOMID]: the host's table, a line a domain, each number with its name.
status()
{
	x status | awk -v id="${1:-}" '
		$1 == "id" { n = split($0, name); next }
		n && NF == n && (id == "" || $1 == id) {
			line = $2
			for (i = 4; i <= n; i++)
				line = line " " name[i] "=" $i
			print line
		}'
}

# footprint: all that a connected VIF takes, in one line, to be compared.
footprint()
{
	echo "back-fds=$(fds "$BACK") back-threads=$(tasks "$BACK") front-fds=$(fds "$FRONT") front-threads=$(tasks "$FRONT")" \
		"taps=$(taps)/$(guest_taps)" "files=$(find "$L/run-back" "$L/run-front" ! -type d | wc -l)" "$(status | sed '/^dom0/s/nodes=[0-9]* //' | tr '\n' ';')"
}

# same_footprint TEXT: is it again as it was?  Waits, as the frontend closes after the backend did.
same_footprint()
{
	await 20 footprint_is "$1" || differs "$1" "$(footprint)"
}

# differs WAS IS: says which words do, and fails.
differs()
{
	local -a was is
	local i

	read -r -a was <<<"$1"
	read -r -a is <<<"$2"
	for i in "${!was[@]}"; do
		[ "${was[i]}" = "${is[i]-}" ] || echo "was ${was[i]} is ${is[i]-}"
	done
	return 1
}

footprint_is() { [ "$(footprint)" = "$1" ]; }

# sum_again FILE: gives a state file that was changed by hand the sum of what it has now (FNV-1a, statefile.c).
sum_again()
{
	local sum=$((0xcbf29ce484222325)) byte

	sed -i '/^sum=/d' "$1"
	for byte in $(od -An -v -tu1 "$1"); do
		sum=$(((sum ^ byte) * 0x100000001b3))
	done
	printf 'sum=%016x\n' "$sum" >>"$1"
}

# --- the end of a case -------------------------------------------------------------

# stop_daemon NAME PID: SIGTERM is obeyed within 5 s and with exit code 0.
stop_daemon()
{
	[ -n "$2" ] || return 0
	kill -TERM "$2" 2>/dev/null
	exit_code "$2" 5 || { kill -9 "$2"; ends+="$1 does not stop; "; return; }
	[ "$code" = 0 ] || ends+="$1 ended with $code; "
}

# A data process that a test kills counts against its user's limit of threads until init has taken its exit
# status, which may take a second here.  The next one is put off as long; the cases see that it comes.
killed_ones_count='not served yet .*no more threads or locks are allowed'

complaints()
{
	grep -hE ': (warn|error): |^net(back|front)d: [^:]*$' "$L/back.log" "$L/front.log" |
		grep -vE "${expect:-^$}|--isolation=none\$|$killed_ones_count" | head -n 3
}

lab_stop()
{
	local ends='' text rest

	[ -n "$L" ] || return 0
	reap_helpers
	stop_daemon netfrontd "$FRONT"
	stop_daemon netbackd "$BACK"
	# None outlives a netbackd that was asked to end; a test may have killed the last one.
	await 5 no_data_processes || { ends+="data processes are left: $(data_processes | tr '\n' ' '); "; data_processes | xargs -r kill -KILL; }
	if [ -n "$BACK" ] && [ -n "$host" ] && ! gone "$host"; then
		rest=$(status 0 | grep -oE '(handles|grants|mapped|ports)=[1-9][0-9]*')
		[ -z "$rest" ] && status 0 | grep -q handles=0 || ends+="left in dom0: $(status 0); "
	fi
	text=$(complaints)
	[ -z "$text" ] || ends+="$text "
	text=$(cat "$L"/sanitizer* 2>/dev/null | head -n 8)
	[ -z "$text" ] || ends+="sanitizer: $text"
	sweep
	x stop >/dev/null 2>&1
	[ -z "$BACK$FRONT$ends" ] || verdict "$CASE/end" "$([ -z "$ends" ]; echo $?)" "$(remark 0 "$ends")"
	BACK='' FRONT=''
	[ -z "${E2E_KEEP:-}" ] && [ -z "$ends" ] && rm -rf "$L"
	L=
}

# Whatever still runs in the namespaces of this lab is ours.
sweep()
{
	local n p

	for n in /run/netns/xensim-e2e$$-"$lab"-*; do
		[ -e "$n" ] || continue
		for p in $(ip netns pids "${n##*/}"); do
			kill -9 "$p"
		done
	done 2>/dev/null
}

reap_helpers()
{
	local p

	for p in "${HELPERS[@]}"; do
		kill "$p" 2>/dev/null
	done
	for p in "${HELPERS[@]}"; do
		exit_code "$p" 1 || kill -9 "$p" 2>/dev/null
	done
	HELPERS=()
}

# However the run ends: nothing stays.
finish()
{
	local p

	trap '' INT TERM HUP
	trap - EXIT
	# All of its processes: a shell that waits for one would heed a signal only afterwards.
	[ -z "$beside" ] || { kill -- "-$beside" && wait "$beside"; } 2>/dev/null
	for p in "${HELPERS[@]}" $FRONT $BACK $(jobs -p); do
		[ "$p" != "$host" ] || continue
		kill -9 "$p" 2>/dev/null
	done
	[ -z "$L" ] || { sweep; x stop >/dev/null 2>&1; }
	for p in /run/netns/e2e$$-*; do
		[ ! -e "$p" ] || ip netns del "${p##*/}"
	done
	if [ -n "${E2E_KEEP:-}" ]; then
		echo "# kept: $TOP"
	else
		rm -rf "$TOP"
	fi
	exit "$1"
}
