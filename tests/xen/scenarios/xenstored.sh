# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd
# seconds: 240
#
# xenstored - a C xenstored dies.  Its data is lost, and a running guest cannot reach the next xenstored.
# The guest's network goes on all the while, and netbackd serves the next guest.

logged() { eventually 15 grep -q "$1" /lab/netbackd.log; }

# pings: true if each of 30 pings is answered.
pings()
{
	ping -i 0.1 -c 30 -q -W 10 10.77.0.2 >/run/lab/ping.store 2>&1
	ping_loss /run/lab/ping.store 0
}

# consoled: waits for the end of the old xenconsoled, and starts another one.
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
check loss-logged logged 'xenstored is gone'
check dead pings
rm -f /run/xenstored.pid
check starts xenstored --pid-file /run/xenstored.pid
check back-logged logged 'xenstored is back and has lost what it knew'
check anew pings
check same-netbackd kill -0 "$netbackd_pid"
# Other clients of the old xenstored do not recover by themselves: dom0's own nodes are written again.
/usr/lib/xen-4.17/bin/xen-init-dom0 >/dev/null
# xenconsoled has lost its connection, and xl waits for the console that it makes.
kill "$(cat /run/xenconsoled.pid)"
check consoles eventually 10 consoled
check next-create guest_create g2 pv kernel 'mac=00:16:3e:77:00:02,bridge=xenbr0' || give_up "no second guest"
check next-up guest g2 run 'netup_check 00:16:3e:77:00:02 1500 kernel 10.77.0.3/24'
check first-still pings
# The guest's name was lost with xenstored, so xl is given its number.
check destroy xl destroy "$id"
