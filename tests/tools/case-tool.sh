# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The commands of netpair: what they print as text and as documents, and what wrong words get.
# shellcheck disable=SC2154,SC2153,SC2034 # ns0, ns1, BACK, FRONT, L, expect: lib.sh

# np WORD...: netpair at netbackd's socket; npf: at netfrontd's.
np() { "$BIN/netpair" --run-dir="$L/run-back" "$@"; }
npf() { "$BIN/netpair" --run-dir="$L/run-front" -f "$@"; }

# says STATUS PATTERN COMMAND...: the command ends with that status, and a line that it prints matches.
says()
{
	local status=$1 pattern=$2 out rc

	shift 2
	out=$("$@" 2>&1)
	rc=$?
	echo "$out"
	[ "$rc" = "$status" ] || { echo "status $rc"; return 1; }
	grep -qE -- "$pattern" <<<"$out"
}

# one_line_says STATUS PATTERN COMMAND...: and it prints one line, on stderr.
one_line_says()
{
	local out

	out=$("${@:3}" 2>/dev/null)
	[ -z "$out" ] || { echo "printed on stdout: $out"; return 1; }
	out=$(says "$@") || { echo "$out"; return 1; }
	echo "$out"
	[ "$(wc -l <<<"$out")" = 1 ]
}

# valid COMMAND...: its document is one of the schema.
valid()
{
	"$@" >"$TOP/doc" || return
	/usr/bin/jsonschema -i "$TOP/doc" "$root/docs/control-socket.schema.json"
}

# fits COMMAND...: no line has more than 80 columns.
fits()
{
	local out

	out=$("$@") || return
	! grep -E '^.{81}' <<<"$out"
}

one_vif()
{
	{ lab_pair && attach 0 mac=00:16:3e:00:00:01 && one_ping; } >"$TOP/out" 2>&1
	verdict "$CASE/connected" $? "$(cat "$TOP/out")"
}

drop_three() { in0 ip link set vif1.0 mtu 65521 && in0 "$TOP/frames" long vif1.0 65536 65537 65539 && one_ping; }

case_look()
{
	local c

	one_vif || return
	check list says 0 '^vif1.0 +guest +vif1.0 +Connected +(mask|split) +[1-9]' np list
	check list-frontend says 0 '^nic0 +- +eth0 +Connected +(mask|split) +[1-9]' npf list
	check show-guest says 0 'guest +guest, domain 1' np show vif1.0
	check show-mac says 0 'mac +00:16:3e:00:00:01' np show vif1.0
	check show-process says 0 "process +$(data_of 1), 1 workers" np show vif1.0
	check show-seccomp says 0 'Seccomp 2' np show vif1.0
	check show-features says 0 'agreed +.*sg' np show vif1.0
	check show-rings says 0 'gtx 0 +req_prod [1-9][0-9]*, rsp_prod [1-9]' np show vif1.0
	check show-rings-frontend says 0 'grx 0 +req_prod [1-9][0-9]*, rsp_prod [1-9]' npf show nic0
	check show-mask says 0 'event mask +0' np show vif1.0
	check show-worker await 10 says 0 'worker +0 sleeps, slept [1-9]' np show vif1.0
	check show-frontend says 0 'state +Connected .the other end: Connected' npf show nic0
	check stats says 0 'gtx_packets +[1-9]' np stats vif1.0
	check stats-zero says 0 'peer_faults +0' np stats
	check stats-nonzero says 1 '' sh -c "$(printf '%q ' "$BIN/netpair" --run-dir="$L/run-back") stats --nonzero | grep -q ' 0\$'"
	check stats-frontend says 0 'grx_packets +[1-9]' npf stats nic0
	for c in list show stats drops; do
		check "$c-document" valid np -j "$c"
		check "$c-document-of-one" valid np --json "$c" vif1.0
		check "$c-document-frontend" valid npf -j "$c"
		check "$c-fits" fits np "$c"
		check "$c-fits-frontend" fits npf "$c"
	done
	check help says 0 'usage: netpair .*COMMAND' np --help
	check help-of-command says 0 '--nonzero' np stats --help
	check version says 0 '^netpair [0-9]' np -V
	check alias says 0 'alias guest' in0 ip link show vif1.0
	in0 ip link set vif1.0 down
	in0 ip link set vif1.0 name lan7
	check renamed await 5 says 0 '^vif1.0 +guest +lan7 ' np list
}

