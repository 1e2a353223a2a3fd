# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# needs: netbackd
# boot: traffic
# seconds: 400
#
# linux-front - every kind of traffic, Linux netfront in a PV guest <-> netbackd.
two_bridges
check backend back_start netbackd || give_up "no backend"
traffic_guest g1 pv kernel
traffic_table g1
