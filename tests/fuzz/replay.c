/* SPDX-License-Identifier: MIT */
/* replay.c - runs a fuzz target with each file that is named, as a plain test */
#include "fuzz.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		static uint8_t buf[1 << 20];
		FILE *f = fopen(argv[i], "rb");
		uint8_t *tight;
		size_t n;

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		n = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		/* Allocated with its exact length, so that a sanitiser sees a read beyond it. */
		tight = malloc(n ? n : 1);
		if (!tight)
			return 1;
		memcpy(tight, buf, n);
		fprintf(stderr, "%s\n", argv[i]);
		LLVMFuzzerTestOneInput(tight, n);
		free(tight);
	}
	return 0;
}
