# shellcheck shell=bash
# SPDX-License-Identifier: MIT
two_bridges
back_start kernel
check create guest_create g1 pv kernel 'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
check netup guest g1 run 'net_up eth0 1500 10.77.0.2/24 fd77::2/64; ip -br addr'
check ping ping -c 3 -i 0.2 -W 5 10.77.0.2
check uptime guest g1 run uptime
