/*
 * qr: a QR code (ISO/IEC 18004) for a terminal. The only file that knows libqrencode.
 */
#ifndef SE_TOOL_QR_H
#define SE_TOOL_QR_H

#include <stdbool.h>

#include "core/buffer.h"

/* Appends the code of `text` in UTF-8 half blocks, with its quiet zone, black on white whatever
 * the terminal's colours are. False, and nothing appended, when it would be wider than
 * `columns`. */
bool se_qr(const char *text, unsigned columns, struct se_buffer *out);

#endif
