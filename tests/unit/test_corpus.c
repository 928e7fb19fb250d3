/* lib/corpus: headers, trailers and columns, whole, cut, joined and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <zstd.h>

#include "lib/corpus.h"
#include "lib/hash.h"
#include "lib/mem.h"
#include "tests/unit/assert_error.h"
#include "tests/unit/scratch.h"

static void put_text(const char *text, bool compressed) {
    if (!compressed) {
        scratch_put_text(text);
        return;
    }
    char frame[8192];
    size_t n = ZSTD_compress(frame, sizeof frame, text, strlen(text), 3);
    assert_false(ZSTD_isError(n));
    scratch_put(frame, n);
}

/* Read the scratch file; its rows as "a|b;" for each. -1: refused. */
static int read_all(struct buf *rows, struct err *err) {
    buf_clear(rows);
    buf_puts(rows, "");
    struct corpus_reader *c = corpus_open(scratch_file, err);
    if (!c)
        return -1;
    size_t n;
    corpus_columns(c, &n);
    char **fields;
    int got;
    while ((got = corpus_next(c, &fields, err)) > 0)
        for (size_t i = 0; i < n; i++)
            buf_printf(rows, "%s%c", fields[i], i + 1 < n ? '|' : ';');
    if (got == 0)
        assert_int_equal(corpus_next(c, &fields, err), 0);
    corpus_close(c);
    return got;
}

static void accepts(const char *text, bool compressed, const char *rows) {
    struct buf got = {0};
    struct err err = {0};
    put_text(text, compressed);
    if (read_all(&got, &err) != 0)
        fail_msg("refused: %s", err.text);
    assert_string_equal(got.data, rows);
    buf_free(&got);
}

static void refuses(const char *text, bool compressed, const char *why) {
    struct buf got = {0};
    struct err err = {0};
    put_text(text, compressed);
    assert_int_equal(read_all(&got, &err), -1);
    assert_error(&err, STATUS_DATA, scratch_file, why);
    buf_free(&got);
}

static void both_refuse(const char *text, const char *why) {
    refuses(text, false, why);
    refuses(text, true, why);
}

#define HEAD "##espalier 1\n##prog\tmaker 1\n##prog\tfilter\tTAB inside\n##bare\n#source\ttarget\n"

static void header_and_columns(void **state) {
    (void)state;
    struct err err = {0};
    put_text(HEAD "a\tb\n##end\tn=1\n", true);
    struct corpus_reader *c = corpus_open(scratch_file, &err);
    assert_non_null(c);
    size_t n;
    const char *const *columns = corpus_columns(c, &n);
    assert_int_equal(n, 2);
    assert_string_equal(columns[0], "source");
    assert_int_equal(corpus_column(c, "target"), 1);
    assert_int_equal(corpus_column(c, "targe"), -1);
    size_t column = 7;
    assert_int_equal(corpus_need_column(c, "target", &column, &err), 0);
    assert_int_equal(column, 1);
    assert_int_equal(corpus_need_column(c, "targe", &column, &err), -1);
    assert_error(&err, STATUS_DATA, scratch_file,
                 ": has no column 'targe'; did you mean 'target'?");
    assert_int_equal(corpus_need_column(c, "zzzzzzzzzz", &column, &err), -1);
    assert_error(&err, STATUS_DATA, scratch_file, ": has no column 'zzzzzzzzzz'");
    assert_null(strstr(err.text, "did you mean"));
    assert_string_equal(corpus_header(c, "prog", 0), "maker 1");
    assert_string_equal(corpus_header(c, "prog", 1), "filter\tTAB inside");
    assert_string_equal(corpus_header(c, "bare", 0), "");
    assert_null(corpus_header(c, "prog", 2));
    assert_null(corpus_header(c, "espalier", 0));
    assert_string_equal(corpus_name(c), scratch_file);
    char **fields;
    assert_int_equal(corpus_next(c, &fields, &err), 1);
    assert_int_equal(corpus_line(c), 6);
    assert_string_equal(fields[1], "b");
    assert_int_equal(corpus_next(c, &fields, &err), 0);
    corpus_close(c);
    corpus_close(NULL);
    assert_null(corpus_open("no/such/corpus", &err));
    assert_int_equal(err.status, STATUS_NOINPUT);
}

