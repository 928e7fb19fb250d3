#include "lib/optdoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt_private.h"

/* Text that roff must take literally: no escapes, no control lines. */
static void put_roff(struct buf *out, const char *text) {
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            buf_puts(out, "\\&");
        if (*text == '\\')
            buf_puts(out, "\\e");
        else if (*text == '-')
            buf_puts(out, "\\-");
        else
            buf_putc(out, *text);
        line_start = *text == '\n';
    }
}

static void put_option(const struct opt *o, struct buf *out) {
    buf_puts(out, ".It ");
    if (o->letter)
        buf_printf(out, "Fl %c , ", o->letter);
    buf_printf(out, "Fl \\-%s", o->name);
    if (o->type != OPT_FLAG)
        buf_printf(out, " Ar %s", o->argument ? o->argument : "value");
    buf_putc(out, '\n');
    put_roff(out, o->help);
    for (size_t i = 0; o->type == OPT_CHOICE && o->choices[i]; i++)
        buf_printf(out, "%s%s", i ? " | " : ": ", o->choices[i]);
    char *value = opt_value_text(o);
    if (o->type != OPT_FLAG && *value && o->help[strlen(o->help) - 1] != ']') {
        buf_puts(out, " [");
        put_roff(out, value);
        buf_putc(out, ']');
    }
    buf_putc(out, '\n');
    free(value);
}

