# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# needs: netfrontd
# boot: traffic
# seconds: 400
#
# linux-back - every kind of traffic, netfrontd <-> Linux netback.
two_bridges
check backend back_start kernel || give_up "no backend"
traffic_guest g1 pv netfrontd
traffic_table g1
