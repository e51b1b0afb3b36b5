/*
 * acl: what a POSIX access control list adds to a file's mode. Where there is one, the group bits
 * of the mode are its mask and say nothing about the group. Linux only; elsewhere there is none.
 * Not looked at: NFSv4's and other systems' lists, which a mode does not show.
 */
#ifndef SE_CORE_ACL_H
#define SE_CORE_ACL_H

#include <stdbool.h>
#include <sys/stat.h>

enum { SE_ACL_READ = 4, SE_ACL_WRITE = 2, SE_ACL_BYTES_MAX = 4096 };

struct se_acl {
	bool present;
	unsigned group;     /* what the owning group may, the mask applied */
	unsigned strangers; /* what others named in it may, who are neither root nor we */
	char who[24];       /* the one that may most of it: "u:12345", as setfacl(1) takes it */
};

/* Reads the list of what is open at `fd`, O_PATH or not, as far as it gives `wanted`. It is not
 * asked for where the mode shows that nobody but the owner has any of that through it. */
void se_acl_read(int fd, const struct stat *status, unsigned wanted, struct se_acl *acl);

/* The whole list of NAME in an open directory, for another file that is to be like it; 0: it has
 * none, or one longer than `size`. */
size_t se_acl_save(int directory, const char *name, void *list, size_t size);

/* Gives the open file such a list. False with errno. */
bool se_acl_restore(int fd, const void *list, size_t len);

#endif
