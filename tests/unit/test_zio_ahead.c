/* lib/zio reads long inputs ahead on a thread: the same lines, the same errors at the same lines,
 * lines as soon as they arrive, and no waiting when it is closed. A hang ends by alarm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <zstd.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "lib/zio.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

enum { LINES = 40000 };

static struct buf text; /* LINES lines, about 4 MB, some of them not ASCII */
static size_t starts[LINES + 1];

static int make_text(void **state) {
    struct rng r = rng_at(3, RNG_NOISE, 0);
    for (size_t i = 0; i < LINES; i++) {
        starts[i] = text.len;
        for (uint32_t k = rng_below(&r, 200); k > 0; k--)
            buf_puts(&text, i % 7 ? "x" : "\xE2\x82\xAC");
        if (i % 1000 == 0)
            buf_putc(&text, '\r');
        buf_putc(&text, '\n');
    }
    starts[LINES] = text.len;
    return scratch_make(state);
}

static int drop_text(void **state) {
    buf_free(&text);
    return scratch_remove(state);
}

/* In frames that end anywhere. */
static void add_frames(struct buf *out, const char *bytes, size_t len) {
    static const size_t sizes[] = {1 << 20, 12345, 1 << 18, 300001};
    for (size_t i = 0; len > 0; i++) {
        size_t n = sizes[i % 4] < len ? sizes[i % 4] : len, room = ZSTD_compressBound(n);
        void *frame = mem_alloc(room, 1);
        size_t size = ZSTD_compress(frame, room, bytes, n, 1);
        assert_false(ZSTD_isError(size));
        buf_add(out, frame, size);
        free(frame);
        bytes += n;
        len -= n;
    }
}

static void expect_line(struct zio_reader *z, size_t i) {
    char *line;
    size_t len;
    struct err err = {0};
    if (zio_getline(z, &line, &len, &err) != 1)
        fail_msg("line %zu: %s", i + 1, err.text);
    size_t n = starts[i + 1] - starts[i] - 1 - (i % 1000 == 0);
    if (len != n || memcmp(line, text.data + starts[i], n) != 0 || line[len])
        fail_msg("line %zu is not what was written", i + 1);
    memset(line, '\n', len + 1); /* the caller may write into it */
}

/* The scratch file has the lines before number `lines`, and then fails with `why`; NULL: ends. */
static void check_file(size_t lines, const char *why) {
    struct err err = {0};
    struct zio_reader *z = zio_open(scratch_file, &err);
    assert_non_null(z);
    for (size_t i = 0; i < lines; i++)
        expect_line(z, i);
    char *line;
    size_t len;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(zio_getline(z, &line, &len, &err), why ? -1 : 0);
        if (why)
            assert_error(&err, STATUS_DATA, scratch_file, why);
        if (why && strncmp(why, "line", 4) == 0)
            break;
    }
    zio_close(z);
}

/* The same for plain text and for frames of it. */
static void check_both(const char *bytes, size_t len, size_t lines, const char *why) {
    struct buf file = {0};
    scratch_put(bytes, len);
    check_file(lines, why);
    add_frames(&file, bytes, len);
    scratch_put(file.data, file.len);
    check_file(lines, why);
    buf_free(&file);
}

static void long_inputs(void **state) {
    (void)state;
    check_both(text.data, text.len, LINES, NULL);
    check_both(text.data, text.len - 1, LINES, NULL);
}

static void bad_text_is_told_at_its_line(void **state) {
    (void)state;
    struct rng r = rng_at(4, RNG_NOISE, 0);
    for (int k = 0; k < 10; k++) {
        size_t bad = rng_below(&r, LINES - 1);
        while (starts[bad + 1] - starts[bad] < 5)
            bad++;
        char *place = text.data + starts[bad + 1] - 3, kept = *place, why[80];
        *place = k % 2 ? '\0' : '\xFF';
        snprintf(why, sizeof why, "line %zu: %s", bad + 1, k % 2 ? "holds a NUL" : "is not UTF-8");
        check_both(text.data, text.len, bad, why);
        *place = kept;
    }
    /* a sequence that the line's end cuts, though its rest opens the next line */
    char lines[] = "aaaa\xE2\n\x82\xAC\n";
    scratch_put_text(lines);
    check_file(0, "line 1: is not UTF-8");
}

