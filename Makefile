# SPDX-License-Identifier: MIT
# netpair. The targets that people use: `make help`.

BUILD ?= build
SAN ?=
COV ?=
# Of the messages between netbackd's processes, where a test wants another one than msg.h's.
MSG_VERSION ?=
prefix ?= /usr/local
VERSION := 0.1.0
comma := ,
# For recipes that repeat a line for each of a list.
define newline


endef

# WERROR=1: a warning is an error, as in the project's own checks. Another compiler than
# those has other warnings, and a build must not stop at those.
WERROR ?=

# A sanitised build lives beside the plain one: make SAN=address,undefined
ifneq ($(SAN),)
override BUILD := $(BUILD)/san-$(subst $(comma),-,$(subst undefined,ub,$(SAN)))
endif

WARN := -Wall -Wextra -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wvla -Wpointer-arith -Wwrite-strings -Wcast-qual \
	-Wformat=2 -Wswitch-enum $(if $(filter 1,$(WERROR)),-Werror)
CPPFLAGS += -iquote . -iquote $(BUILD)/gen -D_GNU_SOURCE -D__XEN_INTERFACE_VERSION__=0x00040e00 \
	-DNETPAIR_VERSION='"$(VERSION)"' $(if $(MSG_VERSION),-DMSG_VERSION=$(MSG_VERSION)u)
# Static probes, where the header is there (systemtap-sdt-dev).
CPPFLAGS += -DHAVE_SDT=$(if $(shell echo '#include <sys/sdt.h>' | $(CC) -E -x c - 2>/dev/null),1,0)
OPT ?= -O2 -g
CFLAGS += -std=c11 $(OPT) $(WARN) -fno-strict-overflow -fstack-protector-strong -fPIE
LDFLAGS += -Wl,-z,relro,-z,now -Wl,-z,noexecstack
PIE := -pie
# What this compiler has of the rest. Big buffers on the hot path are UNINITIALISED (util.h).
# The last one is clang's before 16, whose own word for "not yet promised to stay" it is.
HARDEN := -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero
UNLOCK := -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang
has = $(shell $(CC) $(1) -Werror -x c -c -o /dev/null - </dev/null 2>/dev/null && echo '$(1)')
ifeq ($(SAN)$(filter -O0,$(OPT)),)
CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDENED := $(foreach f,$(HARDEN),$(or $(call has,$f),$(call has,$f $(UNLOCK))))
CFLAGS += $(HARDENED)
endif
ifneq ($(SAN),)
CFLAGS += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SAN)
# gcc's TSan does not know stand-alone fences and says so.
ifneq ($(findstring thread,$(SAN)),)
CFLAGS += $(if $(findstring clang,$(CC)),,-Wno-error=tsan -Wno-tsan)
endif
endif
# COV=1: count lines with gcov. A daemon that is killed writes no counts.
ifeq ($(COV),1)
CFLAGS += --coverage -fprofile-update=atomic
LDFLAGS += --coverage
endif

LIBS := -lxengnttab -lxenevtchn -lxenstore -lxentoollog -luring -lmnl -lseccomp -lcap-ng -ljansson -lpthread

ifeq ($(V),1)
Q :=
else
Q := @
endif
say = $(if $(Q),@printf '  %-7s %s\n' '$(1)' '$(2)')

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
COMMON := $(call obj,$(wildcard common/*/*.c))
BACKEND := $(call obj,$(wildcard backend/*/*.c))
FRONTEND := $(call obj,$(wildcard frontend/*/*.c))

.PHONY: all
all: $(BUILD)/netbackd $(BUILD)/netfrontd $(BUILD)/netpair xensim ## build the daemons, the tool and xensim

# The host that the daemons run on where there is no Xen. It keeps its own flags.
include tools/xensim/xensim.mk

$(BUILD)/libcommon.a: $(COMMON)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/netbackd: $(BACKEND) $(BUILD)/libcommon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(PIE) -o $@ $^ $(LIBS)

$(BUILD)/netfrontd: $(FRONTEND) $(BUILD)/libcommon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(PIE) -o $@ $^ $(LIBS)

# The tool alone asks the hypervisor, draws on a terminal, and filters frames.
TOOL := $(call obj,$(wildcard tools/netpair/*.c))
# The headers of libxenctrl are in GNU's C.
$(BUILD)/obj/tools/netpair/xen.o: override CFLAGS += -std=gnu11
$(BUILD)/netpair: $(TOOL) $(BUILD)/libcommon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(PIE) -o $@ $^ $(LIBS) -lncurses -ltinfo -lpcap -lxenctrl

# What the sources declare of system calls, for the sandbox of a data process and netfrontd's filter.
$(BUILD)/gen/syscalls.h: tools/syscalls $(wildcard common/*/*.c backend/data/*.c frontend/*/*.c)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)tools/syscalls >$@.new && { cmp -s $@.new $@ && rm $@.new && touch $@ || mv $@.new $@; }

