/* lib/opt: what a command line means, and which are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/mem.h"
#include "lib/opt.h"
#include "tests/unit/child.h"

/* What the options of the tool under test hold after a parse. */
struct values {
    int64_t count;
    uint64_t seed;
    double rate;
    const char *where, *form;
    struct opt_list evals;
    bool verbose, quiet;
    char *operands[8];
    int n_operands;
    char *command;
};

static const char *const forms[] = {"text", "zstd", NULL};

static void parse(struct values *v, int argc, char **argv) {
    *v = (struct values){.count = 1000, .rate = 0.5, .form = "zstd"};
    struct opt options[] = {
        {OPT_GROUP, .help = "What to make"},
        {OPT_COUNT, 'n', "count", &v->count, "count", "number of examples", 0, 1e12},
        {OPT_SEED, 's', "seed", &v->seed, "seed", "sets every seed"},
        {OPT_NUMBER, 'r', "rate", &v->rate, "rate", "a rate", 0, 1},
        {OPT_TEXT, 'w', "where", &v->where, "expr", "by tags"},
        {OPT_CHOICE, 0, "form", &v->form, "form", "of the output", .choices = forms},
        {OPT_LIST, 'e', "eval", &v->evals, "file", "a file"},
        {OPT_FLAG, 'v', "verbose", &v->verbose, NULL, "say more"},
        {OPT_FLAG, 'q', "quiet", &v->quiet, NULL, "no notes", .aside = true},
        {OPT_END},
    };
    struct opt_tool tool = {"tool", "A tool.", "[OPTION]... FILE", options, "More.\n", 1, 3};
    char **operands = opt_parse(&tool, argc, argv, &v->n_operands);
    for (int i = 0; i < v->n_operands; i++)
        v->operands[i] = operands[i];
    v->command = opt_command_text(&tool, operands, v->n_operands);
    free(operands);
    msg_set_quiet(false);
}

/* Arguments that end with NULL, behind the name of the tool. opt_parse may write into them. */
static int collect(char **argv, const char *first, va_list more) {
    int argc = 0;
    static char name[] = "tool";
    argv[argc++] = name;
    for (const char *a = first; a; a = va_arg(more, const char *))
        argv[argc++] = mem_strdup(a);
    argv[argc] = NULL;
    return argc;
}

static char *kept[32];
static int n_kept;

static int release(void **state) {
    (void)state;
    while (n_kept)
        free(kept[--n_kept]);
    return 0;
}

static void good(struct values *v, const char *first, ...) {
    release(NULL);
    char *argv[32];
    va_list more;
    va_start(more, first);
    int argc = collect(argv, first, more);
    va_end(more);
    parse(v, argc, argv);
    for (int i = 1; i < argc; i++)
        kept[n_kept++] = argv[i];
    kept[n_kept++] = v->command;
    kept[n_kept++] = (char *)v->evals.items;
}

struct command {
    int argc;
    char **argv;
};

static void parse_command(void *context) {
    struct command *c = context;
    struct values v;
    parse(&v, c->argc, c->argv);
    _exit(200); /* it went through */
}

static void bad(const char *why, const char *first, ...) {
    char *argv[32];
    struct buf said = {0};
    va_list more;
    va_start(more, first);
    int argc = collect(argv, first, more);
    va_end(more);
    int status = child_run(parse_command, &(struct command){argc, argv}, &said);
    if (status != STATUS_USAGE)
        fail_msg("%s: exit status %d, said '%s'", why, status, said.data);
    if (strncmp(said.data, "tool: ", 6) != 0 || !strstr(said.data, why))
        fail_msg("'%s' does not say '%s'", said.data, why);
    assert_ptr_equal(strchr(said.data, '\n'), said.data + said.len - 1); /* one line */
    buf_free(&said);
    for (int i = 1; i < argc; i++)
        free(argv[i]);
}

