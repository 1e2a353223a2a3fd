# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # variables of lib/
# needs: netbackd netfrontd packages
# seconds: 1500
#
# packages - what an administrator does with the Debian packages, by the commands of docs/operations.md, which are
# taken from the document in the package:
#
# - a guest runs on the kernel's netback; the packages are installed, an older version first;
# - one VIF goes to a driver domain, the other one is taken over; a drop is made and its cause found;
# - each command of the table of symptoms is run, then what can be tuned;
# - the packages are upgraded, netbackd is restarted, and the guest goes back to the kernel's driver;
# - the packages are removed, installed again where no guest runs, and purged.
#
# One TCP connection in either direction goes on from the beginning to the end, and every byte of it is compared.  A
# second guest changes from the kernel's netfront to netfrontd of its package.
#
# dom0 has neither systemd nor apt: functions here do what they would do.  tests/deb/run shows what the packages ask of
# systemd.  A guest has busybox's dpkg only, which unpacks.

# Those of the packages come first, with the libraries that they depend on.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$LAB/bin
unset LD_LIBRARY_PATH
document=/run/lab/operations.md
# dpkg has to share dom0's processor with them.
stream_pause=200000
packages="netpair-backend netpair-tools"

running() { [ "$netbackd_pid" != 0 ] && ! process_ended "$netbackd_pid"; }

# systemctl: for the unit netbackd.
systemctl()
{
	local NETBACKD_OPTIONS=''

	case $1 in
	daemon-reload) return 0 ;;
	stop|disable|restart) ! running || netbackd_stop TERM 60 || return 1 ;;
	esac
	case $1 in
	enable|restart)
		# shellcheck source=/dev/null
		. /etc/default/netbackd
		# shellcheck disable=SC2086 # words
		netbackd_start $NETBACKD_OPTIONS
		;;
	esac
}

