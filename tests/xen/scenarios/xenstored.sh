# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd
# seconds: 240
#
# A C xenstored that dies takes along what it knew, and no guest can talk to its successor. The guest's
# network goes on all the while, and netbackd serves the next guest.

told() { eventually 15 grep -q "$1" /lab/netbackd.log; }

# pings: each is answered.
pings()
{
	ping -i 0.1 -c 30 -q -W 10 10.77.0.2 >/run/lab/ping.store 2>&1
	ping_loss /run/lab/ping.store 0
}

# consoled: the daemon of before has ended, and another runs.
consoled()
{
	! kill -0 "$(cat /run/xenconsoled.pid)" 2>/dev/null || return 1
	xenconsoled --log=all --pid-file=/run/xenconsoled.pid
}

two_bridges
check backend back_start netbackd || give_up "no backend"
check create guest_create g1 pv kernel 'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
check up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24' || give_up "no network"
id=$(guest_id g1)
kill -KILL "$(cat /run/xenstored.pid)"
check told told 'xenstored is gone'
check dead pings
rm -f /run/xenstored.pid
check starts xenstored --pid-file /run/xenstored.pid
check told-back told 'xenstored is back and has lost what it knew'
check anew pings
check same-netbackd kill -0 "$netbackd_pid"
# What else a host has that was a client of the old one, and does not come back by itself.
/usr/lib/xen-4.17/bin/xen-init-dom0 >/dev/null
# It has no connection any more, and xl waits for the console that it makes.
kill "$(cat /run/xenconsoled.pid)"
check consoles eventually 10 consoled
check next-create guest_create g2 pv kernel 'mac=00:16:3e:77:00:02,bridge=xenbr0' || give_up "no second guest"
check next-up guest g2 run 'netup_check 00:16:3e:77:00:02 1500 kernel 10.77.0.3/24'
check first-still pings
# xl knows it by no name any more.
check destroy xl destroy "$id"
