# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
#
# What must be there, and what must be gone: counting a backend's belongings.

lsevtchn=/usr/lib/xen-4.17/bin/lsevtchn

# Of netbackd: fds, threads, mapped grants, TAPs in dom0; of dom0: event channels, domains.
# gntdev maps are netbackd's grants; a domain that something still maps stays as a dying one.
counts()
{
	local fds threads taps

	[ -e "/proc/$netbackd_pid/fd" ] || { echo "netbackd is not there"; return 1; }
	fds=("/proc/$netbackd_pid/fd"/*) threads=("/proc/$netbackd_pid/task"/*)
	taps=(/sys/class/net/vif*)
	[ -e "${taps[0]}" ] || taps=()
	echo "fds=${#fds[@]}" \
		"threads=${#threads[@]}" \
		"grants=$(grep -c gntdev "/proc/$netbackd_pid/maps")" \
		"taps=${#taps[@]}" \
		"channels=$($lsevtchn 0 | wc -l)" \
		"domains=$(xl list | tail -n +2 | wc -l)" \
		"nodes=$(xenstore-list /local/domain/0/backend/vif 2>/dev/null | wc -l)"
}

counts_are()
{
	[ "$(counts)" = "$1" ]
}

# gone WHAT_WAS SECONDS: all back to what it was; no event tells, hence eventually.
gone()
{
	case $1 in fds=*) ;; *) echo "nothing was counted before: $1"; return 1 ;; esac
	eventually "$2" counts_are "$1" || { echo "was $1, is $(counts)"; return 1; }
	echo "$1"
}

# counters VIF: asks netbackd for its counters; the VIF's lines, its sum first, to /run/lab/counters.
counters()
{
	local mark

	mark=$(stat -c %s /lab/netbackd.log)
	kill -USR1 "$netbackd_pid" && eventually 5 counters_told "$1" "$mark" && return
	echo "no counters of $1"
	return 1
}

counters_told()
{
	tail -c "+$(($2 + 1))" /lab/netbackd.log | grep "counters vif=$1 " >/run/lab/counters &&
		grep -q " state=" /run/lab/counters
}

# counter NAME [QUEUE]: one of those, 0 where it is not told.
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

# watch_states DOMID DEVID FILE: all states the frontend goes through, in the background.
watch_states()
{
	xenstore-watch "/local/domain/$1/device/vif/$2/state" 2>/dev/null | while read -r _; do
		xs "/local/domain/$1/device/vif/$2/state"
	done >"$3" &
}

# resumes GUEST: the guest has its network after what was done to it, content included.
resumes()
{
	ping -q -c 3 -i 0.2 -W 10 10.77.0.2 >/dev/null || { echo "no ping"; return 1; }
	transfer_to "$1" 10.77.0.2 4 && transfer_from "$1" 10.77.0.1 4
}

echoes_in()
{
	awk '$1 == "Icmp:" && n++ { print $10 }' /proc/net/snmp
}

# guest_pings GUEST ADDRESS: a ping of 12 s from the guest, started and seen here when this
# returns; leaves the number to wait for in $ping_seq.
guest_pings()
{
	local before

	before=$(echoes_in)
	ping_seq=$(guest "$1" spawn "ping -q -i 0.2 -c 60 $2") || return 1
	eventually 10 more_echoes_than "$((before + 2))" || { echo "no ping from guest $1 came"; return 1; }
}

more_echoes_than()
{
	[ "$(echoes_in)" -gt "$1" ]
}

# ping_runs GUEST: it has not ended yet, so that what was done since was done under it.
ping_runs()
{
	[ -z "$(xs "/local/domain/$(guest_id "$1")/data/lab/r/$ping_seq")" ]
}

# ping_loss FILE MAX: of a ping that has ended.
ping_loss()
{
	local sent got

	sent=$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' "$1")
	got=$(sed -n 's/.*transmitted, \([0-9]*\) received.*/\1/p' "$1")
	echo "$((${sent:-0} - ${got:-0})) of ${sent:-0} lost"
	[ "${sent:-0}" -gt 0 ] && [ $((sent - got)) -le "$2" ]
}

# lifecycle FRONT: save/restore (three lives of one saved guest), crash, destroy under traffic,
# shutdown; after each, everything is counted.
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
	# What is counted must be seen while it is there.
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
