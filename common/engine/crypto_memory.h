/*
 * crypto_memory: OpenSSL's memory in a program of our own.
 */
#ifndef SE_ENGINE_CRYPTO_MEMORY_H
#define SE_ENGINE_CRYPTO_MEMORY_H

/* From now on OpenSSL wipes what it frees: it has a key's file in blocks that it frees as they are.
 * First thing in main(), before OpenSSL has asked for memory, else nothing changes. Never in a host,
 * whose OpenSSL it is as well. */
void se_crypto_wipe_what_is_freed(void);

#endif
