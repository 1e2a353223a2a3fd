# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a data process has, as the kernel tells others.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK: lib.sh

# status_is PID KEY VALUE
status_is()
{
	local is

	is=$(sed -n "s/^$2:[ \t]*//p" "/proc/$1/status")
	echo "$2 is $is"
	[ "$is" = "$3" ]
}

uid_of() { awk '/^Uid:/ { print $2 }' "/proc/$1/status"; }
gid_of() { awk '/^Gid:/ { print $2 }' "/proc/$1/status"; }

# four PID Uid|Gid: real, effective, saved and file-system id are one, which is not 0.
four()
{
	awk -v key="$2:" '$1 == key { print; exit !($2 == $3 && $3 == $4 && $4 == $5 && $2 > 0) }' "/proc/$1/status"
}

# Descriptors by what they are.  Sets of spare handles are sockets on xensim.
descriptors_are()
{
	local fd to rest='' taps=0 memory=0 listener=0 control=0

	for fd in /proc/"$1"/fd/*; do
		to=$(readlink "$fd")
		case $to in
		/dev/null) ;;
		/dev/net/tun) taps=$((taps + 1)) ;;
		/memfd:*|*"(deleted)") memory=$((memory + 1)) ;;
		socket:*) [ "${fd##*/}" != 3 ] || control=1; [ "${fd##*/}" != 4 ] || listener=1 ;;
		anon_inode:\[eventfd\]|anon_inode:\[eventpoll\]|anon_inode:\[io_uring\]|anon_inode:\[timerfd\]) ;;
		anon_inode:bpf-map|"$L"/run-back/vif*.tables) ;;
		*) rest+=" ${fd##*/}:$to" ;;
		esac
	done
	echo "taps=$taps control=$control listener=$listener, others:${rest:- none}"
	[ -z "$rest" ] && [ "$taps" = 1 ] && [ "$control" = 1 ] && [ "$listener" = 1 ] && [ "$memory" -ge 1 ]
}

no_writable_code()
{
	local maps

	maps=$(cat "/proc/$1/maps") && [ -n "$maps" ] || { echo "no maps"; return 1; }
	! grep -E '^[^ ]+ .w.?x|^[^ ]+ .wx' <<<"$maps"
}

# /proc/PID of a process that is not dumpable is root's.
not_dumpable()
{
	local owner

	owner=$(stat -c %u:%g "/proc/$1/maps")
	echo "/proc/PID/maps is $owner's"
	[ "$owner" = 0:0 ] && [ "$(uid_of "$1")" != 0 ]
}

# limit_is PID NAME VALUE: the hard limit, and the soft one.
limit_is()
{
	local is

	is=$(sed -n "s/^$2  *//p" "/proc/$1/limits")
	echo "$2: $is"
	[[ $is =~ ^$3\ +$3\  ]]
}

# only_needed_libraries PID: what control alone uses is not loaded: its relocations would be private memory
# of each guest.
only_needed_libraries()
{
	local maps

	maps=$(cat "/proc/$1/maps") && grep -q '/libc\.so' <<<"$maps" || { echo "no maps"; return 1; }
	! grep -oE '/lib(systemd|gcrypt|zstd|lzma|lz4)\.so[^ ]*' <<<"$maps" | sort -u | grep .
}

# private_kib PID / private_most PID KIB
private_kib() { awk '/^Private_/ { n += $2 } END { print n }' "/proc/$1/smaps_rollup"; }
private_most() { [ "$(private_kib "$1")" -le "$2" ]; }

# What traffic needed goes back when there is none: a guest's process is as small again as before it.
gives_memory_back()
{
	local p=$1 before after

	before=$(private_kib "$p")
	transfer_from 10.79.0.1 64 && transfer_to 10.79.0.2 64 || return
	after=$(private_kib "$p")
	await 30 private_most "$p" $((before + 40)) || { echo "$before KiB before, $after after, $(private_kib "$p") at last"; return 1; }
	echo "$before KiB before, $after after traffic, $(private_kib "$p") at last"
	one_ping
}

no_children() { [ -z "$(pgrep -P "$1")" ]; }

case_outside()
{
	local g p

	two_guests || return
	for g in 1 2; do
		p=$(data_of $g)
		check "one-$g" test "$(wc -w <<<"$p")" = 1 || return
		for set in CapInh CapPrm CapEff CapBnd CapAmb; do
			# The bounding set gives nothing to a process that can never have more than it has.
			[ $set = CapBnd ] || check "$set-$g" status_is "$p" $set 0000000000000000
		done
		check "seccomp-$g" status_is "$p" Seccomp 2
		check "no-new-privs-$g" status_is "$p" NoNewPrivs 1
		check "groups-$g" status_is "$p" Groups ''
		check "uid-$g" four "$p" Uid
		check "gid-$g" four "$p" Gid
		check "unlike-control-$g" test "$(uid_of "$p")" != "$(uid_of "$BACK")"
		check "descriptors-$g" descriptors_are "$p"
		check "no-writable-code-$g" no_writable_code "$p"
		check "libraries-$g" only_needed_libraries "$p"
		check "not-dumpable-$g" not_dumpable "$p"
		check "no-core-$g" limit_is "$p" 'Max core file size' 0
		check "no-children-$g" no_children "$p"
	done
	check uids-differ test "$(uid_of "$(data_of 1)")" != "$(uid_of "$(data_of 2)")"
	check gids-differ test "$(gid_of "$(data_of 1)")" != "$(gid_of "$(data_of 2)")"
	check gives-memory-back gives_memory_back "$(data_of 1)"
	# Control has no guest's page and no channel: on xensim no socket of the library, on Xen no device.
	check control-without-devices control_without_devices
}

control_without_devices()
{
	! find "/proc/$BACK/fd" -mindepth 1 -printf '%l\n' | grep -E 'gntdev|evtchn' &&
		! grep -E 'xengnttab|xenevtchn|gntdev' "/proc/$BACK/maps" | grep -E ' [^ ]*s ' 
}
