#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/opt_private.h"
#include "lib/optdoc.h"
#include "lib/version.h"

const struct opt *opt_find(const struct opt_tool *tool, const char *name) {
    for (const struct opt *o = tool->options; o->type != OPT_END; o++)
        if (o->name && strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

bool opt_given(const struct opt_tool *tool, const char *name) {
    const struct opt *o = opt_find(tool, name);
    return o && o->given;
}

char *opt_command_text(const struct opt_tool *tool, char *const *operands, int n_operands) {
    struct buf b = {0};
    buf_puts(&b, tool->name);
    for (int i = 0; i < n_operands; i++) {
        buf_putc(&b, ' ');
        opt_put_quoted(&b, operands[i]);
    }
    for (const struct opt *o = tool->options; o->type != OPT_END; o++) {
        if (!o->given || o->aside)
            continue;
        const struct opt_list one = {.n = 1}, *list = o->type == OPT_LIST ? o->value : &one;
        for (size_t i = 0; i < list->n; i++) {
            char *value = o->type == OPT_LIST ? mem_strdup(list->items[i]) : opt_value_text(o);
            buf_putc(&b, ' ');
            opt_put_name(&b, o);
            if (o->type != OPT_FLAG) {
                buf_putc(&b, ' ');
                opt_put_quoted(&b, value);
            }
            free(value);
        }
    }
    for (char *c = b.data; *c; c++) /* a header is one line */
        if ((unsigned char)*c < 0x20)
            *c = '?';
    return b.data;
}

/* Print text from column `from` on, wrapped at 80, the first line being at column `at`. */
static void print_wrapped(FILE *out, const char *text, int at, int from) {
    while (*text) {
        size_t word = strcspn(text, " ");
        if (at > from && at + 1 + (int)word > 80) {
            fprintf(out, "\n%*s", from, "");
            at = from;
        } else if (at > from) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, word, out);
        at += (int)word;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_option(FILE *out, const struct opt *o) {
    enum { HELP_COLUMN = 27 };
    char left[96], letter[8] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    if (o->type == OPT_FLAG)
        snprintf(left, sizeof left, "  %s--%s", letter, o->name);
    else
        snprintf(left, sizeof left, "  %s--%s <%s>", letter, o->name,
                 o->argument ? o->argument : "value");
    int width = (int)strlen(left);
    fputs(left, out);
    if (width + 2 > HELP_COLUMN)
        fprintf(out, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(out, "%*s", HELP_COLUMN - width, "");

    struct buf text = {0};
    buf_puts(&text, o->help);
    if (o->type == OPT_CHOICE) {
        buf_puts(&text, ": ");
        for (size_t i = 0; o->choices[i]; i++)
            buf_printf(&text, "%s%s", i ? " | " : "", o->choices[i]);
    }
    char *value = opt_value_text(o);
    /* A help text that ends with ] tells a default that depends on other options. */
    if (o->type != OPT_FLAG && *value && o->help[strlen(o->help) - 1] != ']')
        buf_printf(&text, " [%s]", value);
    print_wrapped(out, text.data, HELP_COLUMN, HELP_COLUMN);
    free(value);
    buf_free(&text);
}

static _Noreturn void end_of_output(void) {
    if (fflush(stdout) != 0 || ferror(stdout))
        msg_die(STATUS_IO, "standard output: cannot write: %s", strerror(errno));
    exit(STATUS_OK);
}

static _Noreturn void print_help(const struct opt_tool *tool) {
    printf("Usage: %s %s\n", tool->name, tool->operands);
    print_wrapped(stdout, tool->summary, 0, 0);
    for (const struct opt *o = tool->options; o->type != OPT_END; o++) {
        if (o->type == OPT_GROUP)
            printf("\n%s\n", o->help);
        else
            print_option(stdout, o);
    }
    printf("\n      --help               print this and exit\n"
           "      --version            print the version and exit\n"
           "      --man, --completion  print a manual page, a script for bash\n");
    if (tool->more)
        printf("\n%s", tool->more);
    end_of_output();
}

_Noreturn void opt_print_document(const struct opt_tool *tool,
                                  void (*put)(const struct opt_tool *, struct buf *)) {
    struct buf text = {0};
    put(tool, &text);
    fputs(text.data, stdout);
    buf_free(&text);
    end_of_output();
}

static _Noreturn void unknown_option(const struct opt_tool *tool, const char *name) {
    for (const struct opt_synonym *s = tool->synonyms; s && s->name; s++)
        if (strcmp(name, s->name) == 0)
            msg_die(STATUS_USAGE, "unknown option --%s; here it is %s (--help lists all)", name,
                    s->means);
    const char *names[256];
    size_t n = 0;
    for (const struct opt *o = tool->options; o->type != OPT_END && n < 252; o++)
        names[n++] = o->name;
    names[n++] = "help";
    names[n++] = "version";
    names[n++] = "man";
    names[n++] = "completion";
    const char *near = msg_nearest(name, names, n);
    if (near)
        msg_die(STATUS_USAGE, "unknown option --%s; did you mean --%s? (--help lists all)", name,
                near);
    msg_die(STATUS_USAGE, "unknown option --%s (--help lists all)", name);
}

struct opt *opt_find_negated(const struct opt_tool *tool, const char *name) {
    struct buf other = {0};
    const struct opt *o = NULL;
    if (strncmp(name, "no-", 3) == 0)
        o = opt_find(tool, name + 3);
    if (!o) {
        buf_printf(&other, "no-%s", name);
        o = opt_find(tool, other.data);
        buf_free(&other);
    }
    return o && o->type == OPT_FLAG ? (struct opt *)o : NULL;
}

static void set_from_line(struct opt *o, const char *text) {
    struct err err = {0};
    if (opt_set_value(o, text, OPT_COMMAND_LINE, &err) != 0)
        msg_die_err(&err);
}

/* The option at argv[*i] that starts with "--"; takes its argument, moving *i. */
static void parse_long(struct opt_tool *tool, int argc, char **argv, int *i) {
    char *name = argv[*i] + 2, *equals = strchr(name, '=');
    if (equals)
        *equals = '\0';
    if (strcmp(name, "help") == 0)
        print_help(tool);
    if (strcmp(name, "version") == 0) {
        printf("%s %s\n", tool->name, version_text());
        end_of_output();
    }
    if (strcmp(name, "man") == 0)
        opt_print_document(tool, optdoc_put_man);
    if (strcmp(name, "completion") == 0)
        opt_print_document(tool, optdoc_put_completion);
    if (strcmp(name, "list-options") == 0)
        opt_print_document(tool, optdoc_put_table);
    struct opt *o = (struct opt *)opt_find(tool, name), *negated = NULL;
    if (!o)
        o = negated = opt_find_negated(tool, name);
    if (!o)
        unknown_option(tool, name);
    char *text = equals ? equals + 1 : NULL;
    if (o->type == OPT_FLAG && text)
        msg_die(STATUS_USAGE, "--%s takes no value", name);
    if (o->type != OPT_FLAG && !text) {
        if (*i + 1 >= argc)
            msg_die(STATUS_USAGE, "--%s needs a value", name);
        text = argv[++*i];
    }
    if (o->type == OPT_FLAG)
        opt_set_flag(o, !negated, OPT_COMMAND_LINE);
    else
        set_from_line(o, text);
    if (equals)
        *equals = '='; /* the manifest records argv as it was */
}

static void parse_letters(struct opt_tool *tool, int argc, char **argv, int *i) {
    for (char *letter = argv[*i] + 1; *letter; letter++) {
        struct opt *o = tool->options;
        while (o->type != OPT_END && o->letter != *letter)
            o++;
        if (*letter == 'h' && o->type == OPT_END)
            print_help(tool);
        if (o->type == OPT_END)
            msg_die(STATUS_USAGE, "unknown option -%c (--help lists all)", *letter);
        if (o->type == OPT_FLAG) {
            opt_set_flag(o, true, OPT_COMMAND_LINE);
            continue;
        }
        if (letter[1]) {
            set_from_line(o, letter + 1);
            return;
        }
        if (*i + 1 >= argc)
            msg_die(STATUS_USAGE, "-%c (--%s) needs a value", *letter, o->name);
        set_from_line(o, argv[++*i]);
        return;
    }
}

char **opt_parse(struct opt_tool *tool, int argc, char **argv, int *n_operands) {
    msg_start(tool->name);
    char **operands = mem_alloc((size_t)argc + 1, sizeof *operands);
    int n = 0;
    bool only_operands = false;
    for (struct opt *o = tool->options; o->type != OPT_END; o++)
        o->initial = opt_current_value(o);
    for (int i = 1; i < argc; i++) {
        if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0' || argv[i][1] == '=')
            operands[n++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            only_operands = true;
        else if (argv[i][1] == '-')
            parse_long(tool, argc, argv, &i);
        else
            parse_letters(tool, argc, argv, &i);
    }
    if (tool->preset)
        opt_use_preset(tool);
    const struct opt *quiet = opt_find(tool, "quiet");
    if (quiet)
        msg_set_quiet(*(bool *)quiet->value);
    static char standard_input[] = "-";
    if (n == 0 && tool->filter && !isatty(STDIN_FILENO))
        operands[n++] = standard_input;
    if (n < tool->least_operands && !tool->show_config)
        msg_die(STATUS_USAGE, "missing operand; usage: %s %s (--help tells more)", tool->name,
                tool->operands);
    if (tool->most_operands >= 0 && n > tool->most_operands) {
        const char *extra = operands[tool->most_operands];
        free(operands);
        msg_die(STATUS_USAGE, "too many operands, from '%s' on; usage: %s %s", extra, tool->name,
                tool->operands);
    }
    *n_operands = n;
    return operands;
}
