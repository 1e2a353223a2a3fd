/* SPDX-License-Identifier: MIT */
/* input.h - the input of a target that runs commands, and the loop that runs them */
#ifndef NETPAIR_FUZZ_INPUT_H
#define NETPAIR_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* The bytes that are not taken yet. */
extern const uint8_t *input;
extern size_t input_left;

/* Takes one byte after another and runs a command with it, which may take further ones, until none is left. */
void input_run(void (*command)(uint8_t what));

/* Returns the number of open descriptors below 64. */
unsigned int input_files(void);

#endif