case_select()
{
	one_vif && attach 1 || return
	guest_new twin && guest_new twin2 >/dev/null
	x attach-vif 0 twin 0 >"$TOP/out" 2>&1
	check by-name says 0 '^vif1.1' np list vif1.1
	check one-only says 1 '' sh -c "$(printf '%q ' "$BIN/netpair" --run-dir="$L/run-back" list vif1.1) | grep -q vif1.0"
	check by-guest says 0 '^vif1.0 +guest' np list guest
	check by-guest-both says 0 '^vif1.1 +guest' np list guest
	check by-domid says 0 '^vif1.0 ' np list 1
	check waiting says 0 '^vif2.0 +twin .* InitWait ' np list
	check no-vif one_line_says 1 'there is no VIF vif9.9' np show vif9.9
	check no-guest one_line_says 1 'no guest with one, that is called nobody' np list nobody
	check no-domid one_line_says 1 'that is called 77' np stats 77
	# Names are not unique: xl rename does not look.
	xenstore-write /local/domain/3/name guest
	x attach-vif 0 twin2 0 >"$TOP/out" 2>&1
	check second-there await 5 says 0 '^vif3.0 +guest' np list
	check two-guests one_line_says 1 'several guests are called guest; their domain ids' np show guest
	check told-apart says 0 '^vif3.0' np list 3
}

# On xensim the libraries stand in for the devices, which are not there; the lab has all of it.
case_check()
{
	{ lab_start && start_back; } >"$TOP/out" 2>&1 || { verdict "$CASE/start" 1 "$(cat "$TOP/out")"; return; }
	check daemon says 1 'ok +netbackd: its control socket is there' np check
	check store says 1 'ok +xenstored: answers; this is domain 0' x exec 0 -- "$BIN/netpair" check
	check missing says 1 'missing +/dev/xen/gntdev: No such file' np check
	check cure says 1 'modprobe xen-gntdev' np check
	check frontend says 1 'missing +/dev/xen/gntalloc' npf check
	check tun says 1 'ok +/dev/net/tun: can be opened' np check
	check no-xen says 1 'ok +Xen: - .only dom0 may ask' np check
	check document says 1 '"result": "missing"' np -j check
	check words one_line_says 2 'check takes no words' np check all
	check fits-check says 0 '' sh -c "! $(printf '%q ' "$BIN/netpair" check) | grep -E '^.{81}'"
}

case_change()
{
	one_vif || return
	check level-debug np log-level debug
	check level-logged await_line "$L/back.log" 5 'log level is now debug'
	check level-in-data np set vif1.0 rate=10MB/s
	check rate-key test "$(xenstore-read "$(be 1 0)/rate")" = 500000,50000
	check rate-logged await_line "$L/back.log" 5 'rate vif=vif1.0 bytes=500000 usecs=50000'
	check rate-shown says 0 'rate +500000,50000 from guest' np show vif1.0
	check rate-interval np set vif1.0 rate=800Kb/s@20ms
	check rate-interval-key test "$(xenstore-read "$(be 1 0)/rate")" = 2000,20000
	check rate-own-form np set vif1.0 rate=7000,1000
	check rate-own-key test "$(xenstore-read "$(be 1 0)/rate")" = 7000,1000
	check rate-none np set vif1.0 rate=none
	check rate-none-shown says 0 'rate +no limit' np show vif1.0
	check rate-no-key says 1 '' xenstore-read "$(be 1 0)/rate"
	check level-back np log-level info
	check rate-wrong one_line_says 2 'is not like 10MB/s' np set vif1.0 rate=fast
	check rate-huge one_line_says 2 'is not like 10MB/s' np set vif1.0 rate=9999999999GB/s
	check rate-zero one_line_says 1 'is not BYTES,USECS' np set vif1.0 rate=0,50000
	check rate-no-vif one_line_says 1 'there is no VIF vif4.0' np set vif4.0 rate=1MB/s
	check rate-frontend one_line_says 1 'a rate is set at the backend' npf set nic0 rate=1MB/s
	check set-what one_line_says 1 'cannot be set' np set vif1.0 speed=3
	check level-wrong one_line_says 1 'not one of error, warn, info, debug' np log-level loud
	check drain np drain
	check drained exit_zero "$BACK"
	BACK=''
	check frontend-level npf log-level debug
	expect='log level is now|the backend is not there|no backend'
	check frontend-drain npf drain
	check frontend-drained exit_zero "$FRONT"
	FRONT=''
}

