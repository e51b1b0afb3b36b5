/*
 * values: whether one value of the configuration is of its key's type.
 */
#ifndef SE_ENGINE_VALUES_H
#define SE_ENGINE_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/keys.h"
#include "engine/report.h"

/* False, and reported, when the value cannot be right. The complaint holds the value only where
 * it is a list of names. */
bool se_value_check(enum se_key key, const char *text, unsigned line, struct se_report *report);

/* False, and reported, when a client id is not the GUID that Entra gives each app registration. */
bool
se_value_check_guid(enum se_key key, const char *text, unsigned line, struct se_report *report);

/* In front of the name of a systemd credential that stands for a file. */
#define SE_VALUE_CREDENTIAL "cred:"

/* The name in a value cred:NAME of a key that takes a file; NULL for any other value. */
const char *se_value_credential(enum se_key key, const char *text);

/* Whether a value of `private_key` is the URI of a key in some store, and not a path. */
bool se_value_is_uri(const char *text);

/* Walks the words of a list, which commas and blanks part: false at its end. Begin with *at at the
 * value; the word is not terminated. */
bool se_list_next(const char **at, const char **word, size_t *len);

#endif
