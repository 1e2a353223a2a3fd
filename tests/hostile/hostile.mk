# SPDX-License-Identifier: MIT
# The hostile peers. Part of the project's Makefile, or: make -f Makefile -f tests/hostile/hostile.mk hostile

HOSTILE_DIR := tests/hostile
HOSTILE_OUT := $(BUILD)/$(HOSTILE_DIR)
hostile_objs = $(patsubst %,$(BUILD)/obj/$(HOSTILE_DIR)/%.o,$(1))

HOSTILE_SHARED := hostile store load
HOSTILE_FRONT := front-main front ring ctrl frames cases-ring cases-tx cases-offload cases-race cases-rx \
	cases-store cases-ctrl cases-gref cases-mapped cases-queues cases-mask cases-hash cases-xdp cases-header cases-load cases-held
HOSTILE_BACK := back-main back back-ring frames cases-back-ring cases-back-rx cases-back-store \
	cases-back-ctrl cases-back-queues cases-back-rss cases-back-hash cases-back-mcast cases-back-header cases-back-held

.PHONY: hostile
hostile: $(HOSTILE_OUT)/hostile-front $(HOSTILE_OUT)/hostile-back $(HOSTILE_OUT)/hostile-send ## build the hostile peers

# The one that runs in a real guest as well: nothing of ours is linked in.
$(HOSTILE_OUT)/hostile-front: $(call hostile_objs,$(HOSTILE_FRONT) $(HOSTILE_SHARED))
$(HOSTILE_OUT)/hostile-back: $(call hostile_objs,$(HOSTILE_BACK) $(HOSTILE_SHARED))
$(HOSTILE_OUT)/hostile-send: $(call hostile_objs,send)
$(HOSTILE_OUT)/hostile-%:
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lxengnttab -lxenevtchn -lxenstore -lpthread

-include $(wildcard $(BUILD)/obj/$(HOSTILE_DIR)/*.d)