static void damage_comes_after_the_lines_before_it(void **state) {
    (void)state;
    struct buf file = {0};
    add_frames(&file, text.data, starts[30000]);
    size_t sound = file.len;
    add_frames(&file, text.data + starts[30000], text.len - starts[30000]);
    for (size_t cut = sound + 1; cut < sound + 20; cut++) {
        scratch_put(file.data, cut);
        check_file(30000, "after line 30000: the compressed stream is cut short inside a frame");
    }
    file.len = sound; /* and a frame whose first block is of the reserved type */
    buf_add(&file, "\x28\xB5\x2F\xFD\x20\x05\x07\0\0hello", 14);
    scratch_put(file.data, file.len);
    check_file(30000, "after line 30000: damaged zstd data");
    file.data[sound] ^= 0x55;
    scratch_put(file.data, file.len);
    check_file(30000, "after line 30000: the bytes after the last zstd frame are no frame");
    buf_free(&file);
}

static void long_lines_are_refused_where_they_are(void **state) {
    (void)state;
    struct buf bytes = {0};
    buf_add(&bytes, text.data, starts[20000]);
    for (size_t i = 0; i <= ZIO_LINE_MAX; i++)
        buf_putc(&bytes, 'a');
    check_both(bytes.data, bytes.len, 20000, "line 20001: longer than");
    buf_putc(&bytes, '\n');
    check_both(bytes.data, bytes.len, 20000, "line 20001: longer than");
    buf_free(&bytes);
}

/* Standard input as a pipe whose other end is returned; `saved` is to be given back. */
static int pipe_in(int *saved) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    *saved = dup(STDIN_FILENO);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    return ends[1];
}

static void pipe_out(int saved) {
    dup2(saved, STDIN_FILENO);
    close(saved);
}

static void put(int fd, const void *bytes, size_t n) {
    assert_int_equal(write(fd, bytes, n), n);
}

static void lines_arrive_at_once(void **state) {
    (void)state;
    for (int compressed = 0; compressed <= 1; compressed++) {
        int saved, end = pipe_in(&saved);
        struct err err = {0};
        struct zio_reader *z = zio_open("-", &err);
        assert_non_null(z);
        assert_false(zio_ready(z));
        ZSTD_CCtx *c = ZSTD_createCCtx();
        ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, -5);
        char *packed = mem_alloc(1 << 17, 1);
        /* Fewer than a pipe holds at a time, and each part read before the next is written. */
        for (size_t i = 0; i < 4000;) {
            size_t last = i < 1000 ? i + 50 : i + 1 + i % 3;
            ZSTD_inBuffer in = {text.data + starts[i], starts[last] - starts[i], 0};
            ZSTD_outBuffer out = {packed, 1 << 17, 0};
            if (compressed)
                assert_int_equal(ZSTD_compressStream2(c, &out, &in, ZSTD_e_flush), 0);
            put(end, compressed ? packed : in.src, compressed ? out.pos : in.size);
            for (; i < last; i++) {
                expect_line(z, i);
                if (i + 1 < last)
                    assert_true(zio_ready(z));
            }
            assert_false(zio_ready(z));
        }
        zio_close(z);
        ZSTD_freeCCtx(c);
        free(packed);
        close(end);
        pipe_out(saved);
    }
}

/* The first bytes tell plain text as soon as they can be nothing else. */
static void the_first_line_may_be_short(void **state) {
    (void)state;
    static const char *const lines[] = {"\n", "a\n", "(\n", "Z\n", "(a\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int saved, end = pipe_in(&saved);
        struct err err = {0};
        struct zio_reader *z = zio_open("-", &err);
        assert_non_null(z);
        char *line;
        size_t len;
        for (int again = 0; again < 2; again++) {
            put(end, lines[i], strlen(lines[i]));
            assert_int_equal(zio_getline(z, &line, &len, &err), 1);
            assert_int_equal(len, strlen(lines[i]) - 1);
        }
        close(end);
        assert_int_equal(zio_getline(z, &line, &len, &err), 0);
        zio_close(z);
        pipe_out(saved);
    }
}

