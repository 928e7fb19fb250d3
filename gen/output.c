#include "gen/output.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/seen.h"
#include "lib/version.h"

/* A header on its way, and what of it has been written. */
struct heading {
    const struct output *output;
    struct corpus_writer *out;
    struct seen blocks, lines;
};

static bool is_provenance(const char *key) {
    return strcmp(key, "prog") == 0 || strcmp(key, "cmd") == 0;
}

static int pass_on(struct heading *h, const struct corpus_reader *in, size_t section,
                   struct err *err) {
    struct buf block = {0};
    size_t first, n;
    const char *key, *value;
    int result = 0;
    corpus_section(in, section, &first, &n);
    for (size_t i = first; i < first + n && corpus_header_line(in, i, &key, &value); i++)
        buf_printf(&block, "%s\t%s\n", key, value);
    if (!n || !seen_add(&h->blocks, block.data, block.len))
        n = 0;
    for (size_t i = first; result == 0 && i < first + n; i++) {
        corpus_header_line(in, i, &key, &value);
        if (h->output->withheld && strcmp(key, h->output->withheld) == 0)
            continue;
        buf_clear(&block);
        buf_printf(&block, "%s\t%s", key, value);
        if (is_provenance(key) || seen_add(&h->lines, block.data, block.len))
            result = corpus_put_header(h->out, key, value, err);
    }
    buf_free(&block);
    return result;
}

static int put_provenance(struct corpus_writer *out, const struct opt_tool *tool,
                          char *const *operands, int n_operands, struct err *err) {
    struct buf program = {0};
    buf_printf(&program, "%s %s", tool->name, version_text());
    char *command = opt_command_text(tool, operands, n_operands);
    int result = corpus_put_header(out, "prog", program.data, err);
    if (result == 0)
        result = corpus_put_header(out, "cmd", command, err);
    free(command);
    buf_free(&program);
    return result;
}

struct corpus_writer *output_open(const struct output *o, const struct opt_tool *tool,
                                  char *const *operands, int n_operands,
                                  struct corpus_reader *const *inputs, size_t n_inputs,
                                  struct err *err) {
    if (o->text && o->zstd)
        msg_die(STATUS_USAGE, "--text and --zstd exclude one another");
    enum corpus_form form = o->text ? CORPUS_TEXT : o->zstd ? CORPUS_ZSTD : CORPUS_AUTO;
    struct corpus_writer *out = corpus_create(o->path, form, err);
    if (!out)
        return NULL;
    struct heading h = {.output = o, .out = out};
    int result = 0;
    for (size_t i = 0; i < n_inputs; i++)
        for (size_t s = 0; s < corpus_sections(inputs[i]) && result == 0; s++)
            result = pass_on(&h, inputs[i], s, err);
    seen_free(&h.blocks);
    seen_free(&h.lines);
    if (result == 0)
        result = put_provenance(out, tool, operands, n_operands, err);
    if (result == 0)
        return out;
    corpus_discard(out);
    return NULL;
}

int output_joint_section(const struct output *o, struct corpus_writer *out,
                         const struct opt_tool *tool, char *const *operands, int n_operands,
                         struct corpus_reader *const *inputs, const size_t *sections,
                         size_t n_inputs, struct err *err) {
    struct heading h = {.output = o, .out = out};
    int result = corpus_put_section(out, err);
    for (size_t i = 0; i < n_inputs && result == 0; i++)
        result = pass_on(&h, inputs[i], sections[i], err);
    seen_free(&h.blocks);
    seen_free(&h.lines);
    return result == 0 ? put_provenance(out, tool, operands, n_operands, err) : -1;
}

int output_section(struct corpus_writer *out, const struct opt_tool *tool, char *const *operands,
                   int n_operands, const struct corpus_reader *in, size_t section,
                   struct err *err) {
    size_t first, n;
    const char *key, *value;
    corpus_section(in, section, &first, &n);
    int result = corpus_put_section(out, err);
    for (size_t i = first; result == 0 && i < first + n && corpus_header_line(in, i, &key, &value);
         i++)
        result = corpus_put_header(out, key, value, err);
    return result == 0 ? put_provenance(out, tool, operands, n_operands, err) : -1;
}
