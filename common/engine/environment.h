/*
 * environment: secure_getenv(), where libc has none: nothing for a program that runs with rights
 * other than its caller's.
 */
#ifndef SE_ENGINE_ENVIRONMENT_H
#define SE_ENGINE_ENVIRONMENT_H

#include <stdlib.h>
#include <unistd.h>

#ifndef HAVE_SECURE_GETENV
#define secure_getenv(name) ((geteuid() != getuid() || getegid() != getgid()) ? NULL : getenv(name))
#endif

#endif
