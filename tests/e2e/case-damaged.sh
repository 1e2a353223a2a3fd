# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Files of the run directory hold anything when a daemon starts.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, FRONT, expect: lib.sh

# damage KIND FILE: makes a file what a daemon never leaves.
damage()
{
	# A directory with something in it would stay there.
	[ ! -d "$2.bad" ] || rm -r "$2.bad"
	case $1 in
	flip) perl -pi -e 'BEGIN { undef $/ } substr($_, length($_) / 3, 1) ^= "\x04"' "$2" && chmod 600 "$2" ;;
	short) truncate -s -7 "$2" ;;
	empty) : >"$2" ;;
	version) printf 'ifindex=3\nnetns=4\n' >"$2" ;;
	writable) chmod 666 "$2" ;;
	directory) rm "$2" && mkdir -p "$2/in" ;;
	fifo) rm "$2" && mkfifo "$2" ;;
	socket) rm "$2" && perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, sockaddr_un($ARGV[0])) or die $!' "$2" ;;
	link) mv "$2" "$2.elsewhere" && ln -s "$2.elsewhere" "$2" ;;
	esac
}

# said_once LOG LINES FILE: one line says so, and the file is aside.
said_once()
{
	local n

	n=$(tail -n "+$(($2 + 1))" "$1" | grep -c "saved state cannot be used, it is renamed file=$3.bad")
	echo "$n lines"
	[ "$n" = 1 ] && { [ -e "$3.bad" ] || [ -L "$3.bad" ]; }
}

# damaged_back KIND FILE: netbackd goes on with the device of that name, and the frontend notices nothing.
damaged_back()
{
	local n device

	device=$(ifindex)
	kill9 "$BACK"
	n=$(wc -l <"$L/back.log")
	damage "$1" "$L/run-back/$2" || return
	start_back && await_line "$L/back.log" 20 ': adopted vif=vif1.0' $((adoptions += 1)) && one_ping && state_untouched || return
	[ "$(ifindex)" = "$device" ] || { echo "another device"; return 1; }
	said_once "$L/back.log" "$n" "$L/run-back/$2" || return
	[ "$1$2" = "${1}guest-1.sock" ] || [ -f "$L/run-back/$2" ]
}

case_damaged_back()
{
	local kind adoptions=0

	expect='saved state cannot be used, it is renamed|left no usable tables|a saved table is damaged and not used'
	{ lab_pair && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	watch_state
	for kind in flip short empty version writable directory fifo socket link; do
		damaged_back $kind vif1.0 >"$TOP/damaged" 2>&1
		verdict "$CASE/device-$kind" $? "$(remark 0 "$(cat "$TOP/damaged")")"
	done
	for kind in short empty writable directory fifo socket link; do
		damaged_back $kind vif1.0.tables >"$TOP/damaged" 2>&1
		verdict "$CASE/tables-$kind" $? "$(remark 0 "$(cat "$TOP/damaged")")"
	done
	# The socket of a guest's data process, which --isolation=none does not have.
	if ! served_by_threads; then
		for kind in directory fifo link; do
			damaged_back $kind guest-1.sock >"$TOP/damaged" 2>&1
			verdict "$CASE/socket-$kind" $? "$(remark 0 "$(cat "$TOP/damaged")")"
		done
	fi
	check one-each test "$(find "$L/run-back" -maxdepth 1 -name '*.bad*' | wc -l)" = "$(served_by_threads && echo 2 || echo 3)"
}

# damaged_front KIND: netfrontd does not know its device any more, and connects with another one.
damaged_front()
{
	local n

	kill9 "$FRONT"
	n=$(wc -l <"$L/front.log")
	damage "$1" "$L/run-front/nic0" || return
	in1 ip link del eth0
	start_front && await_line "$L/front.log" 20 'netfrontd: info: connected nic=nic0' $((connects += 1)) && address 0 && one_ping || return
	said_once "$L/front.log" "$n" "$L/run-front/nic0" && [ -f "$L/run-front/nic0" ]
}

case_damaged_front()
{
	local kind connects=1

	expect='saved state cannot be used, it is renamed'
	{ lab_pair && attach 0 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")" || return
	for kind in flip short empty version writable directory fifo socket link; do
		damaged_front $kind >"$TOP/damaged" 2>&1
		verdict "$CASE/device-$kind" $? "$(remark 0 "$(cat "$TOP/damaged")")"
	done
	check one-each test "$(find "$L/run-front" -maxdepth 1 -name '*.bad*' | wc -l)" = 1
}
