/* lib/zio: lines come back as they were written, and damage never passes for an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <zstd.h>

#include "lib/mem.h"
#include "lib/rng.h"
#include "lib/zio.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

/* Read the scratch file to its end. Returns what the last zio_getline did; the lines, each with LF,
 * are in *out unless it is NULL. */
static int read_all(struct buf *out, uint64_t *n, struct err *err) {
    struct zio_reader *z = zio_open(scratch_file, err);
    assert_non_null(z);
    char *line;
    size_t len;
    int got;
    if (out)
        buf_clear(out);
    while ((got = zio_getline(z, &line, &len, err)) > 0) {
        assert_int_equal(strlen(line), len);
        if (out) {
            buf_add(out, line, len);
            buf_putc(out, '\n');
        }
    }
    if (got == 0) /* the end stays the end */
        assert_int_equal(zio_getline(z, &line, &len, err), 0);
    if (n)
        *n = zio_line(z);
    zio_close(z);
    return got;
}

static void accepts(const void *bytes, size_t size, const char *lines) {
    struct err err = {0};
    struct buf text = {0};
    scratch_put(bytes, size);
    if (read_all(&text, NULL, &err) != 0)
        fail_msg("refused: %s", err.text);
    assert_string_equal(text.data ? text.data : "", lines);
    buf_free(&text);
}

static void refuses(const void *bytes, size_t size, const char *why) {
    struct err err = {0};
    scratch_put(bytes, size);
    assert_int_equal(read_all(NULL, NULL, &err), -1);
    assert_error(&err, STATUS_DATA, scratch_file, why);
}

/* A frame of text, with checksum and size as zio writes them, or without. */
static void add_frame(struct buf *out, const char *text, size_t len, int own_habits) {
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, own_habits);
    ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, own_habits);
    size_t room = ZSTD_compressBound(len);
    void *frame = mem_alloc(room, 1);
    size_t n = ZSTD_compress2(c, frame, room, text, len);
    assert_false(ZSTD_isError(n));
    buf_add(out, frame, n);
    free(frame);
    ZSTD_freeCCtx(c);
}

static void write_lines(int level, size_t n, const size_t *lengths, struct buf *expected) {
    struct err err = {0};
    struct outfile *f = outfile_open(scratch_file, &err);
    assert_non_null(f);
    struct zio_writer *z = zio_write_to(f, level);
    struct rng r = rng_at(11, RNG_NOISE, n);
    struct buf line = {0};
    buf_clear(expected);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&line);
        buf_puts(&line, "");
        for (size_t k = 0; k < lengths[i]; k++)
            buf_putc(&line, (char)('a' + rng_below(&r, 26)));
        assert_int_equal(zio_putline(z, line.data, line.len, &err), 0);
        buf_add(expected, line.data, line.len);
        buf_putc(expected, '\n');
    }
    assert_int_equal(zio_finish(z, &err), 0);
    buf_free(&line);
}

static void round_trip(size_t n, const size_t *lengths) {
    struct buf expected = {0}, got = {0};
    struct err err = {0};
    for (int level = 0; level <= 3; level += 3) {
        uint64_t lines;
        write_lines(level, n, lengths, &expected);
        if (read_all(&got, &lines, &err) != 0)
            fail_msg("%s", err.text);
        assert_int_equal(lines, n);
        assert_int_equal(got.len, expected.len);
        assert_memory_equal(got.data, expected.data, got.len);
    }
    buf_free(&expected);
    buf_free(&got);
}

static void round_trips_at_every_border(void **state) {
    (void)state;
    const size_t mib = (size_t)1 << 20, raw = (size_t)1 << 17;
    const size_t around[] = {0,       1,       2,       raw - 2, raw - 1, raw,    raw + 1,
                             mib - 3, mib - 2, mib - 1, mib,     mib + 1, 3 * mib};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        round_trip(1, &around[i]);
        const size_t pair[] = {around[i], 1, 0, around[i], 5};
        round_trip(5, pair);
    }
    size_t many[3000];
    struct rng r = rng_at(1, RNG_NOISE, 0);
    for (size_t i = 0; i < 3000; i++)
        many[i] = rng_below(&r, 2000);
    round_trip(3000, many);
}

