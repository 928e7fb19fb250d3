/* The bytes of one fuzz run as a file that a reader can open. */
#ifndef ESPALIER_FUZZ_INPUT_H
#define ESPALIER_FUZZ_INPUT_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The path of a file in memory that holds the bytes, until the next call. */
static inline const char *fuzz_path(const uint8_t *bytes, size_t size) {
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        snprintf(path, sizeof path, "/dev/shm/espalier-fuzz-%ld", (long)getpid());
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        unlink(path);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size)
        abort();
    return path;
}

#endif
