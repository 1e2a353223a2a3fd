# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Another netbackd is started, whose messages the data processes do not know.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, expect: lib.sh

# other_control: control is killed; the other program of the two goes on with what it finds.
other_control()
{
	local n old

	n=$(grep -c ': adopted vif=vif1.0' "$L/back.log")
	old=$(data_of 1)
	crash "$BACK"
	mv "$BIN/netbackd" "$BIN/netbackd-was" && mv "$BIN/netbackd-other" "$BIN/netbackd" && mv "$BIN/netbackd-was" "$BIN/netbackd-other"
	start_back && await_line "$L/back.log" 20 ': adopted vif=vif1.0' $((n + 1)) || return
	[ "$(data_of 1 | wc -l)" = 1 ] && new_data_of 1 "$old" || { echo "the guest has the processes $(data_of 1), $old is of another version"; return 1; }
}

case_upgrade()
{
	[ -x "$BIN/netbackd-other" ] || { skip all "no build with another MSG_VERSION: tests/run isolation makes one"; return; }
	one_guest || return
	check programs-differ differ_in_version
	# There and back.
	under_tcp 4 other_control
}

differ_in_version() { ! cmp -s "$BIN/netbackd" "$BIN/netbackd-other"; }
