#include <string.h>

#include "lib/mem.h"
#include "lib/opt_private.h"
#include "lib/optdoc.h"

/* The words of presets, for the variables that point to them. */
static struct arena preset_words;

/* The next word of the text, without its quotes, which moves on; NULL at the end. */
static const char *next_word(const char **text) {
    const char *p = *text + strspn(*text, " \n\t");
    struct buf word = {0};
    bool quoted = false;
    if (!*p)
        return NULL;
    for (buf_puts(&word, ""); *p && (quoted || !strchr(" \n\t", *p)); p++) {
        if (*p == '\'')
            quoted = !quoted;
        else if (*p == '\\' && !quoted && p[1])
            buf_putc(&word, *++p);
        else
            buf_putc(&word, *p);
    }
    *text = p;
    const char *kept = arena_strndup(&preset_words, word.data, word.len);
    buf_free(&word);
    return kept;
}

static int apply_preset(struct opt_tool *tool, const struct opt_preset *preset, struct err *err) {
    const char *rest = preset->options, *word;
    while ((word = next_word(&rest))) {
        const char *name = strncmp(word, "--", 2) == 0 ? word + 2 : "";
        struct opt *o = (struct opt *)opt_find(tool, name), *negated = NULL;
        if (!o)
            o = negated = opt_find_negated(tool, name);
        if (!o)
            return err_set(err, STATUS_USAGE, "'%s' is no option of this tool", word);
        if (o->type == OPT_FLAG) {
            opt_set_flag(o, !negated, OPT_PRESET);
            continue;
        }
        if (!(word = next_word(&rest)))
            return err_set(err, STATUS_USAGE, "--%s needs a value", o->name);
        if (opt_set_value(o, word, OPT_PRESET, err) != 0)
            return -1;
    }
    return 0;
}

void opt_use_preset(struct opt_tool *tool) {
    if (strcmp(tool->preset, "list") == 0)
        opt_print_document(tool, optdoc_put_presets);
    struct buf all = {0};
    for (const struct opt_preset *p = tool->presets; p->name; p++) {
        struct err err = {0};
        if (strcmp(p->name, tool->preset) != 0) {
            buf_printf(&all, "%s%s", p == tool->presets ? "" : p[1].name ? ", " : " or ", p->name);
            continue;
        }
        buf_free(&all);
        if (apply_preset(tool, p, &err) != 0) {
            err_prefix(&err, "preset %s", p->name);
            msg_die_err(&err);
        }
        return;
    }
    msg_die(STATUS_USAGE, "--preset is '%s'; it must be %s (--preset list tells what they are)",
            tool->preset, all.data);
}

void opt_means_nothing(struct opt_tool *tool, const char *name, const char *why) {
    struct opt *o = (struct opt *)opt_find(tool, name);
    if (!o)
        return;
    if (o->source == OPT_COMMAND_LINE)
        msg_die(STATUS_USAGE, "--%s means nothing %s", name, why);
    if (o->source == OPT_PRESET) {
        if (o->type == OPT_LIST)
            ((struct opt_list *)o->value)->n = o->initial.items;
        else
            opt_put_value(o, o->initial);
        o->given = false;
        o->source = OPT_DEFAULT;
    }
    o->idle = why;
}

void opt_show_config(const struct opt_tool *tool) {
    if (tool->show_config)
        opt_print_document(tool, optdoc_put_config);
}
