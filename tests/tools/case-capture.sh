# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# netpair capture: what is in the file as tshark reads it, and what becomes of a capture whose end is not its own.
# shellcheck disable=SC2154,SC2153,SC2034 # L, BACK, BIN, expect: lib.sh

# cap_begins CHECK NAME [-f] WORD...: captures to $L/NAME.pcapng in the background, and checks that it has begun.
cap_begins()
{
	local check=$1 name=$2 run=$L/run-back front=''

	shift 2
	[ "$1" != -f ] || { front=-f run=$L/run-front; shift; }
	CAP_ERR=$L/$name.err
	# Its status goes behind its lines, as the shell of a check cannot wait for it.
	(
		"$BIN/netpair" $front --run-dir="$run" capture -w "$L/$name.pcapng" "$@" &
		trap 'kill -KILL $!' TERM
		echo $! >"$L/cap.pid"
		wait $!
		echo "status $?" >&2
	) >/dev/null 2>"$CAP_ERR" &
	helper $!
	await 10 test -s "$L/cap.pid"
	CAP=$(cat "$L/cap.pid")
	rm "$L/cap.pid"
	await_line "$CAP_ERR" 20 '^capturing ' >"$TOP/out"
	verdict "$CASE/$check" $? "$(cat "$TOP/out")"
}

# cap_ends STATUS PATTERN: the capture has ended with that status, and said so.
cap_ends()
{
	local rc

	await_line "$CAP_ERR" 20 '^status ' >/dev/null || { echo "it goes on"; return 1; }
	rc=$(sed -n 's/^status //p' "$CAP_ERR")
	cat "$CAP_ERR"
	[ "$rc" = "$1" ] || { echo "status $rc"; return 1; }
	[ "$(wc -l <"$CAP_ERR")" -le 3 ] && grep -qE -- "$2" "$CAP_ERR"
}

gone_or_zombie() { gone "$1" || grep -q '^State:.*Z' "/proc/$1/status"; }

# cap_stop: ends the capture in order, once what it has to have is there.
cap_stop()
{
	kill -TERM "$CAP"
	cap_ends 0 'frames written, 0 lost'
}

# shark NAME [FILTER] FIELD...: a line for each frame that the display filter has.
shark()
{
	local name=$1 filter=$2 f fields=()

	shift 2
	for f; do
		fields+=(-e "$f")
	done
	tshark -r "$L/$name.pcapng" ${filter:+-Y "$filter"} -T fields -E separator='|' "${fields[@]}" 2>/dev/null
}

# shark_has N PATTERN NAME FILTER FIELD...: so many lines match.
shark_has()
{
	local n=$1 pattern=$2 out

	shift 2
	out=$(shark "$@")
	[ "$(grep -cE -- "$pattern" <<<"$out")" = "$n" ] || { echo "$out"; return 1; }
}

case_capture()
{
	one_vif || return
	case_capture_file
	case_capture_drops
	case_capture_large
	case_capture_front
	case_capture_words
	case_capture_log
}

case_capture_file()
{
	local since

	since=$(date +%s)
	cap_begins begins all vif1.0
	check pings in0 ping -c 3 -i 0.01 -W 10 -s 600 -p c0ffee 10.79.0.2
	check ends cap_stop
	check mode test "$(stat -c %a "$L/all.pcapng")" = 600
	check both-ways shark_has 6 . all icmp frame.len
	check requests shark_has 3 '^642\|vif1.0\|0x00000002\|delivered to-guest, queue 0, 1 slots' all 'icmp.type == 8' \
		frame.len frame.interface_name frame.packet_flags_direction frame.comment
	check replies shark_has 3 '\|0x00000001\|delivered from-guest, queue 0' all 'icmp.type == 0' frame.len frame.packet_flags_direction frame.comment
	check bytes shark_has 6 '^[0-9a-f]{16,32}(c0ffee){190}' all icmp data.data
	check checksums shark_has 6 '^1$' all 'icmp' icmp.checksum.status
	check times times_are_now "$since"
	check statistics says 0 'Number of packets: +[1-9]' capinfos_of all
	cap_begins filter-begins icmp -c 4 -s 60 icmp and 'icmp[0]' = 8 vif1.0
	check filter-pings in0 ping -c 5 -i 0.01 -W 10 -s 1000 10.79.0.2
	check filter-count cap_ends 0 '^4 frames written'
	check filter-only shark_has 4 '^8\|60\|1042$' icmp '' icmp.type frame.cap_len frame.len
	cap_begins one-way-begins way --from-guest icmp guest
	check one-way-pings in0 ping -c 3 -i 0.01 -W 10 10.79.0.2
	check one-way-ends cap_stop
	check one-way-only shark_has 3 '^0$' way '' icmp.type
	check stdout says 0 '^0\|delivered from-guest' to_shark
}

