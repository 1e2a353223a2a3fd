# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# lib.sh - what vif-add, vif-remove and vif-show share: domains, key paths, waiting, scripts
#
# The caller sets nothing; vif_paths() sets guest, devid, backend and the three
# directories of a VIF: fe (the guest's), be (the backend's), xl (libxl's copy).

# shellcheck disable=SC2034 # used by the scripts that source this file

SCRIPT_DIR=/etc/xen/scripts
WAIT_SECONDS=10		# libxl's time for a backend to move
SCRIPT_SECONDS=40	# and for a hotplug script to end

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

bad_usage()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 2
}

# Checks once, up front, what every later step stands on. Sets own.
check_store()
{
	for tool in read write exists list chmod rm watch ls; do
		command -v "xenstore-$tool" >/dev/null ||
			die "xenstore-$tool is missing; it is in Debian's package xenstore-utils"
	done
	own=$(xenstore-read domid 2>/dev/null) ||
		die "cannot read xenstore: this must be a Xen domain whose xenstored runs, and root"
}

get()
{
	xenstore-read "$1" 2>/dev/null
}

exists()
{
	xenstore-exists "$1" 2>/dev/null
}

# A decimal number without leading zeros, of at most $2 digits.
is_number()
{
	case $1 in
	'' | *[!0-9]* | 0?*) return 1 ;;
	esac
	[ ${#1} -le "$2" ]
}

is_domid()
{
	is_number "$1" 5 && [ "$1" -lt 32752 ]
}

# Prints the domid of a domain given by number or name. In $( ): || exit.
domain_id()
{
	if is_domid "$1"; then
		exists "/local/domain/$1" || die "there is no domain $1"
		echo "$1"
		return
	fi
	for id in $(xenstore-list /local/domain 2>/dev/null); do
		if [ "$(get "/local/domain/$id/name")" = "$1" ]; then
			echo "$id"
			return
		fi
	done
	die "there is no domain called \"$1\""
}

# vif_paths GUEST DEVID BACKEND, three numbers
vif_paths()
{
	guest=$1
	devid=$2
	backend=$3
	fe=/local/domain/$guest/device/vif/$devid
	be=/local/domain/$backend/backend/vif/$guest/$devid
	xl=/libxl/$guest/device/vif/$devid
}

state_name()
{
	case $1 in
	1) echo Initialising ;;
	2) echo InitWait ;;
	3) echo Initialised ;;
	4) echo Connected ;;
	5) echo Closing ;;
	6) echo Closed ;;
	7) echo Reconfiguring ;;
	8) echo Reconfigured ;;
	'' | gone) echo gone ;;
	*) echo Unknown ;;
	esac
}

# watch_state "STATE..." SECONDS: until the backend's state is one of those (or
# "gone"). A watch fires once when it is set, so no change is missed. It has to
# be ended by hand, as it would notice the closed pipe at its next event only.
watch_state()
{
	# shellcheck disable=SC2016 # for the inner shell
	(sh -c 'echo $$; exec timeout "$1" xenstore-watch "$2"' sh "$2" "$be/state" || :) 2>/dev/null | {
		read -r watcher
		trap 'kill "$watcher" 2>/dev/null; exit 1' INT TERM
		result=1
		while read -r _; do
			now=$(get "$be/state") || now=gone
			case " $1 " in
			*" $now "*)
				result=0
				break
				;;
			esac
		done
		kill "$watcher" 2>/dev/null
		exit $result
	}
}

# The same, in the background: a shell that waits so hears its signals at once.
wait_state()
{
	watch_state "$@" &
	waiter=$!
	wait "$waiter"
}

# For scripts that are told one.
stop_waiting()
{
	[ -z "${waiter:-}" ] || kill "$waiter" 2>/dev/null
}

# hotplug SCRIPT online|offline: as libxl runs it, with libxl's environment.
hotplug()
(
	script=$1
	vif=vif$guest.$devid
	netdev=$(get "$be/gatewaydev") && export netdev
	export script vif XENBUS_TYPE=vif XENBUS_BASE_PATH=backend
	export XENBUS_PATH="backend/vif/$guest/$devid"
	exec timeout "$SCRIPT_SECONDS" "$script" "$2" type_if=vif </dev/null
)

# Asks the backend to let go, and waits: as libxl does, up to state 6.
close_backend()
{
	exists "$be/state" || return 0
	xenstore-write "$be/online" 0 "$be/state" 5 || return 1
	wait_state "6 gone" "$1"
}

# prune DIR LIMIT: removes DIR and the directories above it that are empty then,
# below LIMIT. Not xenstore-rm -t, which knows no limit and no transaction.
prune()
(
	dir=$1
	if exists "$dir"; then
		xenstore-rm "$dir" 2>/dev/null || return 1
	fi
	while dir=${dir%/*} && [ "${dir#"$2"/}" != "$dir" ] && [ -z "$(xenstore-list "$dir" 2>/dev/null)" ]; do
		! exists "$dir" || xenstore-rm "$dir" 2>/dev/null
	done
	return 0
)

# Removes all keys of the VIF.
remove_keys()
{
	failed=
	prune "$fe" "/local/domain/$guest/device" || failed=$fe
	prune "$be" "/local/domain/$backend/backend" || failed=$be
	prune "$xl" "/libxl/$guest" || failed=$xl
	[ -z "$failed" ] || die "cannot remove $failed from xenstore"
}

# Whoever adds or removes a VIF does so alone; waits for the other.
lock_vifs()
{
	command -v flock >/dev/null || return 0
	dir=${NETPAIR_LOCK_DIR:-/run/lock}
	[ -w "$dir" ] || dir=${TMPDIR:-/tmp}
	exec 9>"$dir/netpair-vif.lock" || die "cannot write $dir/netpair-vif.lock"
	flock -w 60 9 || die "another vif-add holds $dir/netpair-vif.lock"
}

unlock_vifs()
{
	exec 9>&-
}