$(BUILD)/obj/%.o: %.c Makefile $(BUILD)/flags | $(BUILD)/gen/syscalls.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Changes when the compiler or its flags do, so that `make CC=clang` after
# `make` never mixes objects.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS))' >$@.$$$$ && \
		{ cmp -s $@.$$$$ $@ && rm $@.$$$$ || mv $@.$$$$ $@; }

.PHONY: FORCE
FORCE:

-include $(patsubst %.o,%.d,$(COMMON) $(BACKEND) $(FRONTEND) $(TOOL))

# --- tests ---------------------------------------------------------------------

# Each includes the .c it tests, whose object the archive then need not give.
# Layer 1 must build with nothing but libc, and does so here.
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/run-*.c))
# Plain builds replay their corpus; `make fuzz` builds the same files for libFuzzer.
FUZZ := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz-*.c))
RACE := $(BUILD)/tests/stress/ring-race

.PHONY: tests
tests: $(UNIT) $(FUZZ) $(RACE) ## build the test programs

$(BUILD)/tests/unit/run-%: $(BUILD)/obj/tests/unit/run-%.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(UNIT_LIBS) -lcmocka
$(BUILD)/tests/unit/run-sandbox $(BUILD)/tests/unit/run-privileges_filter: UNIT_LIBS := -lseccomp -lcap-ng -lpthread
$(BUILD)/tests/unit/run-declared: UNIT_LIBS := -lxengnttab -lxenevtchn -lxentoollog
$(BUILD)/tests/unit/run-handles: UNIT_LIBS := -lxengnttab -lxenevtchn -lxentoollog -luring -lmnl -lseccomp -lcap-ng -lpthread
$(BUILD)/tests/unit/run-handles: $(XENSIM_PRODUCTS)
$(BUILD)/tests/unit/run-hotplug_runner $(BUILD)/tests/unit/run-loop: UNIT_LIBS :=
$(BUILD)/tests/unit/run-options $(BUILD)/tests/unit/run-tapstate: UNIT_LIBS := -lmnl
$(BUILD)/tests/unit/run-burst $(BUILD)/tests/unit/run-worker: UNIT_LIBS := -luring -lmnl
$(BUILD)/tests/unit/run-tap $(BUILD)/tests/unit/run-taplimit $(BUILD)/tests/unit/run-maddr $(BUILD)/tests/unit/run-netdev $(BUILD)/tests/unit/run-netaddr: UNIT_LIBS := -lmnl

$(BUILD)/tests/fuzz/fuzz-%: $(BUILD)/obj/tests/fuzz/fuzz-%.o $(BUILD)/obj/tests/fuzz/replay.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ -Wl,--start-group $^ -Wl,--end-group $(FUZZ_LIBS)

# A Xen inside, for those that run a daemon's data side without the file that the target includes.
FUZZ_XENSIM := $(addprefix $(BUILD)/obj/,\
	tests/fuzz/input.o tests/fuzz/wire.o tests/fuzz/inproc.o tests/fuzz/inproc-evwait.o \
	$(patsubst %.c,%.o,$(addprefix tools/xensim/,host/dom.c host/handle.c host/grants.c host/events.c base/util.c \
	lib/gnttab.c lib/gntshr.c lib/grantcopy.c lib/evtchn.c lib/evport.c)))
$(BUILD)/tests/fuzz/fuzz-back $(BUILD)/fuzzers/fuzz-back: $(FUZZ_XENSIM) \
	$(filter-out %/conn.o,$(filter $(BUILD)/obj/backend/data/%,$(BACKEND)))