static void counts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good_counts[] = {
        {"500", 500},
        {"20k", 20000},
        {"1.5k", 1500},
        {"1M", 1000000},
        {"2G", 2000000000},
        {"0", 0},
        {"-1", -1}, /* a tool's bounds refuse it */
        {"-1.5k", -1500},
        {"+7", 7},
        {"007", 7},
        {".5k", 500},
        {"1.k", 1000},
        {"1.1k", 1100},
        {"1.234567M", 1234567},
        {"0.001k", 1},
        {"9007199254740991", 9007199254740991},
        {"-9007199254740991", -9007199254740991},
        {"9007199G", 9007199000000000},
    };
    static const char *const none[] = {
        "",
        " ",
        "1e3",
        "1e",
        "k",
        "M",
        "-",
        "+",
        ".",
        "-k",
        "1 k",
        " 1",
        "1 ",
        "1K",
        "1m",
        "1g",
        "1kk",
        "1kM",
        "1.5",
        "0x10",
        "1,000",
        "1_000",
        "nan",
        "inf",
        "infG",
        "--1",
        "+-1",
        "1.2.3",
        "1-2",
        "0.0005k",
        "1.00001k",
        "9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "9007200G",
        "-9007200G",
        "99999999999999999999999999",
        "99999999999999999999999999999999999999999999999999",
        "00000000000000000000000000000000001",
        "five",
        "\xD9\xA1",
    };
    for (size_t i = 0; i < sizeof good_counts / sizeof *good_counts; i++) {
        int64_t value = -77;
        if (opt_read_count(good_counts[i].text, &value) != 0)
            fail_msg("%s is refused", good_counts[i].text);
        assert_int_equal(value, good_counts[i].value);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        int64_t value = -77;
        if (opt_read_count(none[i], &value) != -1)
            fail_msg("'%s' passes for %lld", none[i], (long long)value);
        assert_int_equal(value, -77);
    }
    struct values v;
    good(&v, "-n20k", "f", NULL);
    assert_int_equal(v.count, 20000);
    good(&v, "-n", "1M", "f", NULL);
    assert_int_equal(v.count, 1000000);
    good(&v, "--count=1.5k", "f", NULL);
    assert_int_equal(v.count, 1500);
    good(&v, "f", NULL);
    assert_int_equal(v.count, 1000);
    bad("--count is -1; it must be from 0 to 1000000000000", "-n", "-1", "f", NULL);
    bad("--count is 2000G", "--count", "2000G", "f", NULL);
    bad("takes a whole number such as 500, 20k or 1M, not ''", "--count=", "f", NULL);
    bad("not '1e3'", "--count", "1e3", "f", NULL);
    bad("--count needs a value", "f", "--count", NULL);
    bad("-n (--count) needs a value", "f", "-n", NULL);
    bad("--count is given twice", "-n1", "--count", "2", "f", NULL);
}