exit_zero() { await 10 gone "$1" || grep -q '^State:.*Z' "/proc/$1/status"; }

# In Debian's package; it is not installed, as that would start a server.
promtool()
{
	local dir=$root/build/promtool

	if [ ! -x "$dir/usr/bin/promtool" ]; then
		mkdir -p "$dir" && (cd "$dir" && apt-get -qq download prometheus && dpkg -x prometheus_*.deb . && rm -f prometheus_*.deb) >&2 || return
	fi
	"$dir/usr/bin/promtool" "$@"
}

case_metrics()
{
	one_vif || return
	check drops drop_three
	np stats --prometheus >"$L/metrics"
	verdict "$CASE/printed" $? ''
	check packets grep -qE '^netpair_vif_packets_total\{vif="vif1.0",queue="0",direction="from_guest"\} [1-9]' "$L/metrics"
	check drop grep -qE '^netpair_vif_drops_total\{vif="vif1.0",queue="0",direction="to_guest",reason="bounds"\} 3$' "$L/metrics"
	check info grep -qE '^netpair_vif_info\{vif="vif1.0",domid="1",device="vif1.0",guest="guest",mac="00:16:3e:00:00:01",channels="(mask|split)"\} 1$' "$L/metrics"
	check connected-one grep -qx 'netpair_vif_connected{vif="vif1.0"} 1' "$L/metrics"
	check frontend says 0 'netpair_vif_packets_total.vif="nic0",queue="0",direction="to_guest". [1-9]' npf stats --prometheus
	if promtool --version >/dev/null 2>&1; then
		promtool check metrics <"$L/metrics" >"$TOP/out" 2>&1
		verdict "$CASE/promtool" $? "$(cat "$TOP/out")"
	else
		skip promtool "Debian's package prometheus cannot be fetched"
	fi
	check dashboard dashboard_is_known
	check timer-unit metrics_unit
	# A guest may be called anything.
	xenstore-write /local/domain/1/name 'we"i\\rd'
	restart_back KILL >"$TOP/out" 2>&1
	check odd-name says 0 'guest="we."i..rd"' np stats --prometheus
	check odd-name-document valid np -j list
}

# Each metric that the dashboard shows is one that is printed.
dashboard_is_known()
{
	local m n=0

	for m in $(jq -r '.. | .expr? // empty' "$root/docs/grafana-dashboard.json" | grep -oE 'netpair_[a-z_]+' | sort -u); do
		grep -q "^# TYPE $m " "$L/metrics" || { echo "no metric $m"; return 1; }
		n=$((n + 1))
	done
	[ "$n" -gt 5 ]
}

# What the unit runs, with the paths of this lab.
metrics_unit()
{
	local command

	command=$(sed -n "s/^ExecStart=.bin.sh -c '\(.*\)'$/\1/p" "$root/tools/systemd/netpair-metrics.service")
	command=${command//\/usr\/local\/sbin\/netpair/$BIN/netpair --run-dir=$L/run-back}
	mkdir "$L/collector" && (cd "$L/collector" && sh -c "$command") && [ "$(ls "$L/collector")" = netpair.prom ] &&
		grep -q '^netpair_vif_packets_total' "$L/collector/netpair.prom"
}

# The scripts for bpftrace name probes that are there.
case_probes()
{
	local f probe daemon

	for f in "$root"/tools/bpftrace/*.bt; do
		for probe in $(grep -oE '^usdt:/usr/sbin/[a-z]+:netpair:[a-z]+' "$f"); do
			daemon=${probe#usdt:/usr/sbin/} probe=${probe##*:}
			check "${f##*/}-${daemon%%:*}-$probe" has_probe "${daemon%%:*}" "$probe"
		done
	done
	check arguments says 0 '-?[0-9]+@.* -?[0-9]+@.* -?[0-9]+@.* -?[0-9]+@' probe_arguments
}

has_probe() { readelf -n "$BIN/$1" | grep -A1 'Provider: netpair' | grep -qx " *Name: $2"; }
probe_arguments() { readelf -n "$BIN/netbackd" | grep -A2 'Name: drop' | grep Arguments | head -n 1; }

