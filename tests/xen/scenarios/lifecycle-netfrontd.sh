# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd netfrontd
# boot: life
# seconds: 500
#
# lifecycle-netfrontd - netfrontd on netbackd: nothing stays after save and restore, crash, destroy and
# shutdown; and the guest's network works again after netbackd was killed, after netfrontd was restarted,
# and after several restores.
two_bridges
check backend back_start netbackd || give_up "no backend"
lifecycle netfrontd

GUEST_MEMORY=256 check back-create guest_create g1 pv netfrontd \
	'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
check back-up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 netfrontd 10.77.0.2/24 fd77::2/64' ||
	give_up "no network in the guest"
check front-dropped guest g1 run front_dropped
check kill9-under-ping guest_pings g1 10.77.0.1
netbackd_stop KILL 5 >/dev/null
check kill9-restart back_start netbackd
check kill9-ping-was-on ping_runs g1
guest g1 wait "$ping_seq" 60 >/run/lab/ping.kill
check kill9-ping ping_loss /run/lab/ping.kill 25
check kill9-traffic resumes g1
# SIGTERM ends the guest's interface, and the next netfrontd makes it again.  What a person set on the
# device stays, and so do MTU and offloads over the restores below.
check by-hand guest g1 run 'ip link set eth0 mtu 1400 address 02:00:00:77:00:01 && ethtool -K eth0 tso off'
# shellcheck disable=SC2016 # the guest's shell
check front-restart guest g1 run 'kill -TERM $(cat /run/netfrontd.pid)
	for i in $(seq 50); do [ -e /proc/$(cat /run/netfrontd.pid) ] || break; sleep 0.1; done
	[ ! -e /proc/$(cat /run/netfrontd.pid) ] || { echo "still there after 5 s"; exit 1; }
	front_start
	netup_check 02:00:00:77:00:01 1400 netfrontd 10.77.0.2/24 fd77::2/64 &&
		ethtool -k eth0 | grep "^tcp-segmentation-offload: off" && ip link set eth0 address 00:16:3e:77:00:01'
# A MAC that a person changes is not announced, so this host still has the other one in its table.
ip neigh flush to 10.77.0.2
check front-restart-traffic resumes g1

# known_at_bridge MAC: true if the bridge has learnt the MAC on the guest's port.  The port is new, so it
# has seen only frames that the guest sent by itself.
known_at_bridge()
{
	bridge fdb show dev "vif$(guest_id g1).0" | grep -v permanent | grep -i "^$1"
}

# The guest is restored twice, and netfrontd is started anew in between.  One process keeps the event
# channels from before each restore open: closing one of them is a BUG in the guest's kernel.
for n in 1 2; do
	check "again-save-$n" save g1 /run/lab/g1.save
	check "again-restore-$n" restore g1 /run/lab/g1.save
	check "again-known-$n" eventually 10 known_at_bridge 00:16:3e:77:00:01
	check "again-traffic-$n" resumes g1
	check "again-dropped-$n" guest g1 run front_dropped
	check "again-by-hand-$n" guest g1 run 'ip link show eth0 | grep "mtu 1400 " &&
		ethtool -k eth0 | grep "^tcp-segmentation-offload: off"'
	# shellcheck disable=SC2016 # the guest's shell
	[ $n = 2 ] || check again-front-restart guest g1 run 'kill -KILL $(cat /run/netfrontd.pid); front_start
		wait_link "$(if_by_mac 00:16:3e:77:00:01)" 30'
done
# shellcheck disable=SC2016 # the guest's shell
check one-keeper guest g1 run 'cat /proc/[0-9]*/comm | grep -c ^evtchn-keeper
	[ "$(cat /proc/[0-9]*/comm | grep -c ^evtchn-keeper)" = 1 ]'
check no-bug guest g1 run '! dmesg | grep -E "kernel BUG|Oops"'
rm -f /run/lab/g1.save
xl destroy g1
