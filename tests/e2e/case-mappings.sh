# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# How many pages netbackd keeps mapped: per guest, over all its VIFs, and for all guests.
# shellcheck disable=SC2154,SC2034 # ns0, ns1, BACK, FRONT, expect: lib.sh

# mapped: pages that dom0 has mapped now.
mapped() { status 0 | grep -oE 'mapped=[0-9]+' | cut -d= -f2; }

# mapped_is N: of static grants, besides four ring pages of each of VIFS.
mapped_is()
{
	[ "$(mapped)" = $(($1 + 4 * $2)) ] || { echo "$(mapped) pages are mapped, not $1 + 4 * $2"; return 1; }
}

# A VIF of netfrontd's registers 506 pages with one queue.
case_mappings()
{
	expect='static grants (refused|of an earlier)'
	{ lab_start 2048 && guest_new second 2048 && start_back --max-mappings=600 --max-mappings-all=1000 && start_front &&
		attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	check first-vif await_line "$L/front.log" 5 'static grants nic=nic0 registered=506'
	attach 1 >"$TOP/out" 2>&1
	verdict "$CASE/second-vif-connected" $? "$(cat "$TOP/out")" || return
	check guest-has-its-share await_line "$L/front.log" 5 'static grants nic=nic1 registered=0'
	check said await_line "$L/back.log" 5 'static grants refused, they are copied vif=vif1.1 refs=506'
	check mapped-of-one-guest mapped_is 506 2
	check traffic-by-copy in0 ping -c 3 -i 0.01 -w 5 -q 10.79.1.2
	mappings_other_guest
	mappings_resumed
}

# Another guest has a limit of its own, within the limit for all.
mappings_other_guest()
{
	local first=$FRONT

	GUEST=second
	start_front --run-dir="$L/run-second"
	x attach-vif 0 second 0 --hotplug && connected 2 0
	check all-guests-have-theirs await_line "$L/front.log" 5 'static grants nic=nic0 registered=0'
	check mapped-of-all mapped_is 506 3
	# Pages that one guest gives back can be mapped for others.
	x detach-vif guest 0
	check given-back mapped_is 0 2
	kill -TERM "$FRONT"
	exit_code "$FRONT" 5
	start_front --run-dir="$L/run-second"
	check taken-by-another await_line "$L/front.log" 5 'static grants nic=nic0 registered=506' 2
	check mapped-of-the-other mapped_is 506 2
	helper "$FRONT"
	GUEST=guest FRONT=$first
}

# A daemon with a lower limit than the one before.
mappings_resumed()
{
	kill9 "$BACK"
	start_back --max-mappings=100
	check resumed await_line "$L/back.log" 5 'adopted vif=vif2.0'
	check resumed-within-the-limit mapped_is 0 2
	check still-there in0 ping -c 3 -i 0.01 -w 5 -q 10.79.1.2
}