# apt-get: an upgrade restarts a netbackd that runs, and a removal stops it, as the maintainer scripts ask.
apt-get()
{
	local verb=$1

	shift
	case $verb in
	install)
		dpkg -s liburing2 >/dev/null 2>&1 || set -- "$LAB"/packages/depends/*.deb "$@"
		dpkg --force-unsafe-io -i "$@" || return 1
		! running || systemctl restart netbackd
		;;
	remove) systemctl stop netbackd && dpkg -r "$@" ;;
	esac
}

journalctl() { tail -n 20 /lab/netbackd.log; }

# commands NAME: prints the block of commands of that name.
commands()
{
	awk -v name=": $1 -->" '
		/^<!-- run by / { on = !done && index($0, name); next }
		on && /^    / { print substr($0, 5); done = 1; next }
		on && !/^$/ { on = 0 }' "$document"
}

# documented NAME: runs the commands of that block, in this shell, until one fails.
documented()
{
	local lines line one='' n=0

	mapfile -t lines < <(commands "$1")
	for line in "${lines[@]}"; do
		one+=$line$'\n'
		# A loop is one command of several lines.
		bash -n <<<"$one" 2>/dev/null || continue
		eval "$one" || { echo "failed: $one"; return 1; }
		one='' n=$((n + 1))
	done
	[ "$n" -gt 0 ] && [ -z "$one" ] || { echo "docs/operations.md has no commands \"$1\""; return 1; }
	echo "$n commands"
}

# guest_documented GUEST NAME: does so in the guest.
guest_documented() { guest "$1" run "set -e; $(commands "$2")" 90; }

# symptoms: prints the commands of the table of symptoms, those that help as well.
symptoms()
{
	awk -F ' [|] ' '/^## / { on = /^## Read drops/ } on && /^\| / { print $2 "\n" $4 }' "$document" |
		grep -oE '`[a-z-]+ [^`]*`' | tr -d '`'
}

# each_symptom: runs all of them.
each_symptom()
{
	local line n=0

	while IFS= read -r line; do
		eval "$line" </dev/null || { echo "failed: $line"; return 1; }
		n=$((n + 1))
	done < <(symptoms)
	echo "$n commands"
	[ "$n" -ge 20 ]
}

# prints PATTERN COMMAND...: a line that the command prints matches, whatever its status is.
prints()
{
	"${@:2}" >/run/lab/printed 2>&1
	grep -E -m 1 -- "$1" /run/lab/printed || { cat /run/lab/printed; return 1; }
}

use() { rm -f build/deb && mkdir -p build && ln -s "$LAB/packages/$1" build/deb; }

# version_is VERSION: the packages are configured in it, and their programs are those that are found.
version_is()
{
	local p

	for p in $packages; do
		[ "$(dpkg-query -W -f '${Status} ${Version}' "$p")" = "install ok installed $1" ] ||
			{ dpkg-query -W -f '${Package} ${Status} ${Version}\n' "$p"; return 1; }
	done
	echo "$(command -v netbackd): $(netbackd --version), $(netpair --version)"
	[ "$(command -v netbackd)" = /usr/sbin/netbackd ] && [ "$(netbackd --version)" = "netbackd $1" ] &&
		[ "$(netpair --version)" = "netpair $1" ]
}

not_running() { ! pidof netbackd; }

kept_out() { ! modprobe xen-netback 2>/dev/null && [ ! -e /sys/module/xen_netback ]; }

# programs: prints which files netbackd and its data processes run.
programs()
{
	local p

	for p in "$netbackd_pid" $(data_processes); do
		readlink "/proc/$p/exe"
	done | sort | uniq -c
}

# none_is_older: all processes run the file that is installed now.
none_is_older() { ! programs | grep deleted && programs | grep -w /usr/sbin/netbackd; }

await_newer() { eventually 120 none_is_older || { programs; return 1; }; }

# found_by_drops: the guest's frames are lost, as its device is down; netpair drops says so, and its cure helps.
found_by_drops()
{
	ip link set "$vif" down
	guest web run 'ping -c 3 -W 1 10.77.0.1 >/dev/null; true' >/dev/null
	prints '^ +from-guest +tap +[1-9][0-9]* +The device refused the frame: it is down' netpair drops web || return 1
	ip link set "$vif" up
}

answers() { ping -q -c 1 -W 2 10.77.0.2 >/dev/null; }

# What stays is a person's options.
removed()
{
	[ ! -e /usr/sbin/vif-show ] && [ ! -e /usr/sbin/netbackd ] && [ -e /etc/default/netbackd ]
}

cd /run/lab || give_up "no /run/lab"
dpkg-deb --fsys-tarfile "$LAB"/packages/newer/netpair-tools_*.deb | tar -xOf - ./usr/share/doc/netpair/operations.md >$document
new=$(dpkg-deb -f "$LAB"/packages/newer/netpair-backend_*.deb Version)
two_bridges
check kernel-first modprobe xen-netback || give_up "no backend"
GUEST_MEMORY=256 check create guest_create web pv kernel mac=00:16:3e:01:02:03,bridge=xenbr0 mac=00:16:3e:01:02:04,bridge=xenbr0 ||
	give_up "no guest"
check up guest web run 'netup_check 00:16:3e:01:02:03 1500 kernel 10.77.0.2/24' || give_up "no network"
vif=vif$(guest_id web).0
check is-1 test "$vif" = vif1.0
check streams streams_start web 10.77.0.2 5400
ping -i 0.05 10.77.0.2 >/run/lab/ping 2>&1 &
ping=$!

use older
check install documented install || give_up "no packages"
check older version_is 0.0.9
check starts-nothing not_running
check check-in-the-way prints '^missing +the kernel.s netback: is loaded and serves .*vif-1-0' documented check

# One VIF, in a driver domain.
GUEST_MEMORY=256 GUEST_CONFIG='driver_domain = 1' check netdom-create guest_create netdom pv none || give_up "no driver domain"
check netdom-packages guest netdom run 'unpack newer backend && bridge_up 10.78.0.1/24'
check netdom-start guest_documented netdom driver-domain
check one-vif documented one-vif
check one-vif-connected xs_becomes 60 "/local/domain/$(guest_id netdom)/backend/vif/$(guest_id web)/1/state" 4
check one-vif-up guest web run 'netup_check 00:16:3e:01:02:04 1500 kernel 10.78.0.2/24 && ping -q -c 3 -W 10 10.78.0.1'
xl network-detach web 1
xl destroy netdom

# All VIFs, under the guest.
at=$(mark)
check take-over documented take-over || give_up "no backend"
check take-over-connected await_connected web
check take-over-port is_port "$vif" xenbr0 netbackd
check take-over-quiet nothing_to_do "$(guest_id web)"
check take-over-lost lost_since "$at" 600
check kept-out kept_out
check check-ok documented check
check look documented look
check list prints "^$vif +web +$vif +Connected +split " netpair list
check drop-found found_by_drops
check drop-cured eventually 30 answers
check symptoms each_symptom
ethtool -K "$vif" tx on tso on
check tune documented tune
ip link set "$vif" mtu 1500

at=$(mark)
use newer
check upgrade documented upgrade
check newer version_is "$new"
check newer-runs await_newer
check upgrade-connected await_connected web
check upgrade-lost lost_since "$at" 600
at=$(mark)
check restart documented restart
check restart-connected await_connected web
check restart-lost lost_since "$at" 600
check upgrade-port is_port "$vif" xenbr0 netbackd

# The frontend's package, an older one first, with the backend's at the other end.
GUEST_MEMORY=256 check guest-create guest_create db pv kernel mac=00:16:3e:01:02:05,bridge=xenbr0 || give_up "no second guest"
check guest-up guest db run 'netup_check 00:16:3e:01:02:05 1500 kernel 10.77.0.3/24'
check guest-packages guest db run 'unpack older frontend && netfrontd --version | grep "netfrontd 0.0.9"'
check guest-start guest_documented db guest
check guest-again guest db run 'netup_check 00:16:3e:01:02:05 1500 netfrontd 10.77.0.3/24'
check guest-driver guest db run 'ls /sys/class/net; [ -e "/sys/class/net/$(if_by_mac 00:16:3e:01:02:05)/tun_flags" ] && [ ! -e /sys/module/xen_netfront ]'
check guest-content transfer_to db 10.77.0.3 4
check guest-newer guest db run "unpack newer frontend && netfrontd --version | grep 'netfrontd $new' && systemctl restart netfrontd"
check guest-newer-up guest db run 'netup_check 00:16:3e:01:02:05 1500 netfrontd 10.77.0.3/24'
check guest-newer-content transfer_to db 10.77.0.3 4
check guest-destroy xl destroy db
check guest-gone xs_wait 30 /local/domain/0/backend/vif domain_gone db

# Back to the kernel's driver, under the guest, and removed.
at=$(mark)
check back documented back
check back-connected await_connected web
check back-port is_port "$vif" xenbr0 kernel
check back-lost lost_since "$at" 600
check remove documented remove
check removed removed
check tcp-to-guest stream_to_ends web
check tcp-from-guest stream_from_ends web
kill "$ping"
xl destroy web
# shellcheck disable=SC2086 # words
check purge dpkg -P $packages
check purged test ! -e /etc/default/netbackd

# As a new user does, before any guest runs.
check first-install documented install
check first documented first
check first-kept-out kept_out
check first-check documented check
GUEST_MEMORY=256 check first-create guest_create web pv kernel mac=00:16:3e:01:02:03,bridge=xenbr0
check first-up guest web run 'netup_check 00:16:3e:01:02:03 1500 kernel 10.77.0.2/24'
check first-list prints "^vif$(guest_id web).0 +web .* Connected " netpair list
xl destroy web
check back-empty documented back-empty
check back-empty-ended not_running
check last-remove documented remove
# shellcheck disable=SC2086 # words
check last-purge dpkg -P $packages
