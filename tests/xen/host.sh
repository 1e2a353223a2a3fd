# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What run, lab and bench share on the machine that runs QEMU.
#
# A boot is: stage a directory (payload/ in it: scripts, daemons, the guests' initramfs), give it
# to dom0 as a 9p share, start QEMU, follow the share's file `verdicts`.  Whatever dom0 and the
# guests write (serial, consoles, daemon logs) is in that directory at once, so a boot that dies
# leaves as much behind as one that ends.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
LAB_DIR=${LAB_DIR:-$top/build/lab}
BIN_DIR=${BIN_DIR:-$top/build}
export LAB_DIR

qemu_pid=

die()
{
	echo "tests/xen: $*" >&2
	exit 1
}

lab_stop()
{
	[ -z "$qemu_pid" ] || kill "$qemu_pid" 2>/dev/null || true
	[ -z "$qemu_pid" ] || wait "$qemu_pid" 2>/dev/null || true
	qemu_pid=
}

lab_prepare()
{
	local p missing=

	for p in qemu-system-x86_64 timeout cpio tar "${CC:-cc}"; do
		command -v "$p" >/dev/null || missing+=" $p"
	done
	[ -z "$missing" ] || die "not found:$missing (make deps, or apt install qemu-system-x86 cpio gcc)"
	"$here/images" || exit 1
	if [ ! -e "$LAB_DIR/labtool" ] || [ "$here/tools/labtool.c" -nt "$LAB_DIR/labtool" ]; then
		# Static: the same file runs in dom0 and in a guest's initramfs.
		"${CC:-cc}" -std=c11 -O2 -Wall -Wextra -Werror -static -o "$LAB_DIR/labtool" \
			"$here/tools/labtool.c" || die "cannot build tools/labtool.c"
	fi
}

# The libraries that a daemon needs and the image does not have, copied beside it.
stage_libraries()
{
	local daemon=$1 dir=$2 name path

	ldd "$daemon" 2>/dev/null | while read -r name _ path _; do
		[ -e "$path" ] || continue
		case $name in libc.so.*|ld-linux*|libm.so.*) continue ;; esac
		grep -qx "$name" "$LAB_DIR/images/guest.libs" || cp -L "$path" "$dir/"
	done
}

# lab_stage DIR: fills DIR/payload.
lab_stage()
{
	local dir=$1 extra d

	rm -rf "$dir"
	mkdir -p "$dir/payload/bin" "$dir/console"
	extra=$dir/extra
	mkdir -p "$extra/bin" "$extra/lab" "$extra/lib/lab"
	cp -r "$here/dom0" "$here/lib" "$here/scenarios" "$dir/payload/"
	cp "$LAB_DIR/labtool" "$dir/payload/bin/"
	cp "$LAB_DIR/labtool" "$extra/bin/"
	cp "$here/guest/init" "$extra/init"
	cp "$here"/guest/* "$extra/lab/"
	for d in netbackd netfrontd tests/hostile/hostile-send; do
		[ -x "$BIN_DIR/$d" ] || continue
		cp "$BIN_DIR/$d" "$dir/payload/bin/"
		mkdir -p "$dir/payload/libs"
		stage_libraries "$BIN_DIR/$d" "$dir/payload/libs"
	done
	for d in netfrontd tests/hostile/hostile-front; do
		[ -x "$BIN_DIR/$d" ] || continue
		cp "$BIN_DIR/$d" "$extra/bin/"
		stage_libraries "$BIN_DIR/$d" "$extra/lib/lab"
	done
	# The same operations on both sides, and what xensim answers.
	cp -r "$top/tools/modprobe.d" "$dir/payload/"
	mkdir "$dir/payload/store-ops"
	cp "$top"/tests/xensim/store-ops.* "$dir/payload/store-ops/"
	cp "$top/tests/xensim/store-ops.sh" "$extra/lab/"
	# A cpio archive may follow another in one initramfs; later files win.
	{
		cat "$LAB_DIR/images/guest.cpio"
		(cd "$extra" && find . | cpio --quiet -o -H newc -R 0:0)
	} >"$dir/payload/guest.img"
	ln -f "$LAB_DIR/images/vmlinux" "$dir/payload/vmlinux" 2>/dev/null ||
		cp "$LAB_DIR/images/vmlinux" "$dir/payload/vmlinux"
	rm -rf "$extra"
	: >"$dir/verdicts"
}

# lab_qemu SERIAL TIMEOUT DIR DOM0_ARGS...: exec's QEMU.
#
# The CPU flags are what this emulator and Xen agree on: with SMAP a PV dom0 dies in its first
# page fault; without -erms,-fsrm the kernel copies byte by byte, three times slower under TCG;
# with RDTSCP PVH guests die; and a PVH guest that sees AVX may not have its state, then the first
# vector instruction that glibc chooses ends its init.
#
# spec-ctrl=eager-fpu: left alone this Xen switches vector registers lazily, and under this emulator
# a program now and then gets another domain's: memcpy then writes wrong bytes, or elsewhere.
# "labtool registers" saw it in 28 of 54,000 looks with the kernel's drivers only, in 75 of 4,000
# with four domains; with this in none.  Not where LAB_GUESTS=pvh: eagerly, a PVH guest was once seen
# to go on in Xen's own code after VMRUN, which is its end; lazily that was in no check before.
lab_qemu()
{
	local serial=$1 limit=$2 dir=$3 images=$LAB_DIR/images fpu=spec-ctrl=eager-fpu

	shift 3
	[ "${LAB_GUESTS:-pv}" != pvh ] || fpu=
	exec timeout --foreground -k 5 "$limit" qemu-system-x86_64 \
		-accel tcg,thread=multi -machine q35 -smp 2 -m "${LAB_MEMORY:-3072}" \
		-cpu max,-smap,-smep,-la57,-erms,-fsrm,-rdtscp,-rdpid,-avx,-avx2 \
		-display none -monitor none -no-reboot -net none -serial "$serial" \
		-kernel "$images/xen" \
		-append "console=com1 com1=115200,8n1 dom0_mem=1280M,max:1280M dom0_max_vcpus=1 noreboot sched=credit $fpu" \
		-initrd "$images/vmlinux console=hvc0 loglevel=3 rdinit=/init $*,$images/dom0.cpio" \
		-drive "file=$images/dom0.ext4,if=virtio,format=raw,snapshot=on" \
		-virtfs "local,path=$dir,mount_tag=lab,security_model=none,multidevs=remap"
}
