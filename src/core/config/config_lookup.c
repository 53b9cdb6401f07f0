/* Finding sections and keys by name, and the nearest ones to a wrong name. */
#include "core/config/config_table.h"

#include "base/names.h"
#include "base/text.h"

#include <string.h>

/* The best of several names so far. A guess is good if at most a third of the letters, or two,
 * differ, and no more than half of the guess. */
struct guess {
    const char *wrong;
    const char *best;
    unsigned distance;
};

static struct guess guess_for(const char *wrong)
{
    /* Two letters changed places count as two. */
    unsigned third = (unsigned)strlen(wrong) / 3;
    return (struct guess){.wrong = wrong, .distance = (third > 2 ? third : 2) + 1};
}

static void guess_try(struct guess *g, const char *name)
{
    unsigned distance = text_distance(g->wrong, name, g->distance);
    if (distance < g->distance && 2 * distance < strlen(name)) {
        g->distance = distance;
        g->best = name;
    }
}

const struct config_section *config_section_find(const char *name)
{
    int i = names_find(&config_sections->name, sizeof *config_sections, config_n_sections, name);
    return i < 0 ? NULL : &config_sections[i];
}

const struct config_key *config_key_find(const char *section, const char *name)
{
    for (size_t i = 0; i < config_n_keys; i++) {
        if (strcmp(config_keys[i].section, section) == 0 && strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    }
    return NULL;
}

const char *config_section_nearest(const char *name)
{
    struct guess g = guess_for(name);
    for (size_t i = 0; i < config_n_sections; i++)
        guess_try(&g, config_sections[i].name);
    return g.best;
}

const char *config_key_nearest(const char *section, const char *name)
{
    struct guess g = guess_for(name);
    for (size_t i = 0; i < config_n_keys; i++) {
        if (!section || strcmp(config_keys[i].section, section) == 0)
            guess_try(&g, config_keys[i].name);
    }
    return g.best;
}

const struct config_choice *config_choice_find(
    const struct config_choice *choices, const char *word)
{
    const struct config_choice *c = choices;
    while (c->word && strcmp(c->word, word) != 0)
        c++;
    return c->word ? c : NULL;
}

const char *config_choice_nearest(const struct config_choice *choices, const char *word)
{
    struct guess g = guess_for(word);
    for (const struct config_choice *c = choices; c->word; c++)
        guess_try(&g, c->word);
    return g.best;
}