case_drops()
{
	one_vif || return
	check nothing says 0 'vif1.0 .guest.: nothing was dropped' np drops
	check provoked drop_three
	check told says 0 'to-guest +bounds +3 +A slot leaves its page' np drops vif1.0
	check in-list says 0 '^vif1.0 .* 3$' np list
	np drops --follow vif1.0 >"$L/follow" 2>&1 &
	helper $!
	# It says what is new since it began, so that has to have happened.
	check followed followed
	kill -KILL "$BACK" && wait "$BACK" 2>/dev/null
	check follow-ends await_line "$L/follow" 10 'no netbackd runs|ended meanwhile'
	start_back
}

followed()
{
	local i

	for ((i = 0; i < 10; i++)); do
		drop_three >/dev/null || return
		! await_line "$L/follow" 2 'vif1.0 .*to-guest .*bounds .*\+[1-9]' >/dev/null || return 0
	done
	cat "$L/follow"
	return 1
}

case_wrong()
{
	{ lab_start; } || return
	check no-daemon one_line_says 3 'no netbackd runs here' np list
	check no-frontend one_line_says 3 'no netfrontd runs here' npf show
	check no-daemon-drops one_line_says 3 'no netbackd runs' np drops --follow
	check no-daemon-top one_line_says 3 'no netbackd runs' np top -b -n 1
	start_back || return
	check no-command says 2 'usage: netpair' np
	check unknown one_line_says 2 'no command lst' np lst
	check unknown-option one_line_says 2 'unknown option --foo' np list --foo
	check words one_line_says 2 'unexpected word "b"' np list a b
	check set-words one_line_says 2 'usage: netpair set' np set vif1.0
	check drain-words one_line_says 2 'usage: netpair drain' np drain now
	local zeros

	zeros=$(printf '%0300d' 0)
	check long one_line_says 2 'at most 256 bytes' np show "vif1$zeros"
	check run-dir one_line_says 2 'longer than a socket' "$BIN/netpair" --run-dir="/$zeros" list
	check no-right one_line_says 1 'only root may ask' setpriv --reuid=65534 --clear-groups "$BIN/netpair" --run-dir="$L/run-back" list
	check mode test "$(stat -c '%a %U' "$L/run-back/netbackd.sock")" = '600 root'
	check empty says 0 '^VIF +GUEST' np list
	check full-disk says 1 'cannot write the output: the file system is full' sh -c "$(printf '%q ' "$BIN/netpair" --run-dir="$L/run-back" stats --prometheus) >/dev/full"
	check closed-pipe says 1 '' sh -c "$(printf '%q ' "$BIN/netpair" --run-dir="$L/run-back" top -b -n 3) 2>&1 | head -n 1 >/dev/null; exit 1"
	# The socket of a netbackd that was killed is used again; another program's file is not.
	crash "$BACK"
	check stale test -S "$L/run-back/netbackd.sock"
	check dead one_line_says 3 'no netbackd runs here' np list
	start_back
	check again says 0 '^VIF' np list
	stop_daemon netbackd "$BACK"
	check removed test ! -e "$L/run-back/netbackd.sock"
	echo precious >"$L/run-back/netbackd.sock"
	expect='there is no control socket'
	start_back
	check a-file await_line "$L/back.log" 5 'there is no control socket, .* file=.*netbackd.sock'
	check untouched test "$(cat "$L/run-back/netbackd.sock")" = precious
	rm "$L/run-back/netbackd.sock"
}

case_clients()
{
	local sock fd

	one_vif || return
	sock=$L/run-back/netbackd.sock
	# More than are served or wait: they are let go by and by, and the VIF notices nothing.
	exec {fd}> >("$TOP/clients" hold "$sock" 1000 >"$L/hold")
	check hold await_line "$L/hold" 10 '^ready [1-9]'
	check ping-meanwhile one_ping
	check served-in-turn says 0 '^vif1.0' np list
	exec {fd}>&-
	exec {fd}> >("$TOP/clients" unread "$sock" 200 >"$L/unread")
	check unread await_line "$L/unread" 10 '^ready [1-9]'
	check served-beside-unread says 0 '^vif1.0' np list
	exec {fd}>&-
	check long-line says 0 '^$' "$TOP/clients" send "$sock" 257
	check longer-line says 0 '^$' "$TOP/clients" send "$sock" 60000
	check no-such-request says 0 'there is no request' "$TOP/clients" send "$sock" 256
	check empty-line says 0 '^$' "$TOP/clients" send "$sock" 0
	check nul says 0 '^$' "$TOP/clients" nul "$sock"
	check still says 0 '^vif1.0' np list
	check files await 10 few_files
	check ping one_ping
}