static void frames_hold_whole_lines(void **state) {
    (void)state;
    struct buf expected = {0}, file = {0};
    size_t lengths[300];
    for (size_t i = 0; i < 300; i++)
        lengths[i] = 9000 + i;
    write_lines(3, 300, lengths, &expected);
    scratch_get(scratch_file, &file);
    size_t frames = 0, at = 0, text = 0;
    char *plain = mem_alloc((size_t)4 << 20, 1);
    while (at < file.len) {
        size_t size = ZSTD_findFrameCompressedSize(file.data + at, file.len - at);
        assert_false(ZSTD_isError(size));
        unsigned long long content = ZSTD_getFrameContentSize(file.data + at, size);
        assert_true(content <= (1 << 20)); /* also refuses "unknown" */
        size_t n = ZSTD_decompress(plain, (size_t)4 << 20, file.data + at, size);
        assert_int_equal(n, content);
        assert_int_equal(plain[n - 1], '\n');
        assert_memory_equal(plain, expected.data + text, n);
        assert_true((file.data[at + 4] & 4) != 0); /* the checksum flag of the frame header */
        at += size;
        text += n;
        frames++;
    }
    assert_int_equal(text, expected.len);
    assert_int_equal(frames, 3);
    free(plain);
    buf_free(&expected);
    buf_free(&file);
}

static void nothing_written_is_an_empty_file(void **state) {
    (void)state;
    struct buf file = {0};
    write_lines(3, 0, NULL, &file);
    scratch_get(scratch_file, &file);
    assert_int_equal(file.len, 0);
    accepts("", 0, "");
    buf_free(&file);
}

static void discard_leaves_nothing(void **state) {
    (void)state;
    struct err err = {0};
    unlink(scratch_file);
    struct outfile *f = outfile_open(scratch_file, &err);
    assert_non_null(f);
    struct zio_writer *z = zio_write_to(f, 3);
    assert_int_equal(zio_putline(z, "x", 1, &err), 0);
    zio_discard(z);
    zio_discard(NULL);
    assert_int_equal(access(scratch_file, F_OK), -1);
}

/* Two frames: a cut is legal only before them, between them and after them. */
static void every_cut_is_seen(void **state) {
    (void)state;
    struct buf file = {0};
    for (int own = 0; own <= 1; own++) {
        buf_clear(&file);
        add_frame(&file, "one\ntwo\n", 8, own);
        size_t border = file.len;
        add_frame(&file, "three\nfour\n", 11, own);
        for (size_t cut = 1; cut < file.len; cut++) {
            if (cut == border)
                accepts(file.data, cut, "one\ntwo\n");
            else if (cut > border && cut < border + 4)
                refuses(file.data, cut, "trailing garbage");
            else
                refuses(file.data, cut, "cut short inside");
        }
        accepts(file.data, file.len, "one\ntwo\nthree\nfour\n");
    }
    buf_free(&file);
}

/* A stream longer than the decoder's buffers, without checksums, cut near its end. */
static void long_frames_without_checksum(void **state) {
    (void)state;
    struct buf text = {0}, file = {0};
    struct rng r = rng_at(5, RNG_NOISE, 0);
    while (text.len < 700000)
        buf_putc(&text, text.len % 71 ? (char)('a' + rng_below(&r, 26)) : '\n');
    buf_putc(&text, '\n');
    add_frame(&file, text.data, text.len, 0);
    accepts(file.data, file.len, text.data);
    refuses(file.data, file.len - 1, "cut short inside");
    refuses(file.data, file.len / 2, "cut short inside");
    /* and a frame that is all one run, so that a few bytes of input become much output */
    buf_clear(&text), buf_clear(&file);
    for (int i = 0; i < 900000; i++)
        buf_putc(&text, i % 100000 ? 'z' : '\n');
    buf_putc(&text, '\n');
    add_frame(&file, text.data, text.len, 0);
    accepts(file.data, file.len, text.data);
    refuses(file.data, file.len - 1, "cut short inside");
    buf_free(&text);
    buf_free(&file);
}

static void damage_is_seen(void **state) {
    (void)state;
    struct buf file = {0};
    add_frame(&file, "one\ntwo\n", 8, 1);
    size_t n = file.len;
    for (size_t i = 0; i < n; i++) { /* every bit: the checksum covers the content */
        for (int bit = 0; bit < 8; bit++) {
            file.data[i] ^= (char)(1 << bit);
            scratch_put(file.data, n);
            struct err err = {0};
            struct buf text = {0};
            int got = read_all(&text, NULL, &err);
            if (got == 0 && strcmp(text.data, "one\ntwo\n") != 0)
                fail_msg("bit %d of byte %zu flipped: read as '%s'", bit, i, text.data);
            buf_free(&text);
            file.data[i] ^= (char)(1 << bit);
        }
    }
    file.data[n - 1] ^= 1;
    refuses(file.data, n, "checksum");
    buf_free(&file);
}

