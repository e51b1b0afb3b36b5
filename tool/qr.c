#include <qrencode.h>

#include "tool/qr.h"

enum { QUIET = 4 }; /* modules around the code, that readers need */

#define BLACK_ON_WHITE "\033[38;5;16;48;5;231m"
#define RESET "\033[0m"

static bool
is_dark(const QRcode *code, int x, int y)
{
	if (x < 0 || y < 0 || x >= code->width || y >= code->width)
		return false;
	return (code->data[y * code->width + x] & 1) != 0;
}

/* Two rows of modules are one line of text. */
static void
add_line(const QRcode *code, int y, struct se_buffer *out)
{
	static const char *const blocks[] = {" ", "\u2580", "\u2584", "\u2588"};

	se_buffer_add_text(out, BLACK_ON_WHITE);
	for (int x = -QUIET; x < code->width + QUIET; x++)
		se_buffer_add_text(out, blocks[is_dark(code, x, y) + 2 * is_dark(code, x, y + 1)]);
	se_buffer_add_text(out, RESET "\n");
}

bool
se_qr(const char *text, unsigned columns, struct se_buffer *out)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	bool fits = code != NULL && (unsigned)code->width + 2 * QUIET <= columns;

	for (int y = -QUIET; fits && y < code->width + QUIET; y += 2)
		add_line(code, y, out);
	if (code != NULL)
		QRcode_free(code);
	return fits;
}
