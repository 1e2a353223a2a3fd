# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Open vSwitch with DPDK, testpmd and the scripted back-end as the switches of vhost-user ports.
# shellcheck disable=SC2154,SC2034 # ns0, ns1, L, TOP, CASE, HELPERS: tests/e2e/lib.sh

OVS_SWITCHD=/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk
O=''		# the directory of the present Open vSwitch
SWITCHD=''	# its ovs-vswitchd

# Without huge pages, and with a pool for each port, as one for all would want more memory.  256 MB are too few.
DPDK="--no-huge --legacy-mem -m 1024 --no-pci"

# have_dpdk: true if the case can run; else it is skipped, with the reason.
have_dpdk()
{
	local free why=''

	free=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	[ -x "$OVS_SWITCHD" ] || why="no $OVS_SWITCHD: make deps"
	command -v dpdk-testpmd >/dev/null || why="no dpdk-testpmd: make deps"
	[ "${free:-0}" -gt 2500000 ] || why="$free KiB of memory are free, DPDK needs 2500000"
	grep -qw ssse3 /proc/cpuinfo || [ "$(uname -m)" != x86_64 ] || why="the processor is too old for DPDK"
	[ -z "$why" ] || { skip all "$why"; return 1; }
}

# socket_of NAME: of a port.
socket_of() { echo "$L/$1.sock"; }

# --- Open vSwitch ------------------------------------------------------------------------------

vsctl() { in0 ovs-vsctl --db="unix:$O/db.sock" --timeout=30 "$@"; }

# ovs_start: a bridge br0 in dom0 with the address 10.79.0.1, and no port.
ovs_start()
{
	O=$L/ovs
	export OVS_RUNDIR=$O OVS_LOGDIR=$O OVS_DBDIR=$O
	mkdir "$O" && ovsdb-tool create "$O/conf.db" /usr/share/openvswitch/vswitch.ovsschema || return
	nsenter --net="$ns0" ovsdb-server "$O/conf.db" --remote="punix:$O/db.sock" --unixctl="$O/db.ctl" >"$O/db.log" 2>&1 &
	helper $!
	await 20 test -S "$O/db.sock" && vsctl --no-wait init || return
	vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true other_config:dpdk-extra="$DPDK" \
		other_config:per-port-memory=true other_config:pmd-maxsleep=200 other_config:dpdk-lcore-mask=1 \
		other_config:pmd-cpu-mask=1 || return
	switchd_start && vsctl add-br br0 -- set bridge br0 datapath_type=netdev || return
	in0 ip -b - <<-END
		link set lo up
		link set br0 up
		addr replace 10.79.0.1/24 dev br0
	END
}

# switchd_start / switchd_kill: the switch itself; what it is set to is in its data base.
switchd_start()
{
	nsenter --net="$ns0" "$OVS_SWITCHD" "unix:$O/db.sock" --unixctl="$O/switchd.ctl" --log-file="$O/switchd.log" >"$O/switchd.out" 2>&1 &
	SWITCHD=$!
	helper $SWITCHD
	await 60 dpdk_is_up || { tail -n 3 "$O/switchd.log"; return 1; }
}
dpdk_is_up() { [ "$(vsctl get Open_vSwitch . dpdk_initialized 2>/dev/null)" = true ]; }

switchd_kill() { kill -9 "$SWITCHD"; wait "$SWITCHD" 2>/dev/null; true; }

# ovs_port NAME: a port of the bridge that connects to the socket of that name.
ovs_port() { vsctl add-port br0 "$1" -- set Interface "$1" type=dpdkvhostuserclient options:vhost-server-path="$(socket_of "$1")"; }

# --- a VIF at such a port -----------------------------------------------------------------------

# attach_port DEVID NAME [KEY=VALUE...]: a VIF of domain 1 whose port is the socket of that name; it has an address.
attach_port()
{
	local d=$1 name=$2

	shift 2
	x attach-vif 0 guest "$d" --hotplug port="vhost-user:$(socket_of "$name")" "$@" && connected 1 "$d" || return
	in1 ip -b - <<-END
		link set lo up
		link set eth$d up
		addr replace 10.79.$d.2/24 dev eth$d
	END
}

# has_switch VIF / has_none VIF: what netpair shows.
has_switch() { np show "$1" | grep -q 'port.*, a switch is connected'; }
has_none() { np show "$1" | grep -q 'port.*, no switch'; }
np() { "$BIN/netpair" --run-dir="$L/run-back" "$@"; }

# counter VIF NAME: of netbackd.
counter() { np stats "$1" | awk -v name="$2" '$1 == name { print $2; found = 1 } END { if (!found) print 0 }'; }

# pings ADDRESS: it answers, within a generous time.
pings() { await 30 one_answer "$1" || { echo "$1 does not answer"; return 1; }; }
one_answer() { in1 ping -c 1 -W 1 "$1" >/dev/null 2>&1; }