void optdoc_put_man(const struct opt_tool *tool, struct buf *out) {
    char *title = mem_strdup(tool->name);
    for (char *p = title; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    buf_printf(out, ".Dd November 21, 2026\n.Dt %s 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", title,
               tool->name);
    size_t length = strlen(tool->summary);
    char *summary = mem_strndup(tool->summary, length - (tool->summary[length - 1] == '.'));
    put_roff(out, summary);
    buf_puts(out, "\n.Sh SYNOPSIS\n.Nm\n");
    put_roff(out, tool->operands);
    buf_puts(out, "\n.Sh OPTIONS\n");
    bool in_list = false;
    for (const struct opt *o = tool->options; o->type != OPT_END; o++) {
        if (o->type == OPT_GROUP) {
            if (in_list)
                buf_puts(out, ".El\n");
            buf_printf(out, ".Ss %s\n", o->help);
            in_list = false;
            continue;
        }
        if (!in_list)
            buf_puts(out, ".Bl -tag -width Ds\n");
        in_list = true;
        put_option(o, out);
    }
    if (in_list)
        buf_puts(out, ".El\n");
    if (tool->presets && tool->presets->name) {
        buf_puts(out, ".Sh PRESETS\n.Bl -tag -width Ds\n");
        for (const struct opt_preset *p = tool->presets; p->name; p++) {
            buf_puts(out, ".It Cm ");
            put_roff(out, p->name);
            buf_putc(out, '\n');
            put_roff(out, p->about);
            buf_puts(out, "\n.Pp\n");
            put_roff(out, p->options);
            buf_putc(out, '\n');
        }
        buf_puts(out, ".El\n");
    }
    if (tool->more) {
        buf_puts(out, ".Sh NOTES\n.Bd -literal\n");
        put_roff(out, tool->more);
        buf_puts(out, ".Ed\n");
    }
    buf_puts(out, ".Sh SEE ALSO\n.Xr espalier-corpus 5 ,\n.Xr espalier-grammar 5 ,\n.Xr "
                  "espalier-run 5 ,\n.Xr espalier-tasks 5\n");
    free(title);
    free(summary);
}

void optdoc_put_table(const struct opt_tool *tool, struct buf *out) {
    static const char *const types[] = {
        [OPT_FLAG] = "flag", [OPT_COUNT] = "count",   [OPT_SEED] = "seed", [OPT_NUMBER] = "number",
        [OPT_TEXT] = "text", [OPT_CHOICE] = "choice", [OPT_LIST] = "list"};
    for (const struct opt *o = tool->options; o->type != OPT_END; o++) {
        if (o->type == OPT_GROUP)
            continue;
        char *value = opt_value_text(o);
        buf_printf(out, "%s\t%s\t%c\t", types[o->type], o->name, o->letter ? o->letter : '-');
        if ((o->type == OPT_COUNT || o->type == OPT_NUMBER) && o->least != o->most)
            buf_printf(out, "%.17g\t%.17g", o->least, o->most);
        else
            buf_puts(out, "-\t-");
        buf_printf(out, "\t%s\t%s", *value ? value : "-", o->type == OPT_CHOICE ? "" : "-");
        for (size_t i = 0; o->type == OPT_CHOICE && o->choices[i]; i++)
            buf_printf(out, "%s%s", i ? "|" : "", o->choices[i]);
        buf_printf(out, "\t%s\n", o->aside ? "aside" : "shapes");
        free(value);
    }
}

void optdoc_put_presets(const struct opt_tool *tool, struct buf *out) {
    int width = 0;
    for (const struct opt_preset *p = tool->presets; p->name; p++)
        width = (int)strlen(p->name) > width ? (int)strlen(p->name) : width;
    for (const struct opt_preset *p = tool->presets; p->name; p++)
        buf_printf(out, "%-*s  %s\n", width, p->name, p->about);
}

static void put_config_line(const struct opt *o, const char *value, struct buf *out) {
    if (o->idle || !value)
        buf_puts(out, "# ");
    opt_put_name(out, o);
    if (value && o->type != OPT_FLAG) {
        buf_putc(out, ' ');
        opt_put_quoted(out, value);
    }
    if (o->idle)
        buf_printf(out, " (means nothing %s)", o->idle);
    buf_putc(out, '\n');
}

void optdoc_put_config(const struct opt_tool *tool, struct buf *out) {
    for (const struct opt *o = tool->options; o->type != OPT_END; o++) {
        if (o->type == OPT_GROUP || o->value == &tool->show_config || o->value == &tool->preset)
            continue;
        if (o->type == OPT_LIST) {
            const struct opt_list *list = o->value;
            for (size_t i = 0; i < list->n; i++)
                put_config_line(o, list->items[i], out);
            if (!list->n)
                put_config_line(o, NULL, out);
            continue;
        }
        bool words = o->type == OPT_TEXT || o->type == OPT_CHOICE;
        char *value = opt_value_text(o);
        put_config_line(o, words && !*(const char **)o->value ? NULL : value, out);
        free(value);
    }
}

void optdoc_put_completion(const struct opt_tool *tool, struct buf *out) {
    struct buf function = {0};
    buf_printf(&function, "_%s", tool->name);
    for (char *p = function.data; *p; p++)
        if (*p == '-')
            *p = '_';
    buf_printf(out,
               "%s() {\n    local word=${COMP_WORDS[COMP_CWORD]}\n    case "
               "${COMP_WORDS[COMP_CWORD-1]} in\n",
               function.data);
    for (const struct opt *o = tool->options; o->type != OPT_END; o++) {
        if (o->type != OPT_CHOICE)
            continue;
        buf_printf(out, "    --%s) COMPREPLY=($(compgen -W '", o->name);
        for (size_t i = 0; o->choices[i]; i++)
            buf_printf(out, "%s%s", i ? " " : "", o->choices[i]);
        buf_puts(out, "' -- \"$word\")); return ;;\n");
    }
    if (tool->presets) {
        buf_puts(out, "    --preset) COMPREPLY=($(compgen -W 'list");
        for (const struct opt_preset *p = tool->presets; p->name; p++)
            buf_printf(out, " %s", p->name);
        buf_puts(out, "' -- \"$word\")); return ;;\n");
    }
    buf_puts(out, "    esac\n    case $word in\n    -*) COMPREPLY=($(compgen -W '--help --version");
    for (const struct opt *o = tool->options; o->type != OPT_END; o++)
        if (o->name)
            buf_printf(out, " --%s", o->name);
    buf_printf(out, "' -- \"$word\")) ;;\n    esac\n}\ncomplete -o default -F %s %s\n",
               function.data, tool->name);
    buf_free(&function);
}