static void trailer(void **state) {
    (void)state;
    accepts(HEAD "##end\tn=0\n", true, "");
    accepts(HEAD "a\tb\nc\t\n\td\n##end\tn=3\n", true, "a|b;c|;|d;");
    /* plain text is taken as it comes: a person may have cut it */
    accepts(HEAD "a\tb\n", false, "a|b;");
    accepts(HEAD "a\tb\n##end\tn=7\n", false, "a|b;");
    accepts(HEAD, false, "");
    refuses(HEAD "a\tb\n", true, "cut short: after 1 examples");
    refuses(HEAD, true, "cut short: after 0 examples");
    refuses(HEAD "a\tb\n##end\tn=0\n", true,
            "line 7: the trailer counts 0 examples, but there are 1");
    refuses(HEAD "a\tb\n##end\tn=2\n", true, "the trailer counts 2 examples");
    refuses(HEAD "a\tb\n##end\tn=18446744073709551617\n", true, "does not tell the number");
    const char *const bad[] = {"n=", "n=x", "n=1x", "n=-1", "n=+1", "n= 1", "1", "", "n=1\tmore"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf text = {0};
        buf_printf(&text, HEAD "a\tb\n##end\t%s\n", bad[i]);
        refuses(text.data, true, "does not tell the number");
        buf_free(&text);
    }
    both_refuse(HEAD "a\tb\n##end\tn=1\na\tb\n", "line 8: text after the trailer");
    both_refuse(HEAD "##end\tn=0\n\n", "text after the trailer");
    both_refuse(HEAD "##end\tn=0\n##end\tn=0\n", "text after the trailer");
    both_refuse(HEAD "##end\tn=0\n##prog\tx\n", "text after the trailer");
    both_refuse(HEAD "a\tb\n##prog\tx\n", "opens with '#' but is no example");
    both_refuse(HEAD "a\tb\n# comment\tx\n", "opens with '#' but is no example");
    both_refuse(HEAD "a\tb\n##end\n", "opens with '#' but is no example");
}

static void bad_headers(void **state) {
    (void)state;
    both_refuse("", "is empty");
    both_refuse("\n\n", "is empty");
    both_refuse("##espalier 1\n", "ends inside its header");
    both_refuse("##espalier 1\n##prog\tx\n", "ends inside its header");
    both_refuse("##espalier 1\n##prog\tx\na\tb\n",
                "line 3: the header has no line that names the columns");
    both_refuse("##espalier 1\n\n#source\n", "line 2: the header has no line");
    both_refuse("##espalier 2\n#source\n", "line 1: format version '2' is not one");
    both_refuse("##espalier 1.1\n#source\n", "format version '1.1'");
    both_refuse("##espalier \n#source\n", "format version ''");
    both_refuse("##espalier 1\n#source\ttarget\tsource\n",
                "line 2: column 'source' is named twice");
    both_refuse("##espalier 1\n#source\t\n", "line 2: a column has no name");
    both_refuse("##espalier 1\n#\n", "a column has no name");
}

