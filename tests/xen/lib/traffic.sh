# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The traffic table: what every pairing of a frontend and a backend must carry.
