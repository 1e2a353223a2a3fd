# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib.sh - functions for the commands that the agent runs.  They need bash: busybox's shell would run
# its own ip.

# front_start ARG...: starts netfrontd in the background, with its log on the console and in a file.
front_start()
{
	export LD_LIBRARY_PATH=/lib/lab
	/bin/netfrontd --log-level=info "$@" >>/run/netfrontd.log 2>&1 &
	echo $! >/run/netfrontd.pid
	# The copy on the console remains when the guest dies.
	[ -e /run/netfrontd.tail ] || { tail -n +1 -f /run/netfrontd.log >/dev/console & }
	: >/run/netfrontd.tail
}

# front_dropped: netfrontd is not root, has CAP_NET_ADMIN (bit 12) and no other capability, and its filter.
front_dropped()
{
	local pid field want

	pid=$(cat /run/netfrontd.pid)
	while read -r field want; do
		! grep -H "^$field:" /proc/"$pid"/task/*/status | grep -v "$field:[[:space:]]$want" || return 1
	done <<-STATUS
		Uid 2121302016
		CapEff 0000000000001000
		CapPrm 0000000000001000
		NoNewPrivs 1
		Seccomp 2
	STATUS
}

# bridge_up ADDRESS: makes the bridge of a driver domain.
bridge_up()
{
	modprobe bridge && ip link add xenbr0 type bridge && ip link set xenbr0 up &&
		ip addr add "$1" dev xenbr0 || return 1
	echo 1 >/proc/sys/net/ipv4/ip_forward
}

# netdom_up ADDRESS OPTION...: makes a driver domain of this guest: a bridge, and netbackd with the
# options, which has started when this returns.
netdom_up()
{
	bridge_up "$1" || return 1
	shift
	netdom_start "$@"
}

# netdom_start OPTION...: starts netbackd and waits for its READY=1.
netdom_start()
{
	local fd line

	exec {fd}< <(exec labtool notify /run/notify)
	read -r -t 60 -u "$fd" line && [ "$line" = bound ] || return 1
	NOTIFY_SOCKET=/run/notify LD_LIBRARY_PATH=/lib/lab netbackd "$@" >>/run/netbackd.log 2>&1 &
	echo $! >/run/netbackd.pid
	# The console has the log too, as the guest's files end with it.
	[ -e /run/netbackd.tail ] || { tail -n +1 -f /run/netbackd.log >/dev/console & }
	: >/run/netbackd.tail
	read -r -t 90 -u "$fd" line
	[ "$line" = ready ] || { tail -n 1 /run/netbackd.log; return 1; }
}

# unpack VERSION backend|frontend: unpacks the package, and has its daemon found first.
unpack()
{
	local p=net${2/backend/backd}

	p=${p/frontend/frontd}
	rm -rf /run/unpacked
	# busybox's dpkg-deb replaces no file, and its cp none that runs.
	dpkg-deb -x /lab/packages/"$1"/netpair-"$2"_*.deb /run/unpacked || return 1
	tar -C /run/unpacked -cf - . | tar -C / -xf - || return 1
	export LD_LIBRARY_PATH=/lib/lab
	mkdir -p /etc/modprobe.d
	ln -sf "/usr/sbin/$p" "/bin/$p"
}

# systemctl: starts a daemon of a package, as its unit would; a guest has no systemd.
systemctl()
{
	local NETBACKD_OPTIONS='' NETFRONTD_OPTIONS='' unit=${*: -1} pid fd line

	[ "$1" != daemon-reload ] || return 0
	# shellcheck source=/dev/null
	. "/etc/default/$unit"
	if pid=$(cat "/run/$unit.pid" 2>/dev/null); then
		kill -TERM "$pid"
		for _ in $(seq 600); do [ -e "/proc/$pid" ] || break; sleep 0.1; done
	fi
	# shellcheck disable=SC2086 # words
	case $unit in
	netbackd) netdom_start $NETBACKD_OPTIONS ;;
	netfrontd)
		exec {fd}< <(exec labtool notify /run/notify)
		read -r -t 60 -u "$fd" line && [ "$line" = bound ] || return 1
		# As systemd's: netfrontd is not root any more when it is ready.
		chmod 666 /run/notify
		NOTIFY_SOCKET=/run/notify front_start $NETFRONTD_OPTIONS
		read -r -t 90 -u "$fd" line
		[ "$line" = ready ] || { tail -n 1 /run/netfrontd.log; return 1; }
		;;
	esac
}

# keep_addresses MAC=ADDRESS...: gives each device with such a MAC its address, whenever one appears,
# as a guest's network configuration does.
keep_addresses()
{
	local f pair

	{ echo now; exec ip monitor link; } | while read -r _; do
		for f in /sys/class/net/*/address; do
			for pair; do
				[ "$(<"$f")" = "${pair%=*}" ] || continue
				f=${f%/address}
				ip -b - <<-DEVICE
					link set ${f##*/} up
					addr replace ${pair#*=} dev ${f##*/}
				DEVICE
			done
		done 2>/dev/null
	done
}

# front_counters: makes netfrontd log its counters and prints that line.
front_counters()
{
	local n line=': counters nic=.* state='

	n=$(grep -c "$line" /run/netfrontd.log)
	kill -USR1 "$(cat /run/netfrontd.pid)"
	for _ in $(seq 50); do
		[ "$(grep -c "$line" /run/netfrontd.log)" = "$n" ] || break
		sleep 0.1
	done
	grep "$line" /run/netfrontd.log | tail -n 1
}

# wait_link IF SECONDS: waits until the interface exists and has a carrier, or the time is over.
wait_link()
{
	local fd pid end=$((SECONDS + $2)) rc=1

	exec {fd}< <(exec ip monitor link)
	pid=$!
	while :; do
		ip link set "$1" up 2>/dev/null &&
			[ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ] && rc=0 && break
		[ "$SECONDS" -lt "$end" ] || break
		# An event may have come before the monitor listened, so look again every second.
		read -r -t 1 -u "$fd" _
	done
	kill "$pid"
	exec {fd}<&-
	[ $rc = 0 ] || { echo "no $1 with a carrier after $2 s"; ip -br link; }
	return $rc
}

# net_up IF MTU ADDRESS...: waits for the interface and sets its MTU and addresses.
net_up()
{
	wait_link "$1" 30 || return 1
	_if=$1
	ip link set "$1" mtu "$2" || return 1
	shift 2
	for _a; do
		ip addr replace "$_a" dev "$_if" || return 1
	done
}

# if_by_mac MAC: waits for an interface with this MAC and prints its name.
if_by_mac()
{
	local f

	for _ in $(seq 100); do
		for f in /sys/class/net/*; do
			[ "$(cat "$f/address")" != "$1" ] || { echo "${f##*/}"; return 0; }
		done
		# An event would take another process, so this polls, for 20 s at most.
		sleep 0.2
	done
	echo "no interface has the MAC $1"
	return 1
}

# netup_check MAC MTU FRONT ADDRESS...: net_up for the interface with this MAC.
netup_check()
{
	local ifname mac=$1 mtu=$2 front=$3

	shift 3
	ifname=$(if_by_mac "$mac") || { echo "$ifname"; ip -br link; return 1; }
	wait_link "$ifname" 30 || return 1
	# netfrontd sets the MTU by the mtu key.  Linux netfront ignores that key.
	[ "$front" != netfrontd ] || [ "$(cat "/sys/class/net/$ifname/mtu")" = "$mtu" ] ||
		{ echo "$ifname has the MTU $(cat "/sys/class/net/$ifname/mtu"), not $mtu"; return 1; }
	net_up "$ifname" "$mtu" "$@" && ip -br addr show "$ifname"
}