static void uneven_rows(void **state) {
    (void)state;
    both_refuse(HEAD "a\tb\nc\n", "line 7: 1 column, expected 2");
    both_refuse(HEAD "a\tb\tc\n", "line 6: 3 columns, expected 2");
    both_refuse(HEAD "a\tb\t\n", "line 6: 3 columns, expected 2"); /* no stray TABs of our own */
    both_refuse(HEAD "a\tb\n\nc\td\n", "line 7: 1 column, expected 2");
    both_refuse("a\tb\n\nc\n", "line 3: 1 column, expected 2");
    both_refuse("a\nb\tc\n", "line 2: 2 columns, expected 1");
    both_refuse("a\tb\tc\n", "line 1: more than two columns");
    both_refuse("a\tb\nc\td\t\t\n", "line 2: 4 columns, expected 2");
    both_refuse("a\tb\nc\td\te\n", "line 2: 3 columns, expected 2");
}

static void headerless(void **state) {
    (void)state;
    for (int z = 0; z <= 1; z++) {
        accepts("a\tb\nc\td", z, "a|b;c|d;");
        accepts("\n\na\tb\n\n\nc\td\n\n", z, "a|b;c|d;");
        accepts("a b\nc d\n", z, "a b;c d;");
        accepts("a\tb\nc\td\t\n", z, "a|b;c|d;"); /* stray TABs of published files */
        accepts("a\tb\t\nc\td\n", z, "a|b;c|d;");
        accepts("a\t\n\tb\n", z, "a|;|b;");
        accepts("# no comment\n", z, "# no comment;");
        accepts("source\ttarget\ttags\na\tb\tx\n", z, "a|b|x;"); /* a table's heading */
        accepts("#source\nsource of a\n", z, "source of a;");
        accepts("source of\ta\nb\tc\n", z, "source of|a;b|c;");
    }
    both_refuse("a\tb\n" HEAD "##end\tn=0\n", "a corpus with a header follows text without one");
    struct err err = {0};
    put_text("a\n", false);
    struct corpus_reader *c = corpus_open(scratch_file, &err);
    assert_non_null(c);
    assert_int_equal(corpus_column(c, "source"), 0);
    assert_int_equal(corpus_column(c, "target"), -1);
    assert_null(corpus_header(c, "prog", 0));
    corpus_close(c); /* without reading the row held back */
}

static void joined_sections(void **state) {
    (void)state;
    const char *const one = HEAD "a\tb\n##end\tn=1\n";
    struct buf text = {0};
    buf_printf(&text, "%s" HEAD "c\td\ne\tf\n##end\tn=2\n", one);
    accepts(text.data, true, "a|b;c|d;e|f;");
    accepts(text.data, false, "a|b;c|d;e|f;");
    buf_clear(&text);
    buf_printf(&text, "%s" HEAD "c\td\n##end\tn=2\n", one); /* counts are of the section */
    refuses(text.data, true, "the trailer counts 2 examples, but there are 1");
    buf_clear(&text);
    buf_printf(&text, "%s" HEAD "c\td\n", one);
    refuses(text.data, true, "cut short: after 1 examples");
    buf_clear(&text);
    buf_printf(&text, "%s##espalier 1\n#source\ttarget\ttags\n##end\tn=0\n", one);
    both_refuse(text.data, "line 9: the columns differ");
    buf_clear(&text);
    buf_printf(&text, "%s##espalier 1\n#target\tsource\n##end\tn=0\n", one);
    both_refuse(text.data, "the columns differ");
    /* a first part that lost its trailer */
    accepts(HEAD "a\tb\n" HEAD "c\td\n", false, "a|b;c|d;");
    refuses(HEAD "a\tb\n" HEAD "c\td\n##end\tn=1\n", true, "no example");
    buf_free(&text);
}