# The clock of the file is that of the host: from the beginning of the case, $1, until now.
times_are_now()
{
	local now t

	now=$(date +%s)
	t=$(shark all icmp frame.time_epoch | head -n 1)
	echo "$t, from $1 to $now"
	[ "${t%.*}" -ge $(($1 - 2)) ] && [ "${t%.*}" -le $((now + 2)) ]
}

capinfos_of() { capinfos "$L/$1.pcapng" 2>/dev/null || tshark -r "$L/$1.pcapng" -q -z io,stat,0 2>/dev/null | sed -n 's/^| *0.000.*| *\([0-9]*\) |.*/Number of packets: \1/p;s/^|.*<> .*| *\([0-9]*\) |.*/Number of packets: \1/p'; }

# As a person does: into tshark, which ends first.
to_shark()
{
	in0 ping -i 0.05 -w 20 10.79.0.2 >/dev/null 2>&1 &
	helper $!
	timeout 20 "$BIN/netpair" --run-dir="$L/run-back" capture -w - --from-guest icmp vif1.0 2>/dev/null |
		timeout 20 tshark -l -r - -c 3 -T fields -E separator='|' -e icmp.type -e frame.comment 2>/dev/null
}

case_capture_drops()
{
	cap_begins dropped-begins dropped --dropped vif1.0
	check dropped-provoked drop_three
	xenstore-write "$(fe 1 0)/request-multicast-control" 1
	check dropped-filter await 10 says 0 'multicast filter +on' np show vif1.0
	in0 ping -c 2 -i 0.01 -W 0.1 -I vif1.0 239.1.2.3 >/dev/null 2>&1
	check dropped-counted await 10 says 0 'mcast +[1-9]' np drops vif1.0
	xenstore-write "$(fe 1 0)/request-multicast-control" 0
	check dropped-unfiltered await 10 says 0 'multicast filter +off' np show vif1.0
	check dropped-ends cap_stop
	check dropped-without-bytes shark_has 3 '^0\|dropped to-guest, queue 0, reason bounds: A slot leaves its page' dropped 'frame.cap_len == 0' frame.cap_len frame.comment
	check dropped-with-bytes shark_has 2 'reason mcast: From the guest: a change' dropped 'ip.dst == 239.1.2.3' frame.comment
	check dropped-only shark_has 0 delivered dropped '' frame.comment
}

case_capture_large()
{
	cap_begins large-begins large --from-guest tcp vif1.0
	check large-sent in1 "$TOP/frames" large eth0 1448 2
	check large-there await 10 grown large
	check large-ends cap_stop
	check large-whole shark_has 2 '^65535\|65535\|.*segments of 1448 bytes' large '' frame.len frame.cap_len frame.comment
}

# A capture writes what it has once it finds no more; the heads alone have less.
grown() { [ "$(stat -c %s "$L/$1.pcapng")" -gt 60000 ]; }

case_capture_front()
{
	cap_begins front-begins front -f nic0
	check front-pings in0 ping -c 3 -i 0.01 -W 10 -s 600 -p c0ffee 10.79.0.2
	in1 ip link set eth0 mtu 65521
	check front-dropped in1 "$TOP/frames" long eth0 65536
	check front-pings-again one_ping
	check front-ends cap_stop
	check front-requests shark_has 3 '^642\|nic0\|0x00000001\|delivered to-guest, queue 0, 1 slots' front 'icmp.type == 8 && frame.len == 642' \
		frame.len frame.interface_name frame.packet_flags_direction frame.comment
	check front-replies shark_has 3 '\|0x00000002\|delivered from-guest' front 'icmp.type == 0 && frame.len == 642' frame.len frame.packet_flags_direction frame.comment
	check front-bytes shark_has 6 '^[0-9a-f]{16,32}(c0ffee){190}' front 'icmp && frame.len == 642' data.data
	check front-drop shark_has 1 'dropped from-guest.*reason bounds' front '' frame.comment
}

