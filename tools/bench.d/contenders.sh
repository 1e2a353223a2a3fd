# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# contenders.sh - makes what tools/bench measures: namespaces, the daemons, and what they are compared with.
# It uses $bin $dir $X $probe $variants and broken() of tools/bench, and fills the tables below.
# shellcheck disable=SC2154

# await_line FILE PATTERN [COUNT]: waits until COUNT lines of a growing file match, 10 s at most.
await_line()
{
	local fd pid line n=0 rc=1

	: >>"$1"
	exec {fd}< <(exec tail -s 0.02 -n +1 -f "$1" 2>/dev/null)
	pid=$!
	while read -r -t 10 -u "$fd" line; do
		[[ $line =~ $2 ]] || continue
		n=$((n + 1))
		[ "$n" -lt "${3:-1}" ] || { rc=0; break; }
	done
	kill "$pid"
	exec {fd}<&-
	return $rc
}

# await_state PATH VALUE: waits for a value in xenstore.
await_state()
{
	local fd pid rc=1

	exec {fd}< <(exec xenstore-watch "$1" 2>/dev/null)
	pid=$!
	while read -r -t 10 -u "$fd" _; do
		[ "$(xenstore-read "$1" 2>/dev/null)" != "$2" ] || { rc=0; break; }
	done
	kill "$pid" 2>/dev/null
	exec {fd}<&-
	return $rc
}

in_ns() { nsenter --net="/run/netns/$1" "${@:2}"; }

# run LOG COMMAND...: runs a command and returns its exit code.  It runs in the background, so that a
# signal to this shell is handled at once.
run()
{
	"${@:2}" >"$1" 2>&1 &
	wait $!
}

# By contender: the namespaces and devices of its ends, and the guest's address.
declare -A ns0 ns1 dev0 dev1 peer
# By contender: the processor on which an end's programs run; unset: any.
declare -A cpu0 cpu1
# kept CPU: sets $on to the prefix that keeps a command on this processor.
kept() { on=(); [ -z "$1" ] || on=(taskset -c "$1"); }

# By domain: the pid of its daemon, which logs to $dir/DOMAIN.log.  By pair: netbackd's domain.
declare -A daemon backend

# ends NAME NETNS0 DEVICE0 NETNS1 DEVICE1: fills the tables for a contender.
ends() { ns0[$1]=$2 dev0[$1]=$3 ns1[$1]=$4 dev1[$1]=$5; }

# address NAME N: sets both ends' addresses, and starts the servers of iperf3 and ping-pong at the guest's.
address()
{
	local a=$1 on

	kept "${cpu1[$a]:-}"
	peer[$a]=10.88.$2.2
	in_ns "${ns0[$a]}" ip -b - <<-EOT && in_ns "${ns1[$a]}" ip -b - <<-EOT || broken "no addresses for $a"
		link set ${dev0[$a]} up txqueuelen 1000
		addr replace 10.88.$2.1/24 dev ${dev0[$a]}
	EOT
		link set ${dev1[$a]} up txqueuelen 1000
		addr replace 10.88.$2.2/24 dev ${dev1[$a]}
	EOT
	[ ! -e "$dir/iperf-$a.log" ] || return 0
	"${on[@]}" nsenter --net="/run/netns/${ns1[$a]}" iperf3 -s --forceflush >"$dir/iperf-$a.log" 2>&1 &
	if [ "$probe" = sockperf ]; then
		"${on[@]}" nsenter --net="/run/netns/${ns1[$a]}" sockperf server --tcp -i "${peer[$a]}" -p 5202 >"$dir/rtt-$a.log" 2>&1 &
		await_line "$dir/rtt-$a.log" 'using|\[tid' || broken "sockperf does not listen for $a"
	else
		"${on[@]}" nsenter --net="/run/netns/${ns1[$a]}" "$bin/bench/pingpong" serve 5202 >"$dir/rtt-$a.log" 2>&1 &
		await_line "$dir/rtt-$a.log" ready || broken "pingpong does not listen for $a"
	fi
	await_line "$dir/iperf-$a.log" listening || broken "iperf3 does not listen for $a"
}