/* The scratch file's rows by corpus_next_row, their fields apart, as read_all tells them. */
static void rows_are(const char *text, bool compressed, const char *rows, const char *fields) {
    struct buf whole = {0}, parts = {0};
    struct err err = {0};
    put_text(text, compressed);
    struct corpus_reader *c = corpus_open(scratch_file, &err);
    assert_non_null(c);
    size_t n, len, field_len;
    corpus_columns(c, &n);
    const char *row;
    int got;
    buf_puts(&whole, "");
    buf_puts(&parts, "");
    assert_true(corpus_ready(c));
    while ((got = corpus_next_row(c, &row, &len, &err)) > 0) {
        buf_add(&whole, row, len);
        buf_putc(&whole, ';');
        for (size_t i = n; i-- > 0;) { /* in any order */
            const char *field = corpus_field(c, i, &field_len);
            buf_add(&parts, field, field_len);
            buf_putc(&parts, i ? '|' : ';');
        }
    }
    assert_int_equal(got, 0);
    assert_int_equal(corpus_next_row(c, &row, &len, &err), 0);
    assert_string_equal(whole.data, rows);
    assert_string_equal(parts.data, fields);
    corpus_close(c);
    buf_free(&whole);
    buf_free(&parts);
}

static void rows_as_they_stand(void **state) {
    (void)state;
    for (int z = 0; z <= 1; z++) {
        rows_are(HEAD "a\tb\nc\t\n\td\n\t\n##end\tn=4\n", z, "a\tb;c\t;\td;\t;", "b|a;|c;d|;|;");
        rows_are("a\tb\t\n\nc\td", z, "a\tb;c\td;", "b|a;d|c;"); /* without the stray TAB */
        rows_are("a b\n\nc\r\n", z, "a b;c;", "a b;c;");
        rows_are("##espalier 1\n#source\n\na\n##end\tn=2\n", z, ";a;", ";a;");
        rows_are("#source\ttarget\ttags\na\tb\tc\n", z, "a\tb\tc;", "c|b|a;");
    }
    struct err err = {0};
    put_text(HEAD "a\tb\nc\n##end\tn=2\n", true);
    struct corpus_reader *c = corpus_open(scratch_file, &err);
    const char *row;
    size_t len;
    assert_int_equal(corpus_next_row(c, &row, &len, &err), 1);
    assert_int_equal(corpus_next_row(c, &row, &len, &err), -1);
    assert_error(&err, STATUS_DATA, scratch_file, "line 7: 1 column, expected 2");
    corpus_close(c);
}

/* Which header lines the reader gives to each section, as "key=value " and ";". */
static void sections_are(const struct corpus_reader *c, const char *expected) {
    struct buf text = {0};
    buf_puts(&text, "");
    for (size_t s = 0; s < corpus_sections(c); s++) {
        size_t first, n;
        const char *key, *value;
        corpus_section(c, s, &first, &n);
        for (size_t i = first; i < first + n; i++) {
            assert_true(corpus_header_line(c, i, &key, &value));
            buf_printf(&text, "%s=%s ", key, value);
        }
        buf_putc(&text, ';');
    }
    assert_string_equal(text.data, expected);
    buf_free(&text);
}

static void sections_are_told_apart(void **state) {
    (void)state;
    struct err err = {0};
    const char *row;
    size_t len;
    put_text("##espalier 1\n##a\t1\n##b\t2\n#source\nx\n##end\tn=1\n"
             "##espalier 1\n#source\n##end\tn=0\n"
             "##espalier 1\n##a\t3\n#source\ny\n##end\tn=1\n",
             true);
    struct corpus_reader *c = corpus_open(scratch_file, &err);
    assert_non_null(c);
    sections_are(c, "a=1 b=2 ;");
    assert_int_equal(corpus_next_row(c, &row, &len, &err), 1);
    sections_are(c, "a=1 b=2 ;");
    assert_int_equal(corpus_next_row(c, &row, &len, &err), 1);
    sections_are(c, "a=1 b=2 ;;a=3 ;");
    assert_int_equal(corpus_next_row(c, &row, &len, &err), 0);
    assert_int_equal(corpus_sections(c), 3);
    corpus_close(c);
    put_text("x\n", false);
    c = corpus_open(scratch_file, &err);
    sections_are(c, ";");
    corpus_close(c);
}

