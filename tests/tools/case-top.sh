# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# netpair top, in a terminal that tmux makes.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, expect: lib.sh

# Each terminal has a server of its own: one that ends may still be there for the next.
server=0
mux() { tmux -L "tools$$-$server" -f /dev/null "$@"; }

# screen_has PATTERN
screen_has() { mux capture-pane -p -t top | grep -qE -- "$1"; }

# shows PATTERN: within a few seconds.
shows() { await 10 screen_has "$1" || { mux capture-pane -p -t top | head -n 5; return 1; }; }

# top_in COLUMNS LINES: netpair top in a terminal of that size.
top_in()
{
	mux kill-server 2>/dev/null
	server=$((server + 1))
	mux new-session -d -s top -x "$1" -y "$2" "$BIN/netpair --run-dir=$L/run-back top; echo ended with \$?; exec cat" \; set -g status off
}

case_top()
{
	one_vif && attach 1 || return
	check batch says 0 '^vif1.0 +guest ' np top -b -n 1
	check batch-head says 0 '^netbackd [0-9.]+: 2 VIFs' np top -b -n 1
	check batch-fits fits np top -b -n 1
	if ! command -v tmux >/dev/null; then
		skip screen "there is no tmux"
		return
	fi
	in0 ping -f -w 60 10.79.0.2 >/dev/null 2>&1 &
	helper $!
	top_in 80 24
	check screen shows '^vif1.0 +guest +[0-9.]+[kM] '
	check head shows '^netbackd .*: 2 VIFs'
	check share shows 'vif1.0 .* [0-9]+\.[0-9] +-$'
	mux send-keys -t top t
	check sorted shows 'sort .to guest.'
	mux send-keys -t top /vif1.1 Enter
	check filtered shows '1 VIFs'
	check filter-line shows 'filter: vif1.1'
	mux send-keys -t top /nobody Enter
	check filtered-all shows '0 VIFs'
	mux send-keys -t top / Enter
	check unfiltered shows '2 VIFs'
	mux resize-window -t top -x 20 -y 5
	check small shows '^vif1'
	mux resize-window -t top -x 10 -y 2
	check too-small shows 'too small'
	mux resize-window -t top -x 80 -y 24
	check large-again shows '^vif1.0 +guest'
	mux send-keys -t top q
	check quit shows 'ended with 0'
	top_in 80 24
	check again shows '^vif1.0 +guest'
	crash "$BACK"
	check daemon-ends shows 'netbackd ended, or does not answer'
	check daemon-ends-status shows 'ended with 3'
	mux kill-server
	start_back && await_line "$L/back.log" 10 'adopted vif=vif1.1'
}
