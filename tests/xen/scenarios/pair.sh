# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# needs: netbackd netfrontd
# boot: traffic
# seconds: 400
#
# pair - every kind of traffic, netfrontd <-> netbackd.
two_bridges
check backend back_start netbackd || give_up "no backend"
traffic_guest g1 pv netfrontd
traffic_table g1
