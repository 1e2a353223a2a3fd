# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# needs: netbackd netfrontd
# boot: host
# seconds: 400
#
# bridge - guests on netbackd send to each other through dom0's bridge, with TCP segments that stay large
# from end to end: Linux netfront to Linux netfront, and Linux netfront to netfrontd and back.
two_bridges
check backend back_start netbackd || give_up "no backend"
n=1
for front in kernel kernel netfrontd; do
	n=$((n + 1))
	GUEST_MEMORY=256 check "create-g$n" guest_create "g$n" pv "$front" \
		"mac=00:16:3e:77:00:0$n,bridge=xenbr0" || give_up "no guest"
	check "up-g$n" guest "g$n" run \
		"netup_check 00:16:3e:77:00:0$n 1500 $front 10.77.0.$n/24 fd77::$n/64; iperf3 -s -D >/dev/null 2>&1" ||
		give_up "no network in the guest"
done

# gso FROM TO: segments larger than the MTU leave the sender, cross the bridge and reach the receiver.
gso()
{
	local from=$1 to=$2 fd pid line left id seen rate ifname

	exec {fd}< <(exec labtool capture "vif$(guest_id "$from").0")
	pid=$!
	read -r -u "$fd" -t 10 _
	ifname=$(guest "$to" run "if_by_mac 00:16:3e:77:00:0${to#g}")
	id=$(guest "$to" run "ethtool -K $ifname gro off >/dev/null; labtool capture $ifname >/tmp/cap 2>&1 & echo \$!" | tail -n 1)
	rate=$(guest "$from" run "iperf3 -c 10.77.0.${to#g} -t 2 | grep receiver | sed 's/.* \([0-9.]* .bits.sec\).*/\1/'")
	kill "$pid"
	while read -r -u "$fd" -t 10 line; do left=$line; done
	exec {fd}<&-
	seen=$(guest "$to" run "kill $id; while kill -0 $id 2>/dev/null; do sleep 0.1; done; cat /tmp/cap; ethtool -K $ifname gro on >/dev/null" | tail -n 1)
	echo "$rate; on the TAP longest=${left##*longest=}, in the receiver longest=${seen##*longest=}"
	[ "${left##*longest=}" -gt 1514 ] && [ "${seen##*longest=}" -gt 1514 ] &&
		echo "$left $seen" | grep -q 'bad=0.*bad=0'
}

# registers: checks the lab itself: with more domains than processors, and traffic between them, each
# domain keeps its vector registers.  Otherwise no comparison of bytes here would show anything.
registers()
{
	local g bad=0 seqs=()

	for g in g2 g3 g4; do
		seqs+=("$g $(guest "$g" spawn 'labtool registers 10')")
	done
	guest g2 spawn 'iperf3 -c 10.77.0.4 -t 10' >/dev/null
	labtool registers 10 || bad=1
	for g in "${seqs[@]}"; do
		guest "${g% *}" wait "${g#* }" 40 || bad=1
	done
	return $bad
}

for pair in g2:g3 g2:g4 g4:g2; do
	a=${pair%:*} b=${pair#*:}
	check "ping-$a-$b" guest "$a" run "ping -q -c 3 -i 0.2 -s 30000 10.77.0.${b#g} | grep ' 0% packet loss'"
	check "ping6-$a-$b" guest "$a" run "ping -q -c 3 -i 0.2 fd77::${b#g} | grep ' 0% packet loss'"
	check "gso-$a-$b" gso "$a" "$b"
	check "content-$a-$b" transfer_between "$a" "$b" "10.77.0.${b#g}" 16
done
check registers registers
