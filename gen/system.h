/* What gen-hmm draws sequences from: one hidden Markov model, the joint one of a mixture, or a new
 * one for every sequence. */
#ifndef ESPALIER_SYSTEM_H
#define ESPALIER_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen/ginc.h"
#include "gen/random_system.h"
#include "lib/hmm.h"
#include "lib/opt.h"
#include "lib/process.h"
#include "lib/vocab.h"

/* What was asked for. */
struct system_request {
    char **paths; /* .hmm files, or one of the others */
    size_t n_paths;
    struct opt_list set;
    const char *start, *prior;

    const char *random_hmm; /* STATES,SYMBOLS */
    int64_t random_chain;   /* 0: none */
    double alpha;
    bool doubly_stochastic;

    const char *ginc; /* ENTITIES,PROPERTIES */
    int64_t words;
    double transition_temperature, start_temperature, persistence;
    bool unseen;

    int64_t components; /* -1: not given */
    uint64_t seed;      /* of the task */
};

#define SYSTEM_REQUEST_DEFAULTS                                                                    \
    {                                                                                              \
        .prior = "uniform", .alpha = 1, .words = 50, .transition_temperature = 0.1,                \
        .start_temperature = 10, .persistence = 0.9, .components = -1                              \
    }

struct system {
    bool is_fresh; /* drawn anew for every sequence, from `random` */
    bool is_ginc;
    struct hmm hmm; /* joint; no states if is_fresh */
    struct vocab symbols;
    struct vocab *names; /* of a component's states; [component], or one for all */
    size_t n_names;
    double *prior;          /* [component] */
    size_t first_component; /* the number of the first, as the user sees it */
    struct random_system random;
    struct ginc ginc;
    struct process **processes; /* [n_processes]: the files */
    size_t n_processes;
    char *subject; /* for messages */
};

/* Make what was asked for. -1: what files have wrong (process_read); STATUS_USAGE for a request
 * that contradicts itself or is out of bounds. */
int system_make(struct system *s, const struct system_request *q, struct err *err) NODISCARD;
void system_free(struct system *s);

/* The name of a state of the joint model, within its component and among all ("3:A"; the same where
 * there is one component). The latter goes to a buffer. */
const char *system_state_name(const struct system *s, size_t state);
void system_put_joint_name(const struct system *s, size_t state, struct buf *out);

#endif