static void trailing_garbage_is_seen(void **state) {
    (void)state;
    const char *const tails[] = {"\n",           "garbage",          "one\n",
                                 "\x28\xB5\x2F", "\x28\xB5\x2F\xFE", "    "};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        struct buf file = {0};
        add_frame(&file, "one\n", 4, 1);
        buf_puts(&file, tails[i]);
        refuses(file.data, file.len, "trailing garbage");
        buf_free(&file);
    }
    struct buf zeros = {0};
    add_frame(&zeros, "one\n", 4, 1);
    buf_add(&zeros, "\0\0\0\0\0\0\0\0", 8);
    refuses(zeros.data, zeros.len, "trailing garbage");
    buf_free(&zeros);
}

static void frames_are_joined(void **state) {
    (void)state;
    struct buf file = {0};
    const char skippable[] = "\x5F\x2A\x4D\x18\x05\0\0\0hello";
    const char empty_skippable[] = "\x50\x2A\x4D\x18\0\0\0\0";
    buf_add(&file, empty_skippable, 8);
    buf_add(&file, skippable, 13);
    add_frame(&file, "one\ntw", 6, 1); /* a line across frames */
    buf_add(&file, skippable, 13);
    add_frame(&file, "", 0, 1);
    add_frame(&file, "o\nthree", 7, 0);
    size_t n = file.len;
    accepts(file.data, n, "one\ntwo\nthree\n");
    buf_add(&file, skippable, 13);
    accepts(file.data, file.len, "one\ntwo\nthree\n");
    refuses(file.data, file.len - 1, "cut short inside");
    accepts(skippable, 13, "");
    buf_free(&file);
}

static void plain_text(void **state) {
    (void)state;
    accepts("", 0, "");
    accepts("\n", 1, "\n");
    accepts("a", 1, "a\n");
    accepts("a\nb", 3, "a\nb\n");
    accepts("\n\n", 2, "\n\n");
    accepts("a\r\nb\r\n", 6, "a\nb\n");
    accepts("a\rb\n", 4, "a\rb\n"); /* only before LF */
    accepts("\r\n", 2, "\n");
    accepts("abc", 3, "abc\n");
    accepts("(a\n", 3, "(a\n"); /* opens as zstd's magic does */
    refuses("a\0b\n", 4, "line 1: holds a NUL byte");
    refuses("a\nb\n\0", 5, "line 3: holds a NUL byte");
    refuses("\0", 1, "NUL");
}

static void utf8_is_checked(void **state) {
    (void)state;
    static const char *const good[] = {
        "\xC2\x80",
        "\xDF\xBF",
        "\xE0\xA0\x80",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
        "na\xC3\xAFve \xE2\x82\xAC",
        "\x7F",
    };
    static const char *const bad[] = {
        "\x80",
        "\xBF",
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
        "\xFE",
        "a\xC3",
        "a\xE2\x82",
        "a\xF0\x9F\x98",
        "\xC3(",
        "\xE2(\xA1",
        "\xE2\x82(",
        "\xF0(\x8C\xBC",
        "\xF0\x90(\xBC",
        "\xF0\x90\x8C(",
    };
    struct buf b = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        buf_clear(&b);
        buf_printf(&b, "%s\n", good[i]);
        accepts(good[i], strlen(good[i]), b.data);
        accepts(b.data, b.len, b.data);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuses(bad[i], strlen(bad[i]), "line 1: is not UTF-8"); /* at the very end of the input */
        buf_clear(&b);
        buf_printf(&b, "fine\n%s\n\x80\n", bad[i]); /* followed by a continuation byte */
        refuses(b.data, b.len, "line 2: is not UTF-8");
    }
    buf_free(&b);
}

static void longest_line(void **state) {
    (void)state;
    struct buf b = {0}, file = {0};
    char *run = mem_alloc(ZIO_LINE_MAX + 2, 1);
    memset(run, 'x', ZIO_LINE_MAX + 2);
    for (int compressed = 0; compressed <= 1; compressed++)
        for (size_t extra = 0; extra <= 2; extra++)
            for (int newline = 0; newline <= 1; newline++) {
                buf_clear(&b);
                buf_puts(&b, "ab\n");
                buf_add(&b, run, ZIO_LINE_MAX + extra);
                if (newline)
                    buf_puts(&b, "\ncd\n");
                buf_clear(&file);
                if (compressed)
                    add_frame(&file, b.data, b.len, 1);
                else
                    buf_add(&file, b.data, b.len);
                if (extra) {
                    refuses(file.data, file.len, "line 2: longer than");
                } else {
                    if (!newline)
                        buf_putc(&b, '\n');
                    accepts(file.data, file.len, b.data);
                }
            }
    free(run);
    buf_free(&b);
    buf_free(&file);
}

