/* A configuration as a table of settings: read and written as JSON, and checked, in one place. */
#ifndef ESPALIER_SETTING_H
#define ESPALIER_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/msg.h"

struct json_t;

/* SETTING_CHOICE: an enumeration stored as int; its names by number. */
enum setting_type {
    SETTING_END,
    SETTING_INTEGER,
    SETTING_NUMBER,
    SETTING_FLAG,
    SETTING_CHOICE,
    SETTING_INTEGERS
};

/* What SETTING_INTEGERS names: a list, which may be empty. */
enum { SETTING_LIST_MOST = 64 };
struct setting_list {
    int n, item[SETTING_LIST_MOST];
};

struct setting {
    enum setting_type type;
    const char *name;
    size_t offset;              /* in the configuration: int, double, bool, int, struct
                                   setting_list */
    double least, most;         /* of integers and numbers, of each in a list */
    const char *const *choices; /* ends with NULL */
    bool optional;              /* a file without it means 0, false, the first choice: files made
                                   before the setting was */
};

/* Add every setting of a configuration to a JSON object. */
void setting_write(const struct setting *settings, const void *config, struct json_t *object);

/* Fill a configuration from a JSON object. -1 (STATUS_DATA): a setting lacks, is of another type,
 * out of its bounds, or one that nobody knows is there ("architecture" is passed over). */
int setting_read(const struct setting *settings, const struct json_t *object, void *config,
                 struct err *err) NODISCARD;

/* -1 (STATUS_USAGE): a number out of its bounds, a choice out of its list. */
int setting_check(const struct setting *settings, const void *config, struct err *err) NODISCARD;

/* The number of a choice, or -1. */
int setting_choice(const char *const *choices, const char *name);

#endif
