# SPDX-License-Identifier: MIT
# netpair. The targets that people use: `make help`.

BUILD ?= build
SAN ?=
prefix ?= /usr/local
VERSION := 0.1.0
comma := ,

# A sanitised build lives beside the plain one: make SAN=address,undefined
ifneq ($(SAN),)
BUILD := $(BUILD)/san-$(subst $(comma),-,$(subst undefined,ub,$(SAN)))
endif

WARN := -Wall -Wextra -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wvla -Wpointer-arith -Wwrite-strings -Wcast-qual \
	-Wformat=2 -Wswitch-enum -Werror
CPPFLAGS += -D_GNU_SOURCE -D__XEN_INTERFACE_VERSION__=0x00040e00 \
	-DNETPAIR_VERSION='"$(VERSION)"'
OPT ?= -O2 -g
CFLAGS += -std=c11 $(OPT) $(WARN) -fno-strict-overflow -fstack-protector-strong
LDFLAGS += -Wl,-z,relro,-z,now
ifneq ($(SAN),)
CFLAGS += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SAN)
# gcc's TSan does not know stand-alone fences and says so.
ifneq ($(findstring thread,$(SAN)),)
CFLAGS += -Wno-error=tsan
endif
endif

LIBS := -lxengnttab -lxenevtchn -lxenstore -lxentoollog -lsystemd -lpthread

ifeq ($(V),1)
Q :=
else
Q := @
endif
say = $(if $(Q),@printf '  %-7s %s\n' '$(1)' '$(2)')

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
COMMON := $(call obj,$(wildcard common/*.c))
BACKEND := $(call obj,$(wildcard backend/*.c))
FRONTEND := $(call obj,$(wildcard frontend/*.c))

.PHONY: all
all: $(BUILD)/netbackd $(BUILD)/netfrontd

$(BUILD)/libcommon.a: $(COMMON)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/netbackd: $(BACKEND) $(BUILD)/libcommon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/netfrontd: $(FRONTEND) $(BUILD)/libcommon.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(COMMON) $(BACKEND) $(FRONTEND))

.PHONY: clean
clean:
	rm -rf $(BUILD)
