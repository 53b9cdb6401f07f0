/* The words in which saved_table.c is written. */
#pragma once

#include "core/saved/saved_field.h"

/* clang-format off */
#define SIZE(object, member) sizeof((struct object *)NULL)->member
#define TYPE(object, member) _Generic(((struct object *)NULL)->member,                             \
    bool: SAVED_BOOL, unsigned: SAVED_UNSIGNED, uint16_t: SAVED_U16, uint64_t: SAVED_U64,          \
    int: SAVED_INT, int64_t: SAVED_I64, char *: SAVED_TEXT)
#define OBJECT_SINCE(object, member, rows, version)                                                \
    {.name = #member, AT(object, member), .type = SAVED_OBJECT, .parts = rows, .since = version}
/* clang-format on */
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define AT(object, member) .offset = offsetof(struct object, member), .size = SIZE(object, member)

/* A bool, a number or an owned text; what else a row says follows in _WITH. */
#define ROW(object, member) .name = #member, AT(object, member), .type = TYPE(object, member)
#define FIELD(object, member)                                                                      \
    {                                                                                              \
        ROW(object, member)                                                                        \
    }
#define FIELD_WITH(object, member, ...)                                                            \
    {                                                                                              \
        ROW(object, member), __VA_ARGS__                                                           \
    }
/* The same of a structure without a name of its own. */
#define INNER(object, outer, member)                                                               \
    {                                                                                              \
        .name = #member, AT(object, outer.member), .type = TYPE(object, outer.member)              \
    }
#define INNER_WITH(object, outer, member, ...)                                                     \
    {                                                                                              \
        .name = #member, AT(object, outer.member), .type = TYPE(object, outer.member), __VA_ARGS__ \
    }
/* A number that is counted up has room to go on for ever. */
#define COUNTER(object, member) FIELD_WITH(object, member, .max = INT64_MAX)
#define CHARS(object, member)                                                                      \
    {                                                                                              \
        .name = #member, AT(object, member), .type = SAVED_CHARS                                   \
    }
#define ENUM(object, member, list)                                                                 \
    {                                                                                              \
        .name = #member, AT(object, member), .type = SAVED_ENUM, .names = list, .n = COUNT(list)   \
    }
#define OBJECT(object, member, rows)                                                               \
    {                                                                                              \
        .name = #member, AT(object, member), .type = SAVED_OBJECT, .parts = rows                   \
    }
/* Rows of INNER members stand for an object too. */
#define GROUP(text, rows)                                                                          \
    {                                                                                              \
        .name = text, .type = SAVED_OBJECT, .parts = rows                                          \
    }
#define ARRAY(object, member, element, unused)                                                     \
    {                                                                                              \
        .name = #member, .offset = offsetof(struct object, member),                                \
        .size = SIZE(object, member[0]), .type = SAVED_ARRAY,                                      \
        .n = COUNT(((struct object *)NULL)->member), .parts = &(element), .is_unused = unused      \
    }
#define ARRAY_SINCE(object, member, element, unused, version)                                      \
    {                                                                                              \
        .name = #member, .offset = offsetof(struct object, member),                                \
        .size = SIZE(object, member[0]), .type = SAVED_ARRAY, .since = version,                    \
        .n = COUNT(((struct object *)NULL)->member), .parts = &(element), .is_unused = unused      \
    }
#define ELEMENT(object, rows)                                                                      \
    {                                                                                              \
        .size = sizeof(struct object), .type = SAVED_OBJECT, .parts = rows                         \
    }
#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }
