/* SPDX-License-Identifier: MIT */
/* input.c - runs the commands of an input */
#include "input.h"

#include <unistd.h>

#include "fuzz.h"

const uint8_t *input;
size_t input_left;

void input_run(void (*command)(uint8_t what))
{
	while (input_left)
		command(eat8(&input, &input_left));
}

unsigned int input_files(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 64; fd++)
		n += dup2(fd, fd) == fd;
	return n;
}
