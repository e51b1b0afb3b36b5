/*
 * engine_sealing: a store whose state files are sealed, for the tests about sealing.
 */
#ifndef SE_TESTS_UNIT_ENGINE_SEALING_H
#define SE_TESTS_UNIT_ENGINE_SEALING_H

#include "engine/store.h"

#include "engine_support.h"

#define KEY_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B "F0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
#define DAMAGED "is damaged, of another version, or another account's"

/* Two people's and an app's. */
extern struct se_token_key anna, berta, app;

/* Open, empty, and sealed with KEY_A, when a test begins. */
extern struct se_store *store;

/* What was said last. */
extern struct se_error error;

int sealing_begin(void **state);
int sealing_end(void **state);
int sealing_set_up(void **state);
int sealing_tear_down(void **state);

#define SEALING_TEST(test) cmocka_unit_test_setup_teardown(test, sealing_set_up, sealing_tear_down)

/* --- its key ---------------------------------------------------------------------------------- */

const char *key_file(void);

/* The store reads the key file when it has changed: to be sure, as another inode. */
void write_keys(const char *lines);

void seal_with(const char *path);

/* --- its state files -------------------------------------------------------------------------- */

const char *file_of(const struct se_token_key *key);

/* What is in it, to be freed. */
char *content_of(const struct se_token_key *key);

enum se_code write_token(const struct se_token_key *key, const char *refresh);
void must_write(const struct se_token_key *key, const char *refresh);

/* The refresh token is this, and the access token as write_token() made it. */
void expect_token(const struct se_token_key *key, const char *refresh);

/* Refused with these words and no token. */
void expect_unreadable(const struct se_token_key *key, const char *words);

/* Its file is as it was. */
void expect_left(const struct se_token_key *key, const char *content, size_t len);

/* Whether it is; what it holds is readable only where it is not. */
bool is_sealed(const struct se_token_key *key);

/* The value of a member of what says how it is sealed, to be freed. */
char *member(const struct se_token_key *key, const char *name);

#endif