/* What a reader refuses is not written, alone or among other lines. */
static void longest_line_written(void **state) {
    (void)state;
    struct buf text = {0}, got = {0};
    char *run = mem_alloc(ZIO_LINE_MAX + 2, 1);
    memset(run, 'x', ZIO_LINE_MAX + 1);
    for (int level = 0; level <= 1; level++)
        for (int together = 0; together <= 1; together++)
            for (size_t extra = 0; extra <= 1; extra++) {
                struct err err = {0};
                struct outfile *f = outfile_open(scratch_file, &err);
                assert_non_null(f);
                struct zio_writer *z = zio_write_to(f, level);
                size_t n = ZIO_LINE_MAX + extra;
                buf_clear(&text);
                buf_puts(&text, "ab\n");
                buf_add(&text, run, n);
                buf_puts(&text, "\n");
                int result = together ? zio_putlines(z, text.data, text.len, &err)
                                      : zio_putline(z, run, n, &err);
                assert_int_equal(result, extra ? -1 : 0);
                if (extra) {
                    assert_error(&err, STATUS_DATA, scratch_file, "a line of 16777217 bytes");
                    zio_discard(z);
                    continue;
                }
                assert_int_equal(zio_finish(z, &err), 0);
                assert_int_equal(read_all(&got, NULL, &err), 0);
                assert_int_equal(got.len, together ? text.len : n + 1);
            }
    free(run);
    buf_free(&text);
    buf_free(&got);
}

static void names_and_numbers(void **state) {
    (void)state;
    struct err err = {0};
    struct buf file = {0};
    add_frame(&file, "one\ntwo\n", 8, 1);
    scratch_put(file.data, file.len);
    struct zio_reader *z = zio_open(scratch_file, &err);
    assert_non_null(z);
    char *line;
    size_t len;
    assert_string_equal(zio_name(z), scratch_file);
    assert_int_equal(zio_line(z), 0);
    assert_int_equal(zio_getline(z, &line, &len, &err), 1);
    assert_string_equal(line, "one");
    assert_int_equal(zio_line(z), 1);
    assert_true(zio_is_compressed(z));
    zio_close(z);
    zio_close(NULL);

    assert_null(zio_open("no/such/file", &err));
    assert_error(&err, STATUS_NOINPUT, "no/such/file", NULL);
    assert_null(zio_open(scratch_folder, &err));
    assert_error(&err, STATUS_NOINPUT, scratch_folder, "is a folder");
    buf_free(&file);
}

/* Input that trickles in through a pipe, a few bytes at a time, on standard input. */
static void slow_pipes(void **state) {
    (void)state;
    struct buf file = {0}, text = {0};
    add_frame(&file, "one\ntwo\n", 8, 1);
    add_frame(&file, "three\n", 6, 1);
    for (size_t step = 1; step <= 3; step++) {
        int ends[2], saved = dup(STDIN_FILENO);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            for (size_t i = 0; i < file.len; i += step)
                if (write(ends[1], file.data + i, i + step > file.len ? file.len - i : step) < 0)
                    _exit(1);
            _exit(0);
        }
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        struct err err = {0};
        struct zio_reader *z = zio_open("-", &err);
        assert_non_null(z);
        assert_string_equal(zio_name(z), "standard input");
        char *line;
        size_t len;
        buf_clear(&text);
        while (zio_getline(z, &line, &len, &err) > 0)
            buf_printf(&text, "%s|", line);
        assert_string_equal(text.data, "one|two|three|");
        zio_close(z);
        dup2(saved, STDIN_FILENO);
        close(saved);
    }
    buf_free(&file);
    buf_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips_at_every_border),
        cmocka_unit_test(frames_hold_whole_lines),
        cmocka_unit_test(nothing_written_is_an_empty_file),
        cmocka_unit_test(discard_leaves_nothing),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(long_frames_without_checksum),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(trailing_garbage_is_seen),
        cmocka_unit_test(frames_are_joined),
        cmocka_unit_test(plain_text),
        cmocka_unit_test(utf8_is_checked),
        cmocka_unit_test(longest_line),
        cmocka_unit_test(longest_line_written),
        cmocka_unit_test(names_and_numbers),
        cmocka_unit_test(slow_pipes),
    };
    return cmocka_run_group_tests_name("zio", tests, scratch_make, scratch_remove);
}
