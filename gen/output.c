#include "gen/output.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/seen.h"
#include "lib/version.h"

static int pass_on(struct corpus_writer *out, const struct corpus_reader *in, struct seen *passed,
                   struct err *err) {
    struct buf line = {0};
    const char *key, *value;
    int result = 0;
    for (size_t i = 0; result == 0 && corpus_header_line(in, i, &key, &value); i++) {
        buf_clear(&line);
        buf_printf(&line, "%s\t%s", key, value);
        if (seen_add(passed, line.data, line.len))
            result = corpus_put_header(out, key, value, err);
    }
    buf_free(&line);
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
    struct seen passed = {0};
    int result = 0;
    for (size_t i = 0; i < n_inputs && result == 0; i++)
        result = pass_on(out, inputs[i], &passed, err);
    seen_free(&passed);
    if (result == 0)
        result = put_provenance(out, tool, operands, n_operands, err);
    if (result == 0)
        return out;
    corpus_discard(out);
    return NULL;
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
