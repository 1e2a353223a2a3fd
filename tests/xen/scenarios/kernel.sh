# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# boot: traffic
# seconds: 400
#
# kernel - Linux netfront <-> Linux netback.  This shows that the lab carries every kind of traffic, so that
# a failure of another pairing is a fault of netpair.
two_bridges
check backend back_start kernel || give_up "no backend"
traffic_guest g1 pv kernel
traffic_short g1
