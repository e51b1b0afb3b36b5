/*
 * urls: what is wrong with an address of the configuration, as the end of a complaint, or NULL.
 */
#ifndef SE_ENGINE_URLS_H
#define SE_ENGINE_URLS_H

const char *se_url_origin_problem(const char *text); /* https://HOST[:PORT] */
const char *se_url_problem(const char *text);        /* https://HOST[:PORT]/PATH */

/* http://HOST:PORT, https:// or socks5h://. The file may be read by everybody, so that it cannot
 * hold the proxy's password. */
const char *se_url_proxy_problem(const char *text);

/* http://ADDRESS[:PORT]/..., the address a literal loopback or link-local one. */
const char *se_url_machine_problem(const char *text);

#endif