static struct corpus_writer *begin(enum corpus_form form) {
    struct err err = {0};
    static const char *const columns[] = {"source", "target"};
    struct corpus_writer *c = corpus_create(scratch_file, form, &err);
    assert_non_null(c);
    assert_int_equal(corpus_put_header(c, "key", "value\twith TAB", &err), 0);
    assert_int_equal(corpus_put_columns(c, columns, 2, &err), 0);
    return c;
}

static void round_trip(void **state) {
    (void)state;
    struct err err = {0};
    struct buf rows = {0}, expected = {0};
    for (int form = CORPUS_AUTO; form <= CORPUS_ZSTD; form++) {
        struct corpus_writer *c = begin((enum corpus_form)form);
        buf_clear(&expected);
        for (int i = 0; i < 200000; i++) { /* several frames */
            char text[40];
            snprintf(text, sizeof text, "word number %d #", i * 7919);
            const char *fields[] = {text, i % 3 ? "#may open a later field" : ""};
            assert_int_equal(corpus_put_row(c, fields, &err), 0);
            buf_printf(&expected, "%s|%s;", fields[0], fields[1]);
        }
        assert_int_equal(corpus_finish(c, &err), 0);
        if (read_all(&rows, &err) != 0)
            fail_msg("%s", err.text);
        assert_int_equal(rows.len, expected.len);
        assert_memory_equal(rows.data, expected.data, rows.len);
    }
    /* Cut exactly between two frames the file is a valid zstd stream, and no corpus. */
    struct buf file = {0};
    scratch_get(scratch_file, &file);
    size_t frames = 0;
    for (size_t at = 0; at < file.len; frames++) {
        if (at) {
            scratch_put(file.data, at);
            assert_int_equal(read_all(&rows, &err), -1);
            assert_non_null(strstr(err.text, "the trailer ##end is missing"));
        }
        at += ZSTD_findFrameCompressedSize(file.data + at, file.len - at);
    }
    assert_true(frames > 2);
    /* whole copies joined are twice the corpus */
    buf_clear(&expected);
    buf_add(&expected, file.data, file.len);
    buf_add(&expected, file.data, file.len);
    scratch_put(expected.data, expected.len);
    size_t once = rows.len;
    assert_int_equal(read_all(&rows, &err), 0);
    assert_true(rows.len > once);
    buf_free(&file);
    buf_free(&rows);
    buf_free(&expected);
}

static void writer_refuses(void **state) {
    (void)state;
    struct err err = {0};
    struct corpus_writer *c = corpus_create(scratch_file, CORPUS_TEXT, &err);
    assert_non_null(c);
    assert_int_equal(corpus_put_header(c, "a\tb", "v", &err), -1);
    assert_int_equal(corpus_put_header(c, "a\nb", "v", &err), -1);
    assert_int_equal(corpus_put_header(c, "", "v", &err), -1);
    assert_int_equal(corpus_put_header(c, "a", "v\nw", &err), -1);
    const char *const bad_columns[][2] = {
        {"a\tb", "c"}, {"a", "b\nc"}, {"", "a"}, {"a", ""}, {"#a", "b"}};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(corpus_put_columns(c, bad_columns[i], 2, &err), -1);
    const char *const columns[] = {"source", "#target"}; /* only a line may not open so */
    assert_int_equal(corpus_put_columns(c, columns, 2, &err), 0);
    const char *const bad_rows[][2] = {{"a\tb", "c"}, {"a", "b\tc"}, {"a\nb", "c"},
                                       {"a", "\n"},   {"#", "a"},    {"##end", ""}};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(corpus_put_row(c, bad_rows[i], &err), -1);
        assert_error(&err, STATUS_DATA, NULL, "example 1:");
    }
    const char *const row[] = {"", "#b"};
    assert_int_equal(corpus_put_row(c, row, &err), 0);
    assert_int_equal(corpus_finish(c, &err), 0);
    struct buf rows = {0};
    assert_int_equal(read_all(&rows, &err), 0);
    assert_string_equal(rows.data, "|#b;");
    buf_free(&rows);
    unlink(scratch_file);
    corpus_discard(begin(CORPUS_ZSTD));
    corpus_discard(NULL);
    assert_int_equal(access(scratch_file, F_OK), -1);
    assert_null(corpus_create("no/such/folder/corpus", CORPUS_ZSTD, &err));
    assert_int_equal(err.status, STATUS_CANTCREATE);
}

