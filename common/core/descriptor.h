/*
 * descriptor: files and sockets stay off descriptors 0, 1 and 2. Where a program was started with
 * one of them closed, the next thing opened gets its number, and what somebody prints goes there.
 */
#ifndef SE_CORE_DESCRIPTOR_H
#define SE_CORE_DESCRIPTOR_H

#include <stdbool.h>

/* For code that a host loads: `fd` itself, or where it is one of the three a copy (close-on-exec)
 * that is none of them; `fd` is closed then. -1 stays -1, and -1 with errno when there can be no
 * copy. */
int se_descriptor_safe(int fd);

/* Around calls of a library that opens something and keeps it: what is closed of the three is taken,
 * and given back afterwards. Not for long: another thread of the host may want them. */
struct se_descriptors_held {
	bool ours[3];
};
void se_descriptors_hold(struct se_descriptors_held *held);
void se_descriptors_release(const struct se_descriptors_held *held);

/* What a person can do where a process has no descriptors left (EMFILE): "; raise ...". */
extern const char se_descriptor_advice[];

/* For a program, before it opens anything: opens those of the three that are closed. `quietly`:
 * what is printed there is thrown away; else printing there fails, as it would have. Works without
 * /dev as well; false when nothing can be opened at all. */
bool se_descriptors_fill(bool quietly);

#endif
