/*
 * auth: one login by SASL as a mail program does it, timed.
 */
#ifndef SE_BENCH_AUTH_H
#define SE_BENCH_AUTH_H

#include <stdbool.h>

#include "clock.h"

/* The first step of XOAUTH2 for `login` at `server`, after sasl_client_init(). Takes the time of
 * sasl_client_start() alone. False, with the reason on standard error, when there is no initial
 * response. */
bool bench_auth(char *login, const char *server, double *took_us);

#endif
