/*
 * directory_lock: one sasl-entra at a time writes into a directory. Two would take each other's files
 * for their own, or write what the other one has not read.
 */
#ifndef SE_TOOL_DIRECTORY_LOCK_H
#define SE_TOOL_DIRECTORY_LOCK_H

#include "core/error.h"

/* Locks an open directory until its descriptor is closed; `path` is what it is about, for the message.
 * SE_AGAIN when another one does not end in time; SE_OK also on a file system without locks. */
enum se_code se_directory_lock(int directory, const char *path, struct se_error *error);

/* Opens and locks the directory that `path` is in. close(2) gives the lock back; -1 with `error`. */
int se_directory_lock_of(const char *path, struct se_error *error);

#endif
