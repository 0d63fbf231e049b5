/* The file that hostile_host.c follows: the script, and each chunk with its bytes. */
#ifndef FUZZ_HOSTILE_HOST_H
#define FUZZ_HOSTILE_HOST_H

#include <stdint.h>

/* The first chunk is written once the setup has come, each of the others after a request; then the process ends. */
struct hostile_script {
	uint32_t chunks;
	int32_t signal; /* 0: it exits with `status` */
	int32_t status;
};

struct hostile_chunk {
	uint32_t size;
	uint32_t split; /* so many bytes are written before the others; 0: all at once */
};

#endif
