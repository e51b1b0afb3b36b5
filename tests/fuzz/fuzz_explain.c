/* Fuzzes what sasl-entra explain is given: any text. What is found is of the tables, each once, in the
 * order of the text, and can be printed in every form; the one best entry is among them. */
#include <stdlib.h>
#include <string.h>

#include "tool/explain.h"
#include "tool/output.h"

#include "fuzz.h"

enum { WIDTH_MAX = 140 };

static void
look_at(const struct se_explained *explained, size_t len)
{
	const int kinds = (explained->aadsts != NULL) + (explained->reason != NULL) +
			  (explained->reply != NULL);

	must(explained->at < len);
	must(kinds == 1 || (kinds == 0 && explained->number >= 10000));
	must(explained->number < 100000000);
}

static void
must_print(const struct se_explained *explained, unsigned width)
{
	static const struct se_places places = {.app = "00001111-aaaa-2222-bbbb-3333cccc4444",
		.mailbox = FUZZ_LOGIN,
		.missing = "?"};
	struct se_explained_words words;
	struct se_buffer out;

	must(se_explain_words(explained, &places, &words));
	must_be_printable(words.meaning);
	must_be_printable(words.waiting);
	must(words.todo[0] != '\0' && words.who[0] != '\0' && words.id[0] != '\0');
	se_buffer_init(&out, SE_OUTPUT_MAX);
	se_explain_text(&words, width, false, &out);
	se_explain_markdown(&words, &out);
	se_explain_json(&words, &out);
	must(!out.failed && strchr(se_buffer_text(&out), '\033') == NULL);
	se_buffer_free(&out);
	se_explain_words_free(&words);
}

static void
must_be_among(const struct se_reply *reply, const struct se_explanation *explanation)
{
	if (reply == NULL || explanation->count == SE_EXPLAINED_MAX)
		return;
	for (size_t i = 0; i < explanation->count; i++)
		if (explanation->list[i].reply == reply)
			return;
	/* Of use only where nothing else is found. */
	must(reply->elsewhere);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct se_explanation explanation;
	struct input input = {(const char *)data, size};
	const unsigned width = input_byte(&input) % WIDTH_MAX;
	char *text = malloc(input.len + 1);

	must(text != NULL);
	memcpy(text, input.data, input.len);
	text[input.len] = '\0';
	for (size_t i = 0; i < input.len; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	se_explain_find(text, &explanation);
	must(explanation.known <= explanation.count && explanation.count <= SE_EXPLAINED_MAX);
	for (size_t i = 0; i < explanation.count; i++) {
		must(i == 0 || explanation.list[i - 1].at <= explanation.list[i].at);
		look_at(&explanation.list[i], input.len);
		must_print(&explanation.list[i], width);
	}
	must_be_among(se_reply_find_any(text), &explanation);
	free(text);
	return 0;
}