case_capture_words()
{
	check no-vif one_line_says 1 'there is no VIF vif9.9' np capture -w "$L/no" vif9.9
	check no-file-made test ! -e "$L/no"
	check bad-filter one_line_says 2 'the filter "icmp or" does not parse' np capture -w "$L/no" icmp or vif1.0
	check no-w one_line_says 2 'w FILE says where' np capture vif1.0
	check no-words one_line_says 2 'usage: netpair capture' np capture -w "$L/no"
	check no-path one_line_says 1 'cannot write /none/file: ' np capture -w /none/file vif1.0
	check no-count one_line_says 2 'not a number from 1' np capture -w "$L/no" -c 0 vif1.0
	check no-right one_line_says 1 'only root may ask' setpriv --reuid=65534 --clear-groups "$BIN/netpair" --run-dir="$L/run-back" capture -w "$L/no" vif1.0
	check no-daemon one_line_says 3 'no netbackd runs' "$BIN/netpair" --run-dir="$L" capture -w "$L/no" vif1.0
	check request-words says 0 'capture takes' "$TOP/clients" line "$L/run-back/netbackd.sock" "capture vif1.0 up all 9"
	check request-bytes says 0 'capture takes' "$TOP/clients" line "$L/run-back/netbackd.sock" "capture vif1.0 both all 65537"
	check request-few says 0 'takes 4 to 4 words' "$TOP/clients" line "$L/run-back/netbackd.sock" "capture vif1.0"
}

case_capture_log()
{
	check log-begin grep -qE "a capture begins vif=vif1.0 uid=0 pid=[0-9]+" "$L/back.log"
	check log-end grep -qE "a capture ends vif=vif1.0 uid=0 pid=[0-9]+" "$L/back.log"
	check log-front grep -qE "a capture begins vif=nic0 uid=0 pid=$CAP" "$L/front.log"
}

# What ends a capture that its user did not end; the VIF notices nothing.
case_capend()
{
	local tool n

	one_vif || return
	check document valid "$TOP/clients" line "$L/run-back/netbackd.sock" "capture vif1.0 both all 100"
	check document-capture grep -q '"workers":1' "$TOP/doc"
	check document-ended await_line "$L/back.log" 10 'a capture ends vif=vif1.0'
	cap_begins second-begins one vif1.0
	check second one_line_says 1 "captured already, or its latency measured, by process $CAP" np capture -w "$L/two.pcapng" vif1.0
	# Nobody reads: the ring is full, and frames are lost and counted.
	kill -STOP "$CAP"
	check unread-flood in0 ping -f -c 3000 -w 30 -s 8000 10.79.0.2
	check unread-ping one_ping
	kill -CONT "$CAP"
	kill -TERM "$CAP"
	check unread-lost cap_ends 0 'frames written, [1-9][0-9]* lost'
	check unread-statistics shark_has 1 . one 'frame.number == 1' frame.len
	# Killed: nobody ends it in order.
	cap_begins killed-begins killed vif1.0
	n=$(grep -c 'a capture ends' "$L/back.log")
	kill -KILL "$CAP"
	check killed-noticed await_line "$L/back.log" 10 'a capture ends vif=vif1.0' $((n + 1))
	check killed-ping one_ping
	cap_begins again-begins again vif1.0
	check again-ping one_ping
	check again-ends cap_stop
	case_capend_output
	case_capend_lives
}

case_capend_output()
{
	# A disk that is full: a line, and what is there can be read.
	mkdir "$L/small" && mount -t tmpfs -o size=256k none "$L/small"
	ln -s "$L/small/full.pcapng" "$L/full.pcapng"
	cap_begins full-begins full vif1.0
	check full-flood in0 ping -f -c 300 -w 30 -s 8000 10.79.0.2
	check full-told cap_ends 1 'cannot write .*full.pcapng: the file system is full'
	check full-readable says 0 '^[1-9]' whole_frames full
	umount "$L/small"
	# A pipe whose reader ends, without a frame and with frames.
	closed_pipe >"$TOP/out"
	verdict "$CASE/pipe-idle" $? "$(cat "$TOP/out")"
	check full-ping one_ping
}

