/*
 * wire: how a request and its answer travel over the agent's Unix socket. One request a
 * connection: the client sends one frame, the agent answers with one frame and closes.
 *
 * Frame: 4 bytes "SE" 0x01 KIND, 4 bytes length of what follows (big endian), then fields:
 * 1 byte tag, 2 bytes length (big endian), bytes. An unknown tag is skipped, a field that comes
 * twice or does not fit makes the frame invalid. doc/internals/protocol.md has the tags.
 */
#ifndef SE_CORE_WIRE_H
#define SE_CORE_WIRE_H

#include "core/buffer.h"
#include "core/error.h"
#include "core/source.h"

enum {
	SE_WIRE_HEADER = 8,
	SE_WIRE_REQUEST_MAX = 2048, /* bytes of a whole frame */
	SE_WIRE_ANSWER_MAX = SE_TOKEN_MAX + SE_ERROR_TEXT_MAX + 3072
};

/* How many bytes the frame that begins in `data` has in all: 0 while fewer than SE_WIRE_HEADER
 * are there, -1 when it is no frame of ours or longer than `max`. */
long se_wire_frame_len(const char *data, size_t len, size_t max);

/* Encoders return false when memory or the buffer's maximum ran out. */
bool se_wire_put_request(struct se_buffer *out, const struct se_request *request);
bool se_wire_put_answer(struct se_buffer *out, const struct se_answer *answer);
bool se_wire_put_error(struct se_buffer *out, const struct se_error *error);

/* Reads one whole frame; false when it is not valid. */
bool se_wire_get_request(const char *data, size_t len, struct se_request *request);

/* Reads an answer or an error frame: SE_OK with `answer` filled (the caller frees it), or the
 * agent's error in `error`; SE_INTERNAL with an empty text when the frame is not valid: only the
 * caller knows who sent it. */
enum se_code
se_wire_get_answer(const char *data, size_t len, struct se_answer *answer, struct se_error *error);

#endif