# And netfrontd's: what its connection calls.
$(BUILD)/tests/fuzz/fuzz-front $(BUILD)/fuzzers/fuzz-front: $(FUZZ_XENSIM) $(BUILD)/libfrontend.a
$(addprefix $(BUILD)/,$(foreach f,back front,tests/fuzz/fuzz-$(f) fuzzers/fuzz-$(f))): \
	FUZZ_LIBS = -lxenstore -luring -lmnl -lseccomp -lcap-ng -ljansson -lpthread

# Those with a scripted xenstore and devices without a kernel: of a daemon what they call, and what that calls.
$(BUILD)/libbackend.a: $(filter-out %/main.o,$(BACKEND))
$(BUILD)/libfrontend.a: $(filter-out %/main.o,$(FRONTEND))
$(BUILD)/libbackend.a $(BUILD)/libfrontend.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

FAKES := $(addprefix $(BUILD)/obj/tests/fuzz/,fakexs.o faketap.o input.o)
SCRIPT := $(BUILD)/obj/tests/fuzz/script.o
REFS := $(BUILD)/obj/tests/fuzz/refs.o
NOCAPTURE := $(BUILD)/obj/tests/fuzz/nocapture.o
$(BUILD)/tests/fuzz/fuzz-vif $(BUILD)/fuzzers/fuzz-vif: $(FAKES) $(SCRIPT) $(REFS) $(NOCAPTURE) $(BUILD)/libbackend.a
$(BUILD)/tests/fuzz/fuzz-nic $(BUILD)/fuzzers/fuzz-nic: $(FAKES) $(SCRIPT) $(BUILD)/libfrontend.a
$(BUILD)/tests/fuzz/fuzz-attach $(BUILD)/fuzzers/fuzz-attach: $(BUILD)/obj/tests/fuzz/input.o $(NOCAPTURE) $(BUILD)/libbackend.a
$(BUILD)/tests/fuzz/fuzz-conf $(BUILD)/fuzzers/fuzz-conf: $(FAKES) $(REFS) $(BUILD)/libbackend.a $(BUILD)/libfrontend.a

$(RACE): $(BUILD)/obj/tests/stress/ring-race.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lpthread