whole_frames() { tshark -r "$L/$1.pcapng" -T fields -e frame.number 2>"$L/shark.err" | tail -n 1; ! grep -i 'cut short' "$L/shark.err"; }

# The reader of the pipe ends, and no frame comes that would tell.
closed_pipe()
{
	local fd rc

	mkfifo "$L/pipe"
	"$BIN/netpair" --run-dir="$L/run-back" capture -w - arp vif1.0 >"$L/pipe" 2>"$L/pipe.err" &
	CAP=$!
	helper "$CAP"
	exec {fd}<"$L/pipe"
	await_line "$L/pipe.err" 20 '^capturing'
	exec {fd}<&-
	await 10 gone_or_zombie "$CAP" || { echo "it goes on"; return 1; }
	wait "$CAP"
	rc=$?
	echo "status $rc, $(cat "$L/pipe.err")"
	[ "$rc" = 1 ] && [ "$(wc -l <"$L/pipe.err")" = 1 ]
}

case_capend_lives()
{
	local n

	expect='the data process of a guest ended'
	cap_begins process-begins process vif1.0
	n=$(grep -c ': adopted vif=vif1.0' "$L/back.log")
	kill -KILL "$(data_of 1)"
	check process-killed cap_ends 1 'netpair: the connection of vif1.0 ended, and the capture with it'
	check process-readable says 0 '' whole_frames process
	check process-adopted await_line "$L/back.log" 10 ': adopted vif=vif1.0' $((n + 1))
	cap_begins control-begins control vif1.0
	check control-ping one_ping
	crash "$BACK"
	check control-killed cap_ends 3 'netpair: netbackd ended, and the capture with it: [1-9]'
	start_back >"$TOP/out" 2>&1
	check control-adopted await_line "$L/back.log" 10 ': adopted vif=vif1.0' $((n + 2))
	cap_begins control-again control2 vif1.0
	check control-again-ping one_ping
	check control-again-ends cap_stop
	cap_begins front-begins front vif1.0
	restart_front >"$TOP/out" 2>&1
	check front-restarted cap_ends 1 'the connection of vif1.0 ended'
	check front-connected connected 1 0
	cap_begins term-begins term vif1.0
	check term-stop stop_daemon netbackd "$BACK"
	check term-ended cap_ends 3 'netbackd ended'
	start_back >"$TOP/out" 2>&1
	check files await 10 no_capture_files
}

# Neither memory nor a descriptor of a capture is left.
no_capture_files() { ! grep -l netpair-capture "/proc/$BACK/maps" "/proc/$(data_of 1)/maps" && ! find "/proc/$BACK/fd" "/proc/$(data_of 1)/fd" -lname '*netpair-capture*' | grep .; }

# Workers in threads, and several of them.
case_capmany()
{
	ISOLATION=none
	{ lab_start && start_back --max-queues=4 --workers=2 && start_front --queues=2 --no-static-grants --no-event-mask && attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
	check queues await 10 says 0 'process +netbackd.s own .isolation none., 2 workers' np show vif1.0
	cap_begins begins queues udp vif1.0
	check flows many_flows
	# Datagrams have no answer that says when they are there.
	check flows-there await 20 shark_has 64 from-guest queues udp frame.comment
	check ends cap_stop
	check each-queue-from-guest shark_has 64 'from-guest, queue [01]' queues udp frame.comment
	check several-queues says 0 '^2$' queues_seen
	cap_begins again-begins again icmp vif1.0
	check again-ping in0 ping -c 3 -i 0.01 -W 10 10.79.0.2
	check again-ends cap_stop
	check again-all shark_has 6 . again 'icmp.type == 8 || icmp.type == 0' frame.len
	check files await 10 no_capture_in "$BACK"
	ISOLATION=process
}

no_capture_in() { ! grep netpair-capture "/proc/$1/maps" && ! find "/proc/$1/fd" -lname '*netpair-capture*' | grep .; }
queues_seen() { shark queues udp frame.comment | grep -oE 'queue [01]' | sort -u | wc -l; }

# A datagram of each of 64 flows, from the guest, to a port that nobody listens at; answers are ICMP.
many_flows()
{
	in1 python3 - <<-'END'
		import socket
		for port in range(64):
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.sendto(b'flow %d' % port, ('10.79.0.1', 7000 + port))
	END
}
