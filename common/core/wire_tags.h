/*
 * wire_tags: the numbers of the wire format, for wire.c and wire_read.c alone.
 * doc/internals/protocol.md has them too.
 */
#ifndef SE_CORE_WIRE_TAGS_H
#define SE_CORE_WIRE_TAGS_H

#include <stdint.h>

#include "core/error.h"

enum { SE_WIRE_VERSION = 1 };

enum kind { KIND_REQUEST = 1, KIND_ANSWER = 2, KIND_ERROR = 3 };

/* Tags of all kinds of frame come from one row of numbers, below 64. */
enum tag {
	TAG_OPERATION = 1,
	TAG_TIME_LEFT = 2,
	TAG_LOGIN = 3,
	TAG_SERVICE = 4,
	TAG_SERVER = 5,
	TAG_REJECTED = 6,

	TAG_USER = 16,
	TAG_TOKEN = 17,
	TAG_SECONDS_LEFT = 18,
	TAG_KEEP = 19,
	TAG_FINGERPRINT = 20,
	TAG_WARNING = 21,
	TAG_NOTE = 22,
	TAG_STATUS = 23,
	TAG_MORE = 24,

	TAG_CLASS = 32,
	TAG_RETRY_AFTER = 33,
	TAG_TEXT = 34,

	TAG_END = 64
};

/* Classes have numbers of their own on the wire, so that the enum may change and the wire does
 * not. What has no number is internal, and so is a number that is not known. */
unsigned char se_wire_class_number(enum se_code code);
enum se_code se_wire_class_code(unsigned char number);

#endif