.SECONDARY:
-include $(wildcard $(BUILD)/obj/tests/*/*.d)

# Scripted frontend and backend that keep no rule.
include tests/hostile/hostile.mk

.PHONY: check check-fast check-static check-race
check: deps ## every test there is, the lab on a real Xen included
	@tests/run

check-fast: deps ## every test but the lab
	@tests/run --fast

check-static: ## cppcheck and clang-tidy
	@tests/run static

check-race: ## two threads on one ring, plain and under TSan
	@tests/run race

# xensim is always the plain one.
MINUTES ?= 5
.PHONY: soak
soak: deps ## everything at once on xensim: MINUTES=5, SEED=N, SAN=address,undefined
	@$(MAKE) --no-print-directory SAN= all
	@$(MAKE) --no-print-directory all hostile
	@BIN_DIR=$(BUILD) $(if $(SEED),SEED=$(SEED)) tests/soak/run $(MINUTES)

# An optimised libFuzzer build under ASan and UBSan, each target for as long.
SECONDS ?= 60
FUZZ_CORPUS ?= build/fuzz/corpus
.PHONY: fuzz
fuzz: ## run the fuzzers, SECONDS=60 each
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang SAN=fuzzer-no-link,address,undefined fuzzers
	@tests/fuzz/run build/fuzz/san-fuzzer-no-link-address-ub/fuzzers $(SECONDS) $(FUZZ_CORPUS)

FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzzers/%,$(wildcard tests/fuzz/fuzz-*.c))
.PHONY: fuzzers
fuzzers: $(FUZZERS)

$(BUILD)/fuzzers/fuzz-%: $(BUILD)/obj/tests/fuzz/fuzz-%.o $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ -Wl,--start-group $^ -Wl,--end-group $(FUZZ_LIBS)

.PHONY: coverage
coverage: ## lines of common/, backend/, frontend/ that the tests reach
	@tests/run --coverage

.PHONY: lab bench-xen demo
lab: all ## a real Xen in QEMU with a guest and the pair, and a shell in dom0
	@tests/xen/lab

bench-xen: all ## measure the four pairings with the kernel's drivers on a real Xen: ROUNDS=5 VARIANTS=some|all|none GUEST=pv|pvh
	@tests/xen/bench

# As `make fuzz` has the variable too, only one from the command line counts: SECONDS=2 a sample.
BENCH := $(addprefix $(BUILD)/bench/,cores pingpong relay counts)
.PHONY: bench
bench: deps ## measure the pair on xensim beside veth, a relay and QEMU: ROUNDS=5 SECONDS=2 VARIANTS=some|all|none
	@$(MAKE) --no-print-directory all $(BENCH)
	@BUILD=$(BUILD) $(if $(findstring command,$(origin SECONDS)),BENCH_SECONDS=$(SECONDS)) tools/bench

.PHONY: bench-ring
bench-ring: deps deps-bench ## measure packets from memory to memory, without TAPs, beside DPDK's memif and virtio-user: ROUNDS=3 SECONDS=2
	@$(MAKE) --no-print-directory all $(BUILD)/bench/ring
	@BUILD=$(BUILD) $(if $(findstring command,$(origin SECONDS)),BENCH_SECONDS=$(SECONDS)) tools/bench-ring

.PHONY: bench-guests
bench-guests: deps ## measure memory, attach, idling and restart with many guests, isolated and not: GUESTS=256 ROUNDS=2 SECONDS=2
	@$(MAKE) --no-print-directory all
	@BUILD=$(BUILD) $(if $(findstring command,$(origin SECONDS)),BENCH_SECONDS=$(SECONDS)) tools/bench-guests

$(BUILD)/bench/%: $(BUILD)/obj/tools/bench.d/%.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lpthread

# Both daemons' data sides with a Xen inside, on a machine whose time is counted (tools/bench.d/model.h).
COUNTS_WRAP := $(shell sed -n 's/^WRAP.[^,]*, \([a-z_]*\),.*/\1/p' tools/bench.d/wraps.h)
$(BUILD)/bench/counts: $(BUILD)/obj/tools/bench.d/counts.o $(BUILD)/obj/tools/bench.d/model.o \
		$(filter-out %/input.o %/wire.o,$(FUZZ_XENSIM)) $(BUILD)/libbackend.a $(BUILD)/libfrontend.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(addprefix -Wl$(comma)--wrap=,$(COUNTS_WRAP)) -Wl,--start-group $^ -Wl,--end-group \
		-lxenstore -lsystemd -luring -lmnl -lseccomp -lcap-ng -lpthread

# Both daemons' data sides with ports that cost nothing, for make bench-ring.
$(BUILD)/bench/ring: $(BUILD)/obj/tools/bench.d/ring.o $(BUILD)/libbackend.a $(BUILD)/libfrontend.a $(BUILD)/libcommon.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ -Wl,--wrap=port_init_tap -Wl,--start-group $^ -Wl,--end-group $(LIBS)

-include $(wildcard $(BUILD)/obj/tools/bench.d/*.d)

demo: deps-demo ## the pair at work on this machine, no Xen needed
	@$(MAKE) --no-print-directory all demo-parts
	@BUILD=$(BUILD) tools/demo

# What the demo needs beside the daemons.
.PHONY: demo-parts
demo-parts: xensim $(BUILD)/demo/intruder.so

$(BUILD)/demo/intruder.so: tools/demo.d/intruder.c Makefile
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -shared -o $@ $<

# --- the machine ---------------------------------------------------------------

# What building and running the daemons need of Debian; what the demo does on top; and tests and lab.
DEPS_RUN := gcc libc6-dev make libxen-dev libsystemd-dev liburing-dev libmnl-dev libseccomp-dev libcap-ng-dev libjansson-dev libncurses-dev libpcap-dev xenstore-utils iproute2 \
	kmod
DEPS_DEMO := $(DEPS_RUN) iputils-ping iperf3 procps
# What building the packages and looking at them needs.
DEPS_DEB := $(DEPS_RUN) build-essential debhelper dpkg-dev libcmocka-dev
DEPS := $(DEPS_DEMO) $(DEPS_DEB) lintian pkg-config mandoc clang llvm libclang-rt-14-dev clang-tidy cppcheck shellcheck \
	valgrind \
	dpdk dpdk-dev librte-net-vhost23 openvswitch-switch-dpdk \
	systemtap-sdt-dev python3-jsonschema tmux tcpdump tshark ethtool jq systemd apparmor qemu-system-x86 mmdebstrap e2fsprogs busybox-static cpio xz-utils

# Installs what is missing of a list, asks nothing, and is silent if that is nothing.
define packages
	@missing=; for p in $(1); do \
		dpkg-query -W -f '$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed || \
			missing="$$missing $$p"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	[ "$$(id -u)" = 0 ] || { echo "make deps: only root can install:$$missing" >&2; exit 1; }; \
	echo "make deps: installing$$missing"; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get -qq update && apt-get -qq -y --no-install-recommends install $$missing >/dev/null || \
		{ echo "make deps: apt-get failed, see above" >&2; exit 1; }
endef

.PHONY: deps deps-bench deps-demo deps-run
deps: ## install the Debian packages that tests and lab need too: compilers, QEMU
	$(call packages,$(DEPS))

deps-bench: ## install what bench-ring compares the pair with
	$(call packages,dpdk)

deps-demo:
	$(call packages,$(DEPS_DEMO))

deps-run: ## install the Debian packages that a host needs: to build and to run, no more
	$(call packages,$(DEPS_RUN))

INSTALL ?= install
# Where things go. DESTDIR comes before each of them and is in no file that is installed.
sbindir ?= $(prefix)/sbin
libexecdir ?= $(prefix)/libexec
mandir ?= $(prefix)/share/man
docdir ?= $(prefix)/share/doc/netpair
completiondir ?= $(prefix)/share/bash-completion/completions
unitdir ?= $(prefix)/lib/systemd/system
linkdir ?= $(prefix)/lib/systemd/network
sysusersdir ?= $(prefix)/lib/sysusers.d
sysconfdir ?= /etc
MAN := $(wildcard docs/*.8)
UNITS := $(wildcard tools/systemd/*.service tools/systemd/*.timer)
TRACERS := $(wildcard tools/bpftrace/*.bt)
LINKS := $(wildcard tools/systemd/*.link)
SCRIPTS := $(wildcard xenstore-scripts/vif-*)
# One page describes all three.
MAN_LINKS := vif-remove.8 vif-show.8
COMPLETION := tools/completion/netpair
DOCS := LICENSE $(wildcard [A-Z]*.md docs/*.md docs/*.svg docs/*.json)
EXAMPLES := $(wildcard tools/modprobe.d/*.conf)
UNIT_EXAMPLES := $(wildcard tools/systemd-dropin/*.conf)
PROFILES := $(wildcard tools/apparmor.d/*)
ACCOUNTS := $(wildcard tools/sysusers.d/*)
DEFAULTS := $(wildcard tools/default/*)

# The files of the repository have the paths of an installation without any variable set.
PLACES = s,/usr/local/sbin/,$(sbindir)/,g; s,/usr/local/libexec/,$(libexecdir)/,g; \
	s,/usr/local/share/man/,$(mandir)/,g; s,/usr/local/share/doc/netpair\b,$(docdir),g; \
	s,/usr/local/lib/systemd/system/,$(unitdir)/,g; s,/usr/local/lib/systemd/network/,$(linkdir)/,g; \
	s,/usr/local/lib/sysusers.d/,$(sysusersdir)/,g; \
	s,/etc/default/,$(sysconfdir)/default/,g
# The scripts find lib.sh from where they are themselves, so that they run below a DESTDIR too.
LIB = s,\.\./libexec/netpair,$(shell realpath -ms --relative-to=$(sbindir) $(libexecdir)/netpair),
# Documents lie beside each other. A page of the manual has another name where it is installed, and may be
# compressed; the rest of the repository is not there.
LINKED = s,\[\([^]]*\)\](docs/[^)]*\.8),\1,g; s,](docs/,](,g; s,](\.\./\([A-Z]*\.md)\),](\1,g; \
	s,\[\([^]]*\)\](debian/[^)]*),\1,g

# FILE,DIR[,MODE[,SED]]: installs FILE in DIR with the paths of this installation.
placed = sed '$(PLACES)$(if $(4),; $(4))' $(1) | $(INSTALL) -m $(or $(3),644) /dev/stdin $(DESTDIR)$(2)/$(notdir $(1))
# FILES,DIR[,MODE[,SED]]
all_placed = $(foreach f,$(1),$(call placed,$(f),$(2),$(3),$(4))$(newline)	)

.PHONY: install
install: $(BUILD)/netbackd $(BUILD)/netfrontd $(BUILD)/netpair ## install below DESTDIR and prefix; files in /etc/default stay as they are
	$(INSTALL) -d $(addprefix $(DESTDIR),$(sbindir) $(libexecdir)/netpair $(mandir)/man8 $(unitdir) $(linkdir) $(sysusersdir) \
		$(docdir)/modprobe.d $(docdir)/systemd $(docdir)/apparmor.d $(docdir)/bpftrace $(sysconfdir)/default $(completiondir))
	$(INSTALL) -m 755 $^ $(DESTDIR)$(sbindir)
	$(call all_placed,$(SCRIPTS),$(sbindir),755,$(LIB))
	$(INSTALL) -m 644 xenstore-scripts/lib.sh $(DESTDIR)$(libexecdir)/netpair
	$(call all_placed,$(MAN),$(mandir)/man8)
	$(foreach m,$(MAN_LINKS),ln -sf vif-add.8 $(DESTDIR)$(mandir)/man8/$(m)$(newline)	)
	$(call all_placed,$(UNITS),$(unitdir))
	$(INSTALL) -m 644 $(COMPLETION) $(DESTDIR)$(completiondir)
	$(INSTALL) -m 644 $(LINKS) $(DESTDIR)$(linkdir)
	$(INSTALL) -m 644 $(ACCOUNTS) $(DESTDIR)$(sysusersdir)
	$(call all_placed,$(DOCS),$(docdir),,$(LINKED))
	$(call all_placed,$(EXAMPLES),$(docdir)/modprobe.d)
	$(call all_placed,$(TRACERS),$(docdir)/bpftrace,,s$(comma)/usr/sbin/$(comma)$(sbindir)/$(comma)g)
	$(call all_placed,$(UNIT_EXAMPLES),$(docdir)/systemd)
	$(call all_placed,$(PROFILES),$(docdir)/apparmor.d)
	$(foreach d,$(DEFAULTS),[ -e $(DESTDIR)$(sysconfdir)/default/$(notdir $(d)) ] || \
		$(call placed,$(d),$(sysconfdir)/default)$(newline)	)

.PHONY: uninstall
uninstall: ## remove what install put there, but for files in /etc/default that were changed
	rm -f $(addprefix $(DESTDIR),$(addprefix $(sbindir)/,netbackd netfrontd netpair $(notdir $(SCRIPTS))) \
		$(addprefix $(completiondir)/,$(notdir $(COMPLETION))) \
		$(addprefix $(mandir)/man8/,$(notdir $(MAN)) $(MAN_LINKS)) $(addprefix $(unitdir)/,$(notdir $(UNITS))) \
		$(addprefix $(linkdir)/,$(notdir $(LINKS))) $(addprefix $(sysusersdir)/,$(notdir $(ACCOUNTS))))
	rm -rf $(DESTDIR)$(libexecdir)/netpair $(DESTDIR)$(docdir)
	$(foreach d,$(DEFAULTS),! sed '$(PLACES)' $(d) | cmp -s - $(DESTDIR)$(sysconfdir)/default/$(notdir $(d)) || \
		rm -f $(DESTDIR)$(sysconfdir)/default/$(notdir $(d))$(newline)	)

.PHONY: deb deps-deb
deb: deps-deb ## build the Debian packages, in build/deb
	@tools/deb $(BUILD)/deb
	@ls $(BUILD)/deb/*.deb

deps-deb:
	$(call packages,$(DEPS_DEB))

.PHONY: clean
clean: ## remove everything built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(filter-out %.d,$(MAKEFILE_LIST)) | sort | while IFS="$$(printf '\t')" read -r t text; do \
		printf '  make %-13s %s\n' "$$t" "$$text"; done
	@echo "  V=1 shows commands, CC=clang or gcc, SAN=address,undefined or thread, WERROR=1, DESTDIR= prefix="
