# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What commands that the agent runs can use.  For bash: busybox's shell prefers its own ip.

# front_start ARG...: netfrontd in the background, its log on the console and in a file.
front_start()
{
	export LD_LIBRARY_PATH=/lib/lab
	/bin/netfrontd --log-level=info "$@" >>/run/netfrontd.log 2>&1 &
	echo $! >/run/netfrontd.pid
	# The console's copy is what is left when the guest dies.
	[ -e /run/netfrontd.tail ] || { tail -n +1 -f /run/netfrontd.log >/dev/console & }
	: >/run/netfrontd.tail
}

# front_counters: what netfrontd has counted, its newest line.
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

# wait_link IF SECONDS: until the interface is there and has a carrier, or the time is over.
wait_link()
{
	local fd pid end=$((SECONDS + $2)) rc=1

	exec {fd}< <(exec ip monitor link)
	pid=$!
	while :; do
		ip link set "$1" up 2>/dev/null &&
			[ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" = 1 ] && rc=0 && break
		[ "$SECONDS" -lt "$end" ] || break
		# One event may have gone by before the monitor listened: hence not the whole time.
		read -r -t 1 -u "$fd" _
	done
	kill "$pid"
	exec {fd}<&-
	[ $rc = 0 ] || { echo "no $1 with a carrier after $2 s"; ip -br link; }
	return $rc
}

# net_up IF MTU ADDRESS...
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

# if_by_mac MAC: the name of the interface that has it, as soon as there is one.
if_by_mac()
{
	local f

	for _ in $(seq 100); do
		for f in /sys/class/net/*; do
			[ "$(cat "$f/address")" != "$1" ] || { echo "${f##*/}"; return 0; }
		done
		# No event without a second watcher process: a nap, bounded to 20 s.
		sleep 0.2
	done
	echo "no interface has the MAC $1"
	return 1
}

# netup_check MAC MTU FRONT ADDRESS...: net_up of the interface that has this MAC.
netup_check()
{
	local ifname mac=$1 mtu=$2 front=$3

	shift 3
	ifname=$(if_by_mac "$mac") || { echo "$ifname"; ip -br link; return 1; }
	wait_link "$ifname" 30 || return 1
	# Linux netfront does not look at the mtu key, a person sets it; netfrontd takes it itself.
	[ "$front" != netfrontd ] || [ "$(cat "/sys/class/net/$ifname/mtu")" = "$mtu" ] ||
		{ echo "$ifname has the MTU $(cat "/sys/class/net/$ifname/mtu"), not $mtu"; return 1; }
	net_up "$ifname" "$mtu" "$@" && ip -br addr show "$ifname"
}