static void closing_does_not_wait(void **state) {
    (void)state;
    for (size_t lines = 0; lines <= 3000; lines += 1000) {
        int saved, end = pipe_in(&saved);
        struct err err = {0};
        struct zio_reader *z = zio_open("-", &err);
        assert_non_null(z);
        for (size_t i = 0; i < lines; i += 100) {
            put(end, text.data + starts[i], starts[i + 100] - starts[i]);
            for (size_t k = i; k < i + 100; k++)
                expect_line(z, k);
        }
        zio_close(z); /* the other end is open */
        close(end);
        pipe_out(saved);
    }
    /* with lines that nobody took */
    scratch_put(text.data, text.len);
    for (size_t taken = 0; taken < LINES; taken += 1999) {
        struct err err = {0};
        struct zio_reader *z = zio_open(scratch_file, &err);
        assert_non_null(z);
        for (size_t i = 0; i < taken; i++)
            expect_line(z, i);
        zio_close(z);
    }
}

/* Short inputs, read by the caller, and long ones, read ahead; the lines before still come. */
static void a_descriptor_interrupts_waiting(void **state) {
    (void)state;
    for (size_t lines = 0; lines <= 3000; lines += 1500) {
        int wake[2], saved, end = pipe_in(&saved);
        assert_int_equal(pipe(wake), 0);
        zio_interrupt_by(wake[0]);
        struct err err = {0};
        struct zio_reader *z = zio_open("-", &err);
        assert_non_null(z);
        for (size_t i = 0; i < lines; i += 100) {
            put(end, text.data + starts[i], starts[i + 100] - starts[i]);
            for (size_t k = i; k < i + 100; k++)
                expect_line(z, k);
        }
        pid_t child = fork(); /* wakes it while it waits */
        if (child == 0) {
            nanosleep(&(struct timespec){.tv_nsec = 30000000}, NULL);
            _exit(write(wake[1], "", 1) != 1);
        }
        char *line;
        size_t len;
        assert_int_equal(zio_getline(z, &line, &len, &err), -1);
        assert_error(&err, STATUS_AGAIN, "standard input: ", "interrupted");
        assert_int_equal(waitpid(child, NULL, 0), child);
        zio_close(z);
        zio_interrupt_by(-1);
        close(wake[0]);
        close(wake[1]);
        close(end);
        pipe_out(saved);
    }
}

static void several_readers_side_by_side(void **state) {
    (void)state;
    enum { READERS = 20 };
    struct buf file = {0};
    add_frames(&file, text.data, text.len);
    scratch_put(file.data, file.len);
    struct zio_reader *z[READERS];
    struct err err = {0};
    for (int k = 0; k < READERS; k++) {
        z[k] = zio_open(scratch_file, &err);
        assert_non_null(z[k]);
    }
    for (size_t i = 0; i < LINES; i++)
        for (int k = 0; k < READERS; k++)
            if (i < LINES - (size_t)k * 1000)
                expect_line(z[k], i);
    for (int k = 0; k < READERS; k++)
        zio_close(z[k]);
    buf_free(&file);
}

/* Another process may have made the pipe non-blocking. */
static void nonblocking_pipes(void **state) {
    (void)state;
    int saved, end = pipe_in(&saved);
    fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (size_t i = 0; i < 5000; i += 500) {
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
            for (size_t at = starts[i]; at < starts[i + 500];) {
                ssize_t n = write(end, text.data + at, starts[i + 500] - at);
                if (n < 0)
                    _exit(1);
                at += (size_t)n;
            }
        }
        _exit(0);
    }
    close(end);
    struct err err = {0};
    struct zio_reader *z = zio_open("-", &err);
    assert_non_null(z);
    for (size_t i = 0; i < 5000; i++)
        expect_line(z, i);
    char *line;
    size_t len;
    assert_int_equal(zio_getline(z, &line, &len, &err), 0);
    assert_true(zio_ready(z));
    zio_close(z);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    pipe_out(saved);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_inputs),
        cmocka_unit_test(bad_text_is_told_at_its_line),
        cmocka_unit_test(damage_comes_after_the_lines_before_it),
        cmocka_unit_test(long_lines_are_refused_where_they_are),
        cmocka_unit_test(lines_arrive_at_once),
        cmocka_unit_test(the_first_line_may_be_short),
        cmocka_unit_test(closing_does_not_wait),
        cmocka_unit_test(a_descriptor_interrupts_waiting),
        cmocka_unit_test(several_readers_side_by_side),
        cmocka_unit_test(nonblocking_pipes),
    };
    alarm(120);
    return cmocka_run_group_tests_name("zio, reading ahead", tests, make_text, drop_text);
}
