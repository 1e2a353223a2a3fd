# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# host.sh - what run, lab and bench share on the machine that runs QEMU
#
# A boot has these steps:
# - stage a directory, with scripts, daemons and the guests' initramfs in payload/;
# - start QEMU, which gives the directory to dom0 as a 9p share;
# - follow the file `verdicts` in it.
# dom0 and the guests write their output (serial, consoles, daemon logs) to that directory, so that it is
# there at once, also when a boot dies.

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
	if [ ! -e "$LAB_DIR/labtool" ] || [ -n "$(find "$here/tools" -newer "$LAB_DIR/labtool")" ]; then
		# It is static, so that the same file runs in dom0 and in a guest's initramfs.
		"${CC:-cc}" -std=c11 -O2 -Wall -Wextra -Werror -static -o "$LAB_DIR/labtool" \
			"$here"/tools/*.c || die "cannot build tools/*.c"
	fi
}

# stage_libraries DAEMON DIR: copies the libraries that a daemon needs and the image does not have.
stage_libraries()
{
	local daemon=$1 dir=$2 name path

	ldd "$daemon" 2>/dev/null | while read -r name _ path _; do
		[ -e "$path" ] || continue
		case $name in libc.so.*|ld-linux*|libm.so.*) continue ;; esac
		grep -qx "$name" "$LAB_DIR/images/guest.libs" || cp -L "$path" "$dir/"
	done
}

# lab_stage DIR [IMAGE...]: makes DIR with all that a boot needs.  The guests have these images too.
lab_stage()
{
	local dir=$1 extra d cpios=()

	shift
	for d in guest "$@"; do
		cpios+=("$LAB_DIR/images/$d.cpio")
	done

	rm -rf "$dir"
	mkdir -p "$dir/payload/bin" "$dir/console"
	extra=$dir/extra
	mkdir -p "$extra/bin" "$extra/lab" "$extra/lib/lab"
	cp -r "$here/dom0" "$here/lib" "$here/scenarios" "$dir/payload/"
	cp "$LAB_DIR/labtool" "$dir/payload/bin/"
	cp "$LAB_DIR/labtool" "$extra/bin/"
	cp "$LAB_DIR/labtool" "$extra/init"
	cp "$here"/guest/* "$extra/lab/"
	for d in netbackd netfrontd netpair tests/hostile/hostile-send; do
		[ -x "$BIN_DIR/$d" ] || continue
		cp "$BIN_DIR/$d" "$dir/payload/bin/"
		mkdir -p "$dir/payload/libs"
		stage_libraries "$BIN_DIR/$d" "$dir/payload/libs"
	done
	# netbackd for driver domains.
	for d in netbackd netfrontd tests/hostile/hostile-front; do
		[ -x "$BIN_DIR/$d" ] || continue
		cp "$BIN_DIR/$d" "$extra/bin/"
		stage_libraries "$BIN_DIR/$d" "$extra/lib/lab"
	done
	# store-ops.sh runs in dom0 and in a guest; the other files are what xensim answers.
	cp -r "$top/tools/modprobe.d" "$dir/payload/"
	mkdir "$dir/payload/store-ops"
	cp "$top"/tests/xensim/store-ops.* "$dir/payload/store-ops/"
	cp "$top/tests/xensim/store-ops.sh" "$extra/lab/"
	cp "$top/xenstore-scripts/vif-failover" "$extra/bin/"
	# An initramfs may consist of several cpio archives.  Of two files of one name the later counts.
	{
		cat "${cpios[@]}"
		(cd "$extra" && find . | cpio --quiet -o -H newc -R 0:0)
	} >"$dir/payload/guest.img"
	ln -f "$LAB_DIR/images/vmlinux" "$dir/payload/vmlinux" 2>/dev/null ||
		cp "$LAB_DIR/images/vmlinux" "$dir/payload/vmlinux"
	rm -rf "$extra"
	: >"$dir/verdicts"
}

# lab_stage_packages DIR: adds the Debian packages of LAB_PACKAGES, the older and the newer ones: for dom0, with what they
# depend on, and for the guests.
lab_stage_packages()
{
	local v to=$1/payload/packages extra=$1/extra/lab/packages

	for v in older newer; do
		mkdir -p "$to/$v" "$extra/$v"
		cp "$LAB_PACKAGES/$v"/netpair-{backend,frontend,tools}_*.deb "$to/$v/"
		cp "$LAB_PACKAGES/$v"/netpair-{backend,frontend}_*.deb "$extra/$v/"
	done
	cp -r "$LAB_DIR/images/debs" "$to/depends"
	(cd "$1/extra" && find . | cpio --quiet -o -H newc -R 0:0) >>"$1/payload/guest.img"
	rm -rf "$1/extra"
}

# lab_qemu SERIAL TIMEOUT DIR DOM0_ARGS...: replaces this process by QEMU.
#
# The CPU flags switch off what this emulator and Xen do not both get right:
# - with SMAP a PV dom0 dies in its first page fault;
# - with ERMS and FSRM the kernel copies byte by byte, which is three times slower under TCG;
# - with RDTSCP PVH guests die;
# - with AVX a PVH guest may see the feature without having the state: the first vector instruction that
#   glibc chooses then ends its init.
#
# spec-ctrl=eager-fpu: by default this Xen switches vector registers lazily.  Under this emulator a
# program then sometimes has another domain's registers, and memcpy writes wrong bytes.  "labtool
# registers" saw that in 28 of 54,000 tries with the kernel's drivers, in 75 of 4,000 with four domains,
# and never with this option.  PVH guests (LAB_GUESTS=pvh) run without it: with it a PVH guest was once
# seen to continue in Xen's code after VMRUN, which ended the machine.
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