# serve DOMAIN DAEMON [OPTION...]: starts a daemon, on processor $cpu if that is set.
serve()
{
	local n on

	kept "${cpu:-}"
	n=$(grep -c 'info: started' "$dir/$1.log" 2>/dev/null)
	mkdir -p "$dir/run-$1" || broken "no directories"
	"${on[@]}" "$X" exec "$1" -- "$bin/$2" --run-dir="$dir/run-$1" "${@:3}" 2>>"$dir/$1.log" &
	daemon[$1]=$!
	await_line "$dir/$1.log" 'info: started' $((${n:-0} + 1)) || broken "$2 does not start"
}

# domain NAME [OPTION...]: makes a domain.  Domains are numbered from 1.
domain() { "$X" domain "$1" --netns "${@:2}" >>"$dir/xensim.log" 2>&1 || broken "no domain $1"; }

# connect NAME DOMID [BACKEND BACKEND_DOMID]: attaches a guest's VIF, by default to dom0's netbackd.
connect()
{
	"$X" attach-vif "${3:-0}" "$1" 0 --hotplug "mac=00:16:3e:00:00:0$2" >>"$dir/xensim.log" 2>&1 &&
		await_state "/local/domain/${4:-0}/backend/vif/$2/0/state" 4 &&
		await_state "/local/domain/$2/device/vif/0/state" 4 || broken "the pair does not connect"
	backend[$1]=${3:-0}
	ends "$1" "xensim-bench-${3:-dom0}" "vif$2.0" "xensim-bench-$1" eth0
	address "$1" "$2"
}

start_pair()
{
	"$X" start --netns >"$dir/xensim.log" 2>&1 || broken "xensim does not start"
	domain pair
	serve pair netfrontd
}

# start_variants: starts the variants of the pair, each with a guest.  The kind of a TAP is fixed when it is
# made, so several queues are offered by another netbackd, in a driver domain.
start_variants()
{
	local n

	domain copy && serve copy netfrontd --no-static-grants && connect copy 2
	domain channels && serve channels netfrontd --no-event-mask && connect channels 3
	domain driver --driver-domain && serve driver netbackd --max-queues=4
	for n in 2 4; do
		domain queues$n && serve queues$n netfrontd --queues=$n
		connect queues$n $((n == 2 ? 5 : 6)) driver 4
		grep -q "connected vif=.* queues=$n " "$dir/driver.log" || broken "the pair did not agree on $n queues"
	done
}

# spaces NAME: makes two namespaces for the ends of a contender, which are b0 and b1.
spaces()
{
	ip netns add "$1-0" && ip netns add "$1-1" || broken "no namespaces"
	ends "$1" "$1-0" b0 "$1-1" b1
}

# veth NAME: makes a veth pair between them.
veth() { ip link add b0 netns "$1-0" type veth peer name b1 netns "$1-1" || broken "no veth pair"; }

# start_pinned: starts a pair and a veth pair with dom0's end on one processor and the guest's on another,
# as on a Xen host where each domain has a processor.
start_pinned()
{
	cpu0[pinned]=0 cpu1[pinned]=1 cpu0[veth-pinned]=0 cpu1[veth-pinned]=1
	domain pinned-driver --driver-domain && cpu=0 serve pinned-driver netbackd
	domain pinned && cpu=1 serve pinned netfrontd
	connect pinned 8 pinned-driver 7
	spaces veth-pinned
	veth veth-pinned
	address veth-pinned 14
}

start_peers()
{
	local n side

	for n in veth relay qemu; do
		spaces $n
	done
	veth veth
	"$bin/bench/relay" /run/netns/relay-0 b0 /run/netns/relay-1 b1 >"$dir/relay.log" 2>&1 &
	await_line "$dir/relay.log" ready || broken "the relay does not start"
	for side in 0 1; do
		nsenter --net=/run/netns/qemu-$side qemu-system-x86_64 -machine none -display none -nodefaults \
			-monitor none -serial none -netdev tap,id=a,ifname=b$side,script=no,downscript=no \
			-netdev "stream,id=s,server=$([ $side = 0 ] && echo on || echo off),addr.type=unix,addr.path=$dir/s" \
			-netdev hubport,hubid=0,id=h0,netdev=a -netdev hubport,hubid=0,id=h1,netdev=s \
			>"$dir/qemu-$side.log" 2>&1 &
		for ((n = 0; n < 250; n++)); do
			{ [ $side = 1 ] || [ -S "$dir/s" ]; } && in_ns qemu-$side ip link show b$side >/dev/null 2>&1 && break
			sleep 0.02
		done
		[ $n -lt 250 ] || broken "qemu does not start"
	done
	address veth 11
	address relay 12
	address qemu 13
}
