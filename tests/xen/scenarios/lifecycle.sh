# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd
# boot: life
# seconds: 400
#
# lifecycle - Linux netfront on netbackd: nothing stays after save and restore, crash, destroy and
# shutdown; then netbackd is restarted after SIGTERM and after SIGKILL, which the guest must not notice;
# then netbackd --drain closes everything.
two_bridges
check backend back_start netbackd || give_up "no backend"
lifecycle kernel

GUEST_MEMORY=256 check restart-create guest_create g1 pv kernel \
	'mac=00:16:3e:77:00:01,bridge=xenbr0' || give_up "no guest"
check restart-up guest g1 run 'netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24 fd77::2/64' ||
	give_up "no network in the guest"
id=$(guest_id g1)
watch_states "$id" 0 /run/lab/states
mac=$(cat "/sys/class/net/vif$id.0/address")
changes=$(guest g1 run 'cat /sys/class/net/eth0/carrier_changes')

# An offload that a person switches off stays off over each restart, until a person switches it on.
device_offloads()
{
	ethtool -k "vif$id.0" | grep -E '^(tx-checksumming|tcp-segmentation-offload):' | tr '\n' ' ' |
		grep "tx-checksumming: $1 tcp-segmentation-offload: $2"
}
check offloads-at-first device_offloads on on
check offloads-off ethtool -K "vif$id.0" tso off

# The guest pings every 0.2 s.  From SIGTERM to READY=1 it takes about two seconds here.
check sigterm-under-ping guest_pings g1 10.77.0.1
check sigterm netbackd_stop TERM 5
check sigterm-restart back_start netbackd
check sigterm-ping-was-on ping_runs g1
guest g1 wait "$ping_seq" 60 >/run/lab/ping.term
check sigterm-ping ping_loss /run/lab/ping.term 25
check sigterm-traffic resumes g1
check sigterm-offloads device_offloads on off

check kill9-under-ping guest_pings g1 10.77.0.1
netbackd_stop KILL 5 >/dev/null
check kill9-restart back_start netbackd
check kill9-ping-was-on ping_runs g1
guest g1 wait "$ping_seq" 60 >/run/lab/ping.kill
check kill9-ping ping_loss /run/lab/ping.kill 25
check kill9-traffic resumes g1
check kill9-offloads device_offloads on off

unnoticed()
{
	local now states

	states=$(sort -u /run/lab/states | tr '\n' ' ')
	now=$(guest g1 run 'cat /sys/class/net/eth0/carrier_changes')
	echo "frontend states seen: $states; carrier changes $changes -> $now; TAP's MAC $mac -> $(cat "/sys/class/net/vif$id.0/address")"
	[ "$states" = "4 " ] && [ "$now" = "$changes" ] &&
		[ "$mac" = "$(cat "/sys/class/net/vif$id.0/address")" ]
}
check restart-unnoticed unnoticed
# Here the frontend connects anew for the first time.
check reconnect-offloads-off ethtool -K "vif$id.0" tx off
check reconnect guest g1 run 'echo vif-0 >/sys/bus/xen/drivers/vif/unbind && echo vif-0 >/sys/bus/xen/drivers/vif/bind &&
	netup_check 00:16:3e:77:00:01 1500 kernel 10.77.0.2/24 fd77::2/64'
check reconnect-offloads device_offloads off off
check reconnect-offloads-on ethtool -K "vif$id.0" tx on tso on
check offloads-on-again device_offloads on on

# The frontend answers Closing: both ends become Closed (6), the TAP is removed, the daemon ends.
check drain timeout 30 netbackd --drain
check drain-daemon-ends eventually 10 process_ended "$netbackd_pid"
drained()
{
	echo "states $(vif_states "$id" 0), TAPs: $(find /sys/class/net -name 'vif*' -printf '%f ')"
	case $(vif_states "$id" 0) in 6/6|/6|6/*) ;; *) return 1 ;; esac
	! find /sys/class/net -name 'vif*' | grep -q .
}
check drain-closed drained
xl destroy g1
