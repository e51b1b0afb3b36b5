/*
 * json: objects as token endpoints send them and as state files keep them. The only file that
 * knows json-c. Strings are wiped when an object is freed, and no other copy of one is left, except
 * what json-c had read of a text that turns out not to be an object.
 */
#ifndef SE_ENGINE_JSON_H
#define SE_ENGINE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"

struct se_json; /* a JSON object */

/* NULL unless the text is one JSON object, nested at most 16 deep, with nothing behind it. Of a
 * name that stands twice the second counts. errno is then ENOMEM where memory ran out, else EINVAL. */
struct se_json *se_json_parse(const char *text, size_t len);
struct se_json *se_json_new(void);
void se_json_free(struct se_json *json);

/* Members. A string is given only if it holds no NUL; it lives as long as the object. */
const char *se_json_string(const struct se_json *json, const char *name);
bool se_json_has(const struct se_json *json, const char *name);

/* A whole number, or a string or a fraction that is one when cut: Entra sends 3599, App Service
 * "3599", others 3599.0. */
bool se_json_integer(const struct se_json *json, const char *name, int64_t *value);

/* The first number of an array of numbers. */
bool se_json_first_integer(const struct se_json *json, const char *name, int64_t *value);

/* Appends the strings of an array, or a string itself, to `out` with a blank between each: lists of
 * scopes look like that. False when there is none of both, or the buffer failed. */
bool se_json_add_words(const struct se_json *json, const char *name, struct se_buffer *out);

/* An object inside; it belongs to `json`. NULL when there is none. */
const struct se_json *se_json_object(const struct se_json *json, const char *name);
/* The same of the first of an array. */
const struct se_json *se_json_first_object(const struct se_json *json, const char *name);

/* Each returns false when memory ran out. A NULL text adds nothing. */
bool se_json_set_string(struct se_json *json, const char *name, const char *text);
bool se_json_set_integer(struct se_json *json, const char *name, int64_t value);
/* Takes `inner` over, whatever happens. */
bool se_json_set_object(struct se_json *json, const char *name, struct se_json *inner);

/* Appends an object as text, indented, to `out`: one that was read with all that is in it, also what
 * no function above knows. */
bool se_json_write(struct se_json *json, struct se_buffer *out);

/* The same on one line without blanks. */
bool se_json_write_compact(struct se_json *json, struct se_buffer *out);

#endif
