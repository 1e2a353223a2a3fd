# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lab.sh - the library that every scenario has in dom0: verdicts, waiting, guests, bridges, daemons

verdicts=/lab/verdicts
# The process id of the netbackd that netbackd_start started; 0: none was started yet.
export netbackd_pid=${netbackd_pid:-0}
mkdir -p /run/lab /lab/cfg

# A verdict is one line; its name is SCENARIO.CHECK.
ok()
{
	echo "ok $SCENARIO.$1 ${*:2}" >>"$verdicts"
}

not_ok()
{
	echo "not ok $SCENARIO.$1 ${*:2}" >>"$verdicts"
}

skip()
{
	echo "skip $SCENARIO.$1 ${*:2}" >>"$verdicts"
}

note()
{
	echo "# $SCENARIO $*" >>"$verdicts"
}

# check NAME COMMAND...: runs the command.  The verdict is its status, the remark its last line of
# output.  The command runs in this shell and not in a subshell, so that its variables stay set.
check()
{
	local name=$1 out rc=0

	shift
	"$@" >/run/lab/check.out 2>/run/lab/check.err || rc=$?
	cat /run/lab/check.out /run/lab/check.err >&2
	last_line /run/lab/check.out
	[ -n "$out" ] || last_line /run/lab/check.err
	out=${out//$'\r'/}
	out=${out:0:200}
	if [ "$rc" = 0 ]; then
		ok "$name" "$out"
	else
		not_ok "$name" "$out (status $rc)"
	fi
	return "$rc"
}

# last_line FILE: puts the last line that is not from the shell's trace into $out.  It starts no
# process: each verdict calls it, and a process takes an emulated dom0 tens of milliseconds.
last_line()
{
	local lines n

	mapfile -t lines <"$1"
	out=
	for ((n = ${#lines[@]} - 1; n >= 0; n--)); do
		[[ ${lines[n]} != +* ]] || continue
		out=${lines[n]}
		break
	done
}

# give_up WHY: ends the scenario with a failure, because no later check would mean anything.
give_up()
{
	not_ok setup "$*"
	exit 0
}

# xs_wait SECONDS PATH COMMAND...: waits for events on a xenstore path until the command holds.
xs_wait()
{
	local limit=$1 path=$2 fd pid rc=1 end

	shift 2
	exec {fd}< <(exec xenstore-watch "$path" @releaseDomain 2>/dev/null)
	pid=$!
	end=$((SECONDS + limit))
	while [ "$SECONDS" -le "$end" ] && read -r -t $((end - SECONDS + 1)) -u "$fd" _; do
		if "$@"; then
			rc=0
			break
		fi
	done
	kill "$pid"
	exec {fd}<&-
	return "$rc"
}

# eventually SECONDS COMMAND...: tries until the command holds.  Only for what sends no event, such as
# a process's descriptors and the kernel's counters.
eventually()
{
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

xs()
{
	labtool xs read "$1"
}

xs_is()
{
	[ "$(exec labtool xs read "$1")" = "$2" ]
}

# xs_becomes SECONDS PATH VALUE: waits until the node has this value.
xs_becomes()
{
	labtool xs await "$@"
}

xs_gone()
{
	! xenstore-exists "$1" 2>/dev/null
}

# vif_states DOMID DEVID: prints the backend's and the frontend's state, as in 4/4.
vif_states()
{
	echo "$(xs "/local/domain/0/backend/vif/$1/$2/state")/$(xs "/local/domain/$1/device/vif/$2/state")"
}

# ---- guests -------------------------------------------------------------------------------

# guest_create NAME pv|pvh kernel|netfrontd|none VIF...: each VIF is a string as in any domain's
# configuration, without an option of netpair's.  GUEST_CONFIG is another line of it.
# rodata=off: without it a guest's kernel walks and splits its page tables for most of a second.
# tsc_mode: without it Xen traps each read of the TSC, which takes a tenth of a stream's time, because
# the emulated processor does not promise a constant TSC.  Real ones have done so for fifteen years.
guest_create()
{
	local name=$1 type=$2 front=${LAB_FRONT:-$3} cfg=/lab/cfg/$1.cfg v list=

	shift 3
	if [ "$front" = netfrontd ] && [ ! -x "$LAB/bin/netfrontd" ]; then
		echo "build/netfrontd is missing"
		return 1
	fi
	for v; do
		list+="'$v',"
	done
	cat >"$cfg" <<-END
		name = "$name"
		type = "$type"
		tsc_mode = "native"
		kernel = "$LAB/vmlinux"
		ramdisk = "$LAB/guest.img"
		memory = ${GUEST_MEMORY:-320}
		vcpus = ${GUEST_VCPUS:-1}
		vif = [ ${list%,} ]
		on_crash = "destroy"
		on_poweroff = "destroy"
		on_reboot = "destroy"
		${GUEST_CONFIG:-}
		extra = "console=hvc0 loglevel=4 rodata=off netpair.name=$name netpair.front=$front ${GUEST_EXTRA:-}"
	END
	xl create -q "$cfg" || return 1
	guest_ready "$name" 60 && return
	guest_lost_by_emulator "$name" || return 1
	note "guest $name did not boot, trying once more: $(tail -n 1 "/lab/console/guest-$name.log" 2>/dev/null | tr -d '\r')"
	xl destroy "$name" 2>/dev/null || true
	xl create -q "$cfg" && guest_ready "$name" 90
}

# guest_lost_by_emulator NAME: true if the emulator and no driver made the guest fail.  That happens
# now and then, mostly to a PVH guest: either before its kernel has loaded a driver, or by an illegal
# instruction that CPUID promised to its first program.
guest_lost_by_emulator()
{
	[ "$(xs "/local/domain/$(guest_id "$1")/device/vif/0/state")" = 1 ] ||
		grep -q 'kill init! exitcode=0x00000004' "/lab/console/guest-$1.log" 2>/dev/null
}

# guest_ready NAME SECONDS: waits until the guest's agent has set its watch.
guest_ready()
{
	local id rc=0

	id=$(xl domid "$1") || return 1
	echo "$id" >"/run/lab/$1.id"
	labtool guest ready "$id" "$2" || rc=$?
	case $rc in
	124) echo "guest $1 (domain $id) did not come up in $2 s" ;;
	125) echo "guest $1 (domain $id) ended before it was up" ;;
	esac
	return $rc
}

guest_id()
{
	local id

	read -r id <"/run/lab/$1.id" && echo "$id"
}

# guest NAME spawn 'command': starts the command in the guest and prints its number.
# guest NAME wait NUMBER [SECONDS]: waits for it, prints its output and returns its status; 124: no end
# in time, 125: the guest has ended.
# guest NAME run 'command' [SECONDS]: does both.
guest()
{
	local id

	read -r id <"/run/lab/$1.id" || return 125
	case $2 in
	spawn) labtool guest spawn "$id" "$3" ;;
	wait) labtool guest wait "$id" "$3" "${4:-60}" ;;
	run) labtool guest run "$id" "${4:-60}" "$3" ;;
	esac
}

guest_destroy()
{
	xl destroy "$1"
}

# ---- the network of dom0 --------------------------------------------------------------------

# bridge_up NAME MTU ADDRESS...: makes a bridge.
bridge_up()
{
	local br=$1 mtu=$2 a

	shift 2
	ip link add "$br" type bridge
	ip link set "$br" mtu "$mtu" up
	for a; do
		ip addr add "$a" dev "$br"
	done
}

two_bridges()
{
	bridge_up xenbr0 1500 10.77.0.1/24 fd77::1/64
	bridge_up xenbr9 9000 10.79.0.1/24 fd79::1/64
}

# ---- backends -------------------------------------------------------------------------------

# back_start kernel|netbackd [ARG...]: starts the backend, LAB_BACK if that is set.
back_start()
{
	local kind=${LAB_BACK:-$1}

	shift
	case $kind in
	kernel) modprobe xen-netback ;;
	netbackd) netbackd_start "$@" ;;
	esac
}

# netbackd_start ARG...: starts netbackd as a child of this shell, waits for its READY=1, and sets
# $netbackd_pid.
netbackd_start()
{
	local fd line

	[ -x "$LAB/bin/netbackd" ] || { echo "build/netbackd is missing"; return 1; }
	mkdir -p /run/netpair
	exec {fd}< <(exec labtool notify /run/lab/notify)
	read -r -t 60 -u "$fd" line && [ "$line" = bound ] || { echo "labtool notify does not begin"; return 1; }
	NOTIFY_SOCKET=/run/lab/notify netbackd --log-level="${NETBACKD_LOG:-info}" "$@" \
		>>/lab/netbackd.log 2>&1 </dev/null &
	export netbackd_pid=$!
	# A daemon that ends at once never says READY=1, so the process is watched, too.  read may time out
	# in the middle of the word.
	local n=0 word=''
	until read -r -t 0.5 -u "$fd" line || true; word+=$line; [ "$word" = ready ]; do
		n=$((n + 1))
		kill -0 "$netbackd_pid" 2>/dev/null ||
			{ echo "netbackd ended: $(tail -n 1 /lab/netbackd.log)"; return 1; }
		[ $n -lt 180 ] || { echo "netbackd did not say READY=1 in 90 s"; return 1; }
	done
	exec {fd}<&-
}

# netbackd_stop SIGNAL SECONDS: ends netbackd, prints and returns its exit status; 124: it did not end.
netbackd_stop()
{
	local rc=0

	[ "$netbackd_pid" != 0 ] || { echo "no netbackd was started"; return 1; }
	kill "-$1" "$netbackd_pid" || return 1
	eventually "$2" process_ended "$netbackd_pid" || { echo "still there after $2 s"; return 124; }
	wait "$netbackd_pid" || rc=$?
	# In make lab's shell the first netbackd is a child of init, so its status is unknown.
	[ "$rc" != 127 ] || { echo "ended"; return 0; }
	echo "exit status $rc"
	return "$rc"
}

process_ended()
{
	# A zombie has ended: this shell is its parent and has not waited for it yet.
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# netbackd_unharmed: true unless the last netbackd ended by a signal for a fault of its own (SIGSEGV,
# SIGABRT ...).  Returns its status then.
netbackd_unharmed()
{
	local rc=0

	process_ended "$netbackd_pid" || return 0
	wait "$netbackd_pid" 2>/dev/null || rc=$?
	[ "$rc" -gt 128 ] || return 0
	case $(kill -l "$rc") in
	ILL|ABRT|BUS|FPE|SEGV|SYS) return "$rc" ;;
	esac
}

# ---- the end --------------------------------------------------------------------------------

lab_collect()
{
	set +x
	{
		ip -s -d addr
		bridge link
		xl list -l
	} >/lab/dom0-state.log 2>&1
	xenstore-ls -f >/lab/xenstore.log 2>&1
	# When it closes a VIF, the daemon logs the VIF's counters, which explain a failure.
	[ ! -e "/proc/$netbackd_pid" ] || timeout 15 netbackd --drain >>/lab/netbackd.log 2>&1
}
