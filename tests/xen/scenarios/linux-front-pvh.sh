# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# needs: netbackd
# guests: pvh
# seconds: 400
#
# linux-front-pvh - every kind of traffic, Linux netfront in a PVH guest <-> netbackd.
two_bridges
check backend back_start netbackd || give_up "no backend"
traffic_guest g1 pvh kernel
traffic_table g1
