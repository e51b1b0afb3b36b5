/*
 * identifiers: the names that a configuration is made of: GUIDs, domains, hosts, addresses.
 */
#ifndef SE_ENGINE_IDENTIFIERS_H
#define SE_ENGINE_IDENTIFIERS_H

#include <stdbool.h>
#include <stddef.h>

/* A domain name, internationalised ones in UTF-8 too, without a final dot. */
bool se_is_domain(const char *text, size_t len);

bool se_is_guid(const char *text);

/* What is wrong with a word of `match` or of `servers`, as the end of a complaint, or NULL. */
const char *se_match_problem(const char *word, size_t len);
const char *se_host_problem(const char *word, size_t len);

#endif