static void ready_rows_and_sections_are_written(void **state) {
    (void)state;
    struct err err = {0};
    static const char *const columns[] = {"source", "target"};
    for (int form = CORPUS_TEXT; form <= CORPUS_ZSTD; form++) {
        struct corpus_writer *c = begin((enum corpus_form)form);
        assert_int_equal(corpus_put_line(c, "a\tb", 3, &err), 0);
        assert_int_equal(corpus_put_rows(c, "c\td\n\te\n", 7, 2, &err), 0);
        assert_int_equal(corpus_flush(c, &err), 0);
        assert_int_equal(corpus_put_section(c, &err), 0);
        assert_int_equal(corpus_put_header(c, "second", "2", &err), 0);
        assert_int_equal(corpus_put_columns(c, columns, 2, &err), 0);
        assert_int_equal(corpus_put_line(c, "f\t#", 3, &err), 0);
        assert_int_equal(corpus_finish(c, &err), 0);
        struct buf rows = {0};
        if (read_all(&rows, &err) != 0)
            fail_msg("%s", err.text);
        assert_string_equal(rows.data, "a|b;c|d;|e;f|#;");
        if (form == CORPUS_TEXT)
            assert_content(scratch_file, "##espalier 1\n##key\tvalue\twith TAB\n"
                                         "#source\ttarget\na\tb\nc\td\n\te\n##end\tn=3\n"
                                         "##espalier 1\n##second\t2\n"
                                         "#source\ttarget\nf\t#\n##end\tn=1\n");
        buf_free(&rows);
    }
    struct corpus_writer *c = begin(CORPUS_TEXT);
    assert_int_equal(corpus_put_line(c, "a\tb", 3, &err), 0);
    assert_int_equal(corpus_put_line(c, "#a\tb", 4, &err), -1);
    assert_error(&err, STATUS_DATA, NULL, "example 2: '#a\tb' opens with '#'");
    corpus_discard(c);
}

static size_t size_of(const char *path) {
    struct buf content = {0};
    scratch_get(path, &content);
    size_t size = content.len;
    buf_free(&content);
    return size;
}

/* To a device or a pipe, plain text can be had at once; zstd does not depend on when. */
static void flushing(void **state) {
    (void)state;
    struct err err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int saved = dup(STDOUT_FILENO);
    fflush(NULL);
    dup2(ends[1], STDOUT_FILENO);
    struct corpus_writer *c = corpus_create("-", CORPUS_TEXT, &err);
    int put = corpus_put_line(c, "a", 1, &err), flushed = corpus_flush(c, &err);
    dup2(saved, STDOUT_FILENO);
    char text[64] = "";
    ssize_t n = read(ends[0], text, sizeof text - 1);
    corpus_discard(c);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(put, 0);
    assert_int_equal(flushed, 0);
    assert_int_equal(n, 15);
    assert_string_equal(text, "##espalier 1\na\n");

    size_t size[2];
    for (int often = 0; often <= 1; often++) {
        c = begin(CORPUS_ZSTD);
        for (int i = 0; i < 100; i++) {
            assert_int_equal(corpus_put_line(c, "a\tb", 3, &err), 0);
            if (often)
                assert_int_equal(corpus_flush(c, &err), 0);
        }
        assert_int_equal(corpus_finish(c, &err), 0);
        size[often] = size_of(scratch_file);
    }
    assert_int_equal(size[0], size[1]);
}