static void seeds(void **state) {
    (void)state;
    struct values v;
    good(&v, "-s", "18446744073709551615", "f", NULL);
    assert_true(v.seed == UINT64_MAX);
    good(&v, "--seed=9007199254740993", "f", NULL); /* no double on the way */
    assert_true(v.seed == 9007199254740993u);
    good(&v, "-s0", "f", NULL);
    assert_true(v.seed == 0);
    good(&v, "-s00000000000000000000000000000000000012", "f", NULL);
    assert_true(v.seed == 12);
    static const char *const none[] = {
        "18446744073709551616", "-1", "+1", "", " 1", "1 ", "1k", "1.0", "0x1", "1e3"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        bad("--seed takes a whole number from 0 to 18446744073709551615", "--seed", none[i], "f",
            NULL);
}

static void numbers(void **state) {
    (void)state;
    double x;
    assert_int_equal(opt_read_number("1e-3", &x), 0);
    assert_true(x == 1e-3);
    assert_int_equal(opt_read_number("-.5", &x), 0);
    assert_true(x == -0.5);
    assert_int_equal(opt_read_number("+2.", &x), 0);
    assert_true(x == 2);
    static const char *const none[] = {"",     "nan",      "NaN",   "-nan",   "nan(1)", "inf",
                                       "-inf", "Infinity", "1e999", "-1e999", "0x1p3",  "0x10",
                                       "1x",   " 1",       "1 ",    "\t1",    "1e",     "e1",
                                       ".",    "-",        "1,5",   "1f",     "1p3",    "--1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        x = -77;
        if (opt_read_number(none[i], &x) != -1)
            fail_msg("'%s' passes for %g", none[i], x);
        assert_true(x == -77);
    }
    struct values v;
    good(&v, "-r1", "f", NULL);
    assert_true(v.rate == 1);
    bad("--rate is 1.0000001; it must be from 0 to 1", "--rate", "1.0000001", "f", NULL);
    bad("--rate is -0.1", "--rate=-0.1", "f", NULL);
    bad("--rate takes a number, not 'nan'", "--rate", "nan", "f", NULL);
    bad("--rate takes a number, not '0x1'", "-r0x1", "f", NULL);
}

static void forms_of_writing(void **state) {
    (void)state;
    struct values v;
    good(&v, "-vqn5", "-w", "a b", "x", "--eval=1", "-e2", "y", "--eval", "3", NULL);
    assert_true(v.verbose && v.quiet);
    assert_int_equal(v.count, 5);
    assert_string_equal(v.where, "a b");
    assert_int_equal(v.evals.n, 3);
    assert_string_equal(v.evals.items[0], "1");
    assert_string_equal(v.evals.items[2], "3");
    assert_int_equal(v.n_operands, 2);
    assert_string_equal(v.operands[1], "y");
    assert_string_equal(v.command,
                        "tool x y --count 5 --where 'a b' --eval 1 --eval 2 --eval 3 --verbose");
    good(&v, "-", "--", "--count", "-n", NULL);
    assert_int_equal(v.n_operands, 3);
    assert_string_equal(v.operands[0], "-");
    assert_string_equal(v.operands[1], "--count");
    assert_int_equal(v.count, 1000);
    good(&v, "-=0.5", "x=1", NULL);
    assert_int_equal(v.n_operands, 2);
    assert_string_equal(v.operands[0], "-=0.5");
    good(&v, "--where", "--count", "f", NULL); /* a value may look like an option */
    assert_string_equal(v.where, "--count");
    good(&v, "--where=", "f", NULL);
    assert_string_equal(v.where, "");
    assert_string_equal(v.command, "tool f --where ''");
    good(&v, "--where=a=b", "f", NULL);
    assert_string_equal(v.where, "a=b");
    good(&v, "-wit's\n", "f", NULL);
    assert_string_equal(v.command, "tool f --where 'it'\\''s?'");
    good(&v, "--form=text", "-v", "-v", "f", NULL);
    assert_string_equal(v.form, "text");
    bad("--form is 'Text'; it must be text or zstd", "--form", "Text", "f", NULL);
    bad("--form is ''", "--form=", "f", NULL);
    bad("--verbose takes no value", "--verbose=yes", "f", NULL);
    bad("missing operand", "-v", NULL);
    bad("missing operand", NULL);
    bad("too many operands, from 'd' on", "a", "b", "c", "d", NULL);
}

static void near_misses(void **state) {
    (void)state;
    bad("unknown option --cuont; did you mean --count?", "--cuont", "5", "f", NULL);
    bad("unknown option --sed; did you mean --seed?", "--sed=5", "f", NULL);
    bad("did you mean --version?", "--verison", NULL);
    bad("unknown option --frobnicate (--help lists all)", "--frobnicate", NULL);
    bad("unknown option -- (", "--=5", NULL);
    bad("unknown option -x", "-x", NULL);
    bad("unknown option -x", "-vx", NULL);
    bad("unknown option --?[31m", "--\033[31m", NULL); /* no escapes on a terminal */
    char name[400];
    memset(name, 'a', sizeof name);
    memcpy(name, "--", 2);
    name[sizeof name - 1] = '\0';
    bad("unknown option --aaa", name, NULL);
}

static void help_and_version(void **state) {
    (void)state;
    struct buf said = {0};
    char name[] = "tool", help[] = "--help", letter[] = "-h", version[] = "--version";
    char *argv[] = {name, help, NULL};
    struct command command = {2, argv};
    assert_int_equal(child_run(parse_command, &command, &said), 0);
    assert_non_null(strstr(said.data, "Usage: tool [OPTION]... FILE\n"));
    assert_non_null(strstr(said.data, "-n, --count <count>"));
    assert_non_null(strstr(said.data, "number of examples [1000]"));
    assert_non_null(strstr(said.data, "of the output: text | zstd [zstd]"));
    assert_non_null(strstr(said.data, "\nMore.\n"));
    for (char *line = strtok(said.data, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 80);
    argv[1] = letter;
    assert_int_equal(child_run(parse_command, &command, &said), 0);
    assert_memory_equal(said.data, "Usage: ", 7);
    argv[1] = version;
    assert_int_equal(child_run(parse_command, &command, &said), 0);
    assert_memory_equal(said.data, "tool ", 5);
    buf_free(&said);
}

/* The command of a header, given to sh, says the same words. */
static void quoting_survives_the_shell(void **state) {
    (void)state;
    static const char *const words[] = {
        "a b", "it's", "$HOME", "`id`", "\\",           "*",
        "~",   "",     "a\"b",  "#x",   "na\xC3\xAFve", "a;b|c&d>e"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct values v;
        good(&v, "--where", words[i], "f", NULL);
        struct buf script = {0};
        buf_printf(&script, "tool() { printf '%%s|' \"$@\"; }; %s", v.command);
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            dup2(ends[1], STDOUT_FILENO);
            execl("/bin/sh", "sh", "-c", script.data, (char *)NULL);
            _exit(127);
        }
        close(ends[1]);
        char said[256], expected[256];
        size_t n = 0;
        for (ssize_t got; (got = read(ends[0], said + n, sizeof said - 1 - n)) > 0;)
            n += (size_t)got;
        said[n] = '\0';
        close(ends[0]);
        waitpid(child, NULL, 0);
        snprintf(expected, sizeof expected, "f|--where|%s|", words[i]);
        assert_string_equal(said, expected);
        buf_free(&script);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(counts, release),
        cmocka_unit_test_teardown(seeds, release),
        cmocka_unit_test_teardown(numbers, release),
        cmocka_unit_test_teardown(forms_of_writing, release),
        cmocka_unit_test(near_misses),
        cmocka_unit_test(help_and_version),
        cmocka_unit_test_teardown(quoting_survives_the_shell, release),
    };
    return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