few_files() { [ "$(find "/proc/$BACK/fd" -lname 'socket:*' | wc -l)" -lt 12 ]; }

# The daemon ends while it is asked.
case_gone()
{
	one_vif || return
	kill -STOP "$BACK"
	np list >"$L/asked" 2>&1 &
	helper $!
	check waits await 5 asked_is_queued
	crash "$BACK"
	check told await_line "$L/asked" 5 'did not answer, or ended|no netbackd runs'
	start_back && await_line "$L/back.log" 10 'adopted vif=vif1.0'
	kill -STOP "$BACK"
	check stopped one_line_says 1 'does not answer|did not answer' timeout 30 "$BIN/netpair" --run-dir="$L/run-back" list
	kill -CONT "$BACK"
	check goes-on says 0 '^vif1.0' np list
}

asked_is_queued() { in0 ss -xa 2>/dev/null | grep -q netbackd.sock; }

# 60 VIFs of six guests: documents of many packets.
case_many()
{
	local g d

	{ lab_start && start_back; } >"$TOP/out" 2>&1 || { verdict "$CASE/start" 1 "$(cat "$TOP/out")"; return; }
	for g in guest g2 g3 g4 g5 g6; do
		[ "$g" = guest ] || guest_new "$g"
		for ((d = 0; d < 10; d++)); do
			x attach-vif 0 "$g" "$d" >/dev/null 2>&1 || return
		done
	done
	check all await 10 sixty
	check documents valid np -j stats
	check size test "$(np -j stats | wc -c)" -gt 50000
	check one-guest says 0 '^vif4.9' np list g4
	check batch says 0 '60 VIFs' np top -b -n 2
	check metrics says 0 'vif="vif6.9"' np stats --prometheus
}

sixty() { [ "$(np list | grep -c '^vif')" = 60 ]; }

case_restart()
{
	local before after n

	one_vif || return
	before=$(packets_seen)
	restart_back TERM >"$TOP/out" 2>&1
	after=$(packets_seen)
	verdict "$CASE/over-a-stop" "$((after < before))" "$before packets before, $after after"
	before=$after
	restart_back CRASH >"$TOP/out" 2>&1
	after=$(packets_seen)
	verdict "$CASE/over-a-crash" "$((after < before))" "$before packets before, $after after"
	before=$after
	expect='the data process of a guest ended'
	n=$(grep -c ': adopted vif=vif1.0' "$L/back.log")
	kill -KILL "$(data_of 1)"
	await_line "$L/back.log" 10 ': adopted vif=vif1.0' $((n + 1)) >"$TOP/out"
	after=$(packets_seen)
	verdict "$CASE/over-a-data-process" "$((after < before))" "$before packets before, $after after"
	before=$after
	restart_front >"$TOP/out" 2>&1
	after=$(packets_seen)
	verdict "$CASE/over-a-connection" "$((after < before))" "$before packets before, $after after"
	x detach-vif guest 0 >"$TOP/out" 2>&1
	check file-gone await 5 test ! -e "$L/run-back/vif1.0.counters"
	{ attach 0; } >"$TOP/out" 2>&1
	verdict "$CASE/new-vif-begins-at-0" "$(($(packets_seen) > before / 2))" "$(packets_seen) packets"
	# A file that is damaged counts for nothing.
	stop_daemon netbackd "$BACK"
	echo 'version=77' >"$L/run-back/vif1.0.counters"
	expect+='|saved state cannot be used'
	start_back
	check damaged await_line "$L/back.log" 10 'adopted vif=vif1.0'
	check aside test -e "$L/run-back/vif1.0.counters.bad"
}

# Counts what it pings, so that there is something.
packets_seen()
{
	one_ping >/dev/null
	np stats vif1.0 | awk '$1 == "gtx_packets" { print $2 }'
}
