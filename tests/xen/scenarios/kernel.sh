# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# boot: traffic
# seconds: 400
#
# Linux netfront <-> Linux netback: shows that the lab itself carries every kind of traffic, so that
# a failure of another pairing is that pairing's.
two_bridges
check backend back_start kernel || give_up "no backend"
traffic_guest g1 pv kernel
traffic_short g1
