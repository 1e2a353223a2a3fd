# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
#
# life.sh - the lifecycle of guests and daemons: counts what a backend has open or mapped, and waits
# until it has as much as before

lsevtchn=/usr/lib/xen-4.17/bin/lsevtchn

# data_processes: prints those of netbackd.
data_processes() { grep -lE '^netbackd-[0-9]+$' /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3; }

# counts: prints netbackd's descriptors, threads and mapped grants, with those of its data processes, and
# dom0's TAPs, event channels, domains and backend nodes.  A map of gntdev is a grant that netbackd has
# mapped.  A domain whose pages are still mapped stays, as a dying one.
counts()
{
	local p fds=() threads=() maps=() taps

	[ -e "/proc/$netbackd_pid/fd" ] || { echo "netbackd does not run"; return 1; }
	for p in "$netbackd_pid" $(data_processes); do
		fds+=("/proc/$p/fd"/*) threads+=("/proc/$p/task"/*) maps+=("/proc/$p/maps")
	done
	taps=(/sys/class/net/vif*)
	[ -e "${taps[0]}" ] || taps=()
	echo "fds=${#fds[@]}" \
		"threads=${#threads[@]}" \
		"grants=$(cat "${maps[@]}" 2>/dev/null | grep -c gntdev)" \
		"taps=${#taps[@]}" \
		"channels=$($lsevtchn 0 | wc -l)" \
		"domains=$(xl list | tail -n +2 | wc -l)" \
		"nodes=$(xenstore-list /local/domain/0/backend/vif 2>/dev/null | wc -l)"
}

# counts_are COUNTS: true if counts prints COUNTS, or less descriptors: a data process opens devices for VIFs that
# come later, and closes those that a VIF used.
counts_are()
{
	local now held=${1%% *}

	now=$(counts) && [ "${now#* }" = "${1#* }" ] && now=${now%% *} && [ "${now#fds=}" -le "${held#fds=}" ]
}

# gone COUNTS SECONDS: waits until counts prints COUNTS again.  No event comes for that.
gone()
{
	case $1 in fds=*) ;; *) echo "nothing was counted before: $1"; return 1 ;; esac
	eventually "$2" counts_are "$1" || { echo "was $1, is $(counts)"; return 1; }
	echo "$1"
}

# counters VIF: makes netbackd log its counters, and puts the VIF's lines, the sum first, into
# /run/lab/counters.
counters()
{
	local mark

	mark=$(stat -c %s /lab/netbackd.log)
	kill -USR1 "$netbackd_pid" && eventually 5 counters_logged "$1" "$mark" && return
	echo "no counters of $1"
	return 1
}

counters_logged()
{
	tail -c "+$(($2 + 1))" /lab/netbackd.log | grep "counters vif=$1 " >/run/lab/counters &&
		grep -q " state=" /run/lab/counters
}

# counter NAME [QUEUE]: prints one of these counters; one that is not logged is 0.
counter()
{
	local line

	line=$(grep "counters vif=[^ ]* $([ -n "${2-}" ] && echo "queue=$2 " || echo state=)" /run/lab/counters | grep -o " $1=[0-9]*" | tail -n 1)
	echo "$((${line##*=} + 0))"
}

domain_gone()
{
	! xl domid "$1" >/dev/null 2>&1
}

# watch_states DOMID DEVID FILE: in the background, writes each state of the frontend to FILE.
watch_states()
{
	xenstore-watch "/local/domain/$1/device/vif/$2/state" 2>/dev/null | while read -r _; do
		xs "/local/domain/$1/device/vif/$2/state"
	done >"$3" &
}

# resumes GUEST: the guest's network works again: a ping, and a transfer of compared bytes each way.
resumes()
{
	ping -q -c 3 -i 0.2 -W 10 10.77.0.2 >/dev/null || { echo "no ping"; return 1; }
	transfer_to "$1" 10.77.0.2 4 && transfer_from "$1" 10.77.0.1 4
}

echoes_in()
{
	awk '$1 == "Icmp:" && n++ { print $10 }' /proc/net/snmp
}

# guest_pings GUEST ADDRESS: starts a ping of 12 s in the guest, and returns when its first requests
# have arrived here.  $ping_seq is the number to wait for.
guest_pings()
{
	local before

	before=$(echoes_in)
	ping_seq=$(guest "$1" spawn "ping -q -i 0.2 -c 60 $2") || return 1
	eventually 10 more_echoes_than "$((before + 2))" || { echo "no ping from guest $1 arrived"; return 1; }
}

more_echoes_than()
{
	[ "$(echoes_in)" -gt "$1" ]
}

# ping_runs GUEST: true if the ping has not ended yet, so that it ran during all that was done since.
ping_runs()
{
	[ -z "$(xs "/local/domain/$(guest_id "$1")/data/lab/r/$ping_seq")" ]
}

# ping_loss FILE MAX: true if a ping that has ended lost at most MAX.
ping_loss()
{
	local sent got

	sent=$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' "$1")
	got=$(sed -n 's/.*transmitted, \([0-9]*\) received.*/\1/p' "$1")
	echo "$((${sent:-0} - ${got:-0})) of ${sent:-0} lost"
	[ "${sent:-0}" -gt 0 ] && [ $((sent - got)) -le "$2" ]
}

# lifecycle FRONT: saves a guest and restores it three times, and ends it by a crash, by destroy under
# traffic and by shutdown.  After each of these, everything must be as before.
lifecycle()
{
	local front=$1 before saved=/run/lab/g1.save f=$1

	before=$(counts)
	note "$front: before $before"
	GUEST_MEMORY=256 check "$f-create" guest_create g1 pv "$front" \
		'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
	check "$f-up" guest g1 run \
		"netup_check 00:16:3e:77:00:01 1500 $front 10.77.0.2/24 fd77::2/64" || return
	check "$f-traffic" resumes g1
	# The counts must see the connection while it exists.
	check "$f-counted" counted

	check "$f-save" save g1 "$saved"
	check "$f-save-all-gone" gone "$before" 20
	check "$f-restore" restore g1 "$saved" || return
	check "$f-restore-resumes" resumes g1

	guest g1 spawn 'echo c >/proc/sysrq-trigger' >/dev/null
	check "$f-crash" eventually 30 domain_gone g1
	check "$f-crash-all-gone" gone "$before" 20

	check "$f-restore-2" restore g1 "$saved" || return
	ping -q -i 0.01 10.77.0.2 >/run/lab/flood 2>&1 &
	check "$f-destroy" xl destroy g1
	kill $!
	check "$f-destroy-all-gone" gone "$before" 20

	check "$f-restore-3" restore g1 "$saved" || return
	check "$f-shutdown" timeout 40 xl shutdown -w g1
	check "$f-shutdown-all-gone" gone "$before" 20
	rm -f "$saved"
}

counted()
{
	counts
	counts | grep -q 'grants=[1-9].* taps=1 .*domains=2'
}

save()
{
	xl save "$1" "$2" >/run/lab/xl.out 2>&1 || { tail -n 1 /run/lab/xl.out; return 1; }
	du -h "$2" | cut -f1
}

restore()
{
	xl restore "$2" >/dev/null 2>&1 || { echo "xl restore failed"; return 1; }
	guest_ready "$1" 30
}

# ---- from one backend to the next, under traffic ------------------------------------------------

# lost_since MARK LIMIT: true if at most LIMIT of the ping's answers after line MARK are lost.  The ping
# goes on.
lost_since()
{
	local mark=$1 limit=$2

	# An answer that is on its way is not lost, so wait for ten later ones.
	eventually 60 more_lines_than /run/lab/ping "$(($(wc -l </run/lab/ping) + 10))" ||
		{ echo "no more answers"; return 1; }
	tail -n "+$mark" /run/lab/ping | awk -v limit="$limit" '
		match($0, /icmp_seq=[0-9]+ ttl/) {
			n = substr($0, RSTART + 9) + 0
			if (!first) first = n
			if (n > last) last = n
			got += !seen[n]++
		}
		END { lost = last - first + 1 - got; print lost " pings of 50 ms lost"; exit !got || lost > limit }'
}

more_lines_than() { [ "$(wc -l <"$1")" -gt "$2" ]; }

mark() { echo "$(($(wc -l </run/lab/ping) + 1))"; }

port_of() { basename "$(readlink "/sys/class/net/$1/brport/bridge")"; }

# is_port VIF BRIDGE DRIVER: true if the device is up, is in the bridge, and was made by the driver.
is_port()
{
	local kind=kernel

	[ ! -e "/sys/class/net/$1/tun_flags" ] || kind=netbackd
	echo "$1 is $kind's, port of $(port_of "$1"), MTU $(cat "/sys/class/net/$1/mtu")"
	[ "$(port_of "$1")" = "$2" ] && [ "$kind" = "$3" ] && ip link show "$1" | grep -q ',UP'
}

# nothing_to_do DOMID: after a takeover neither the log nor the VIF's key asks for anything.
nothing_to_do()
{
	! grep ' error: \|todo=' /lab/netbackd.log && xs_gone "/local/domain/0/backend/vif/$1/0/error"
}

connected_again() { [ "$(vif_states "$(guest_id "$1")" 0)" = 4/4 ]; }

# await_connected [GUEST]: waits until both ends of its first VIF are Connected.
await_connected()
{
	eventually 60 connected_again "${1:-g1}" || { vif_states "$(guest_id "${1:-g1}")" 0; return 1; }
}
