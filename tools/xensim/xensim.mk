# SPDX-License-Identifier: MIT
# xensim: the host process with its command, and the stand-in libraries.
# Part of the project's Makefile, or alone: make -f tools/xensim/xensim.mk

BUILD ?= build
XENSIM_SRC := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
XENSIM_ROOT := $(patsubst %tools/xensim,%.,$(XENSIM_SRC))
XENSIM_OUT := $(BUILD)/xensim

# Loaded into sanitised and plain processes alike: never sanitised itself.
XENSIM_CFLAGS = -O2 -g $(filter-out -fsanitize% -fno-sanitize% --coverage -fprofile% -fcoverage% -O0 -fPIE,$(CFLAGS)) \
	-std=c11 -D_GNU_SOURCE -iquote $(XENSIM_ROOT) -fPIC -pthread -MMD -MP \
	-Wall -Wextra -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wvla -Wpointer-arith -Wwrite-strings -Wcast-qual \
	-Wformat=2 -Wswitch-enum $(if $(filter 1,$(WERROR)),-Werror)
XENSIM_LDFLAGS = $(filter-out -fsanitize% --coverage -fprofile%,$(LDFLAGS)) -pthread
XENSIM_Q = $(if $(filter 1,$(V)),,@)
xensim_say = $(if $(filter 1,$(V)),,@echo "  $(1) $(notdir $@)")

XENSIM_GNTTAB_OBJS := $(addprefix $(XENSIM_OUT)/obj/lib/,client.o calls.o fault.o gnttab.o grantcopy.o gntshr.o dmabuf.o)
XENSIM_EVTCHN_OBJS := $(addprefix $(XENSIM_OUT)/obj/lib/,client.o calls.o fault.o evtchn.o evport.o evwait.o)
XENSIM_HOST_OBJS := $(patsubst $(XENSIM_SRC)/%.c,$(XENSIM_OUT)/obj/%.o,\
	$(wildcard $(addprefix $(XENSIM_SRC)/,base/*.c store/*.c host/*.c cli/*.c)))
XENSIM_PRODUCTS := $(XENSIM_OUT)/lib/libxengnttab.so.1 $(XENSIM_OUT)/lib/libxenevtchn.so.1 $(XENSIM_OUT)/xensim

.PHONY: xensim xensim-clean
xensim: $(XENSIM_PRODUCTS)

xensim-clean:
	$(XENSIM_Q)rm -rf $(XENSIM_OUT)

$(XENSIM_OUT)/obj/%.o: $(XENSIM_SRC)/%.c
	$(call xensim_say,CC)
	$(XENSIM_Q)mkdir -p $(@D)
	$(XENSIM_Q)$(CC) $(XENSIM_CFLAGS) -c -o $@ $<

$(XENSIM_OUT)/lib/libxengnttab.so.1: $(XENSIM_GNTTAB_OBJS) $(XENSIM_SRC)/lib/libxengnttab.map
$(XENSIM_OUT)/lib/libxenevtchn.so.1: $(XENSIM_EVTCHN_OBJS) $(XENSIM_SRC)/lib/libxenevtchn.map
$(XENSIM_OUT)/lib/%.so.1: $(XENSIM_SRC)/lib/%.map
	$(call xensim_say,LD)
	$(XENSIM_Q)mkdir -p $(@D)
	$(XENSIM_Q)$(CC) -shared $(XENSIM_LDFLAGS) -Wl,-soname,$(@F) -Wl,-z,defs -Wl,--version-script=$< \
		-o $@ $(filter %.o,$^) -lxentoollog

$(XENSIM_OUT)/xensim: $(XENSIM_HOST_OBJS)
	$(call xensim_say,LD)
	$(XENSIM_Q)mkdir -p $(@D)
	$(XENSIM_Q)$(CC) $(XENSIM_LDFLAGS) -o $@ $^ -lxenstore

-include $(wildcard $(XENSIM_OUT)/obj*/*/*.d)

# The host and the command once more, for the tests: any error of theirs is a failed test.
XENSIM_ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
XENSIM_ASAN_OBJS := $(patsubst $(XENSIM_OUT)/obj/%,$(XENSIM_OUT)/obj-asan/%,$(XENSIM_HOST_OBJS))
XENSIM_TESTS := $(patsubst %tools/xensim,%tests/xensim,$(XENSIM_SRC))
XENSIM_TEST_BINS := $(patsubst $(XENSIM_TESTS)/%.c,$(XENSIM_OUT)/tests/%,\
	$(wildcard $(XENSIM_TESTS)/*.c $(XENSIM_TESTS)/help/*.c))
XENSIM_TEST_LIBS := -lxengnttab -lxenevtchn -lxenstore -lxentoollog -lpthread

$(XENSIM_OUT)/obj-asan/%.o: $(XENSIM_SRC)/%.c
	$(call xensim_say,CC)
	$(XENSIM_Q)mkdir -p $(@D)
	$(XENSIM_Q)$(CC) $(XENSIM_CFLAGS) $(XENSIM_ASAN) -c -o $@ $<

$(XENSIM_OUT)/xensim-asan: $(XENSIM_ASAN_OBJS)
	$(call xensim_say,LD)
	$(XENSIM_Q)$(CC) $(XENSIM_LDFLAGS) $(XENSIM_ASAN) -o $@ $^ -lxenstore

$(XENSIM_OUT)/tests/%: $(XENSIM_TESTS)/%.c $(XENSIM_TESTS)/check.h
	$(call xensim_say,TEST)
	$(XENSIM_Q)mkdir -p $(@D)
	$(XENSIM_Q)$(CC) $(XENSIM_CFLAGS) -o $@ $< $(XENSIM_LDFLAGS) $(XENSIM_TEST_LIBS)

# The programs whose name ends so run under that sanitizer.
$(XENSIM_OUT)/tests/%.asan: $(XENSIM_TESTS)/%.c $(XENSIM_TESTS)/check.h
	$(call xensim_say,TEST)
	$(XENSIM_Q)$(CC) $(XENSIM_CFLAGS) $(XENSIM_ASAN) -o $@ $< $(XENSIM_LDFLAGS) $(XENSIM_TEST_LIBS)
$(XENSIM_OUT)/tests/%.tsan: $(XENSIM_TESTS)/%.c $(XENSIM_TESTS)/check.h
	$(call xensim_say,TEST)
	$(XENSIM_Q)$(CC) $(XENSIM_CFLAGS) -fsanitize=thread -o $@ $< $(XENSIM_LDFLAGS) $(XENSIM_TEST_LIBS)

XENSIM_SAN_BINS := $(foreach t,grants events,$(XENSIM_OUT)/tests/$(t).asan $(XENSIM_OUT)/tests/$(t).tsan)

.PHONY: check-xensim
check-xensim: $(XENSIM_PRODUCTS) $(XENSIM_OUT)/xensim-asan $(XENSIM_TEST_BINS) $(XENSIM_SAN_BINS)
	$(XENSIM_Q)CC="$(CC)" $(XENSIM_TESTS)/run $(XENSIM_OUT) $(TESTS)