/* Asked before reading, after some rows and after all, the digest is that of the lines that count;
 * and the rows are what they are without it. */
static void digest_is(const char *text, bool compressed, const char *telling, uint64_t examples) {
    struct err err = {0};
    struct corpus_digest d;
    put_text(text, compressed);
    assert_int_equal(corpus_hash(scratch_file, &d, &err), 0);
    assert_true(d.hash == hash_bytes(telling, strlen(telling)));
    assert_int_equal(d.examples, examples);
    for (uint64_t most = 0; most <= examples + 1; most++) {
        struct corpus_reader *plain = corpus_open(scratch_file, &err),
                             *c = corpus_open_digesting(scratch_file, &err);
        assert_non_null(plain);
        assert_non_null(c);
        size_t n;
        corpus_columns(c, &n);
        char **fields, **same;
        uint64_t rows = 0;
        while (rows < most && corpus_next(c, &fields, &err) > 0) {
            assert_int_equal(corpus_next(plain, &same, &err), 1);
            for (size_t i = 0; i < n; i++)
                assert_string_equal(fields[i], same[i]);
            rows++;
        }
        d = (struct corpus_digest){0};
        assert_int_equal(corpus_end_digest(c, &d, &err), 0);
        assert_true(d.hash == hash_bytes(telling, strlen(telling)));
        assert_int_equal(d.examples, examples);
        assert_int_equal(rows, most < examples ? most : examples);
        corpus_close(c);
        corpus_close(plain);
    }
}

static void digests(void **state) {
    (void)state;
    for (int compressed = 0; compressed < 2; compressed++) {
        digest_is("a b\tc\nd\te\n", compressed, "a b\tc\nd\te\n", 2);
        digest_is("\xEF\xBB\xBF"
                  "a\r\n\r\n\nb",
                  compressed, "a\n\n\nb\n", 2);
        digest_is("##espalier 1\n##prog\tx\n##vocab\ta b\n##tree\n##class\tA\ta\n##rules\tr\n"
                  "##tags\tt\n#source\ttarget\na\tb\n\tb\n##end\tn=2\n",
                  compressed,
                  "##espalier 1\n##vocab\ta b\n##class\tA\ta\n##rules\tr\n"
                  "##tags\tt\n#source\ttarget\na\tb\n\tb\n##end\tn=2\n",
                  2);
        digest_is("##espalier 1\n##cmd\tx\n#source\na\n##end\tn=1\n"
                  "##espalier 1\n##cmd\ty\n#source\nb\n##end\tn=1\n",
                  compressed,
                  "##espalier 1\n#source\na\n##end\tn=1\n"
                  "##espalier 1\n#source\nb\n##end\tn=1\n",
                  2);
    }
    /* Damage behind what was read is still found. */
    struct err err = {0};
    struct corpus_digest d;
    scratch_put("a\nb\nc\0d\n", 8);
    struct corpus_reader *c = corpus_open_digesting(scratch_file, &err);
    assert_non_null(c);
    assert_int_equal(corpus_end_digest(c, &d, &err), -1);
    assert_error(&err, STATUS_DATA, scratch_file, "line 3: holds a NUL");
    corpus_close(c);
    c = corpus_open_digesting(scratch_file, &err);
    corpus_close(c); /* unasked */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_and_columns),
        cmocka_unit_test(trailer),
        cmocka_unit_test(bad_headers),
        cmocka_unit_test(uneven_rows),
        cmocka_unit_test(headerless),
        cmocka_unit_test(joined_sections),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(writer_refuses),
        cmocka_unit_test(rows_as_they_stand),
        cmocka_unit_test(sections_are_told_apart),
        cmocka_unit_test(ready_rows_and_sections_are_written),
        cmocka_unit_test(flushing),
        cmocka_unit_test(digests),
    };
    return cmocka_run_group_tests_name("corpus", tests, scratch_make, scratch_remove);
}
