/* Fuzzes the frames of the agent's socket: any bytes are a request, an answer or an error that can
 * be written again and then read as the same, or nothing at all. */
#include <string.h>

#include "core/wire.h"

#include "fuzz.h"

static void
read_request(const char *data, size_t size)
{
	struct se_request request, again;
	struct se_buffer out;

	if (!se_wire_get_request(data, size, &request))
		return;
	must(size <= SE_WIRE_REQUEST_MAX);
	must(request.login[0] != '\0' || request.operation == SE_OPERATION_STATUS);
	se_buffer_init(&out, SE_WIRE_REQUEST_MAX);
	must(se_wire_put_request(&out, &request));
	must(se_wire_get_request(out.data, out.len, &again));
	must(request.operation == again.operation && request.time_left == again.time_left);
	must_be_same(request.login, again.login);
	must_be_same(request.service, again.service);
	must_be_same(request.server, again.server);
	must_be_same(request.rejected, again.rejected);
	se_buffer_free(&out);
}

static void
write_answer_again(const struct se_answer *answer)
{
	struct se_answer again;
	struct se_buffer out;
	struct se_error error;

	/* Both at once are more than an answer ever has. */
	if (answer->token != NULL && answer->status != NULL)
		return;
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	must(se_wire_put_answer(&out, answer));
	must(se_wire_get_answer(out.data, out.len, &again, &error) == SE_OK);
	must(se_secret_equal(answer->token, again.token));
	must(answer->seconds_left == again.seconds_left && answer->keep == again.keep &&
		answer->warning == again.warning);
	must_be_same(answer->user, again.user);
	must_be_same(answer->fingerprint, again.fingerprint);
	must_be_same(answer->note, again.note);
	must_be_same(answer->status, again.status);
	must_be_same(answer->more, again.more);
	se_answer_free(&again);
	se_buffer_free(&out);
}

static void
write_error_again(const struct se_error *error)
{
	struct se_answer none;
	struct se_buffer out;
	struct se_error again;

	must(error->text[0] != '\0');
	se_buffer_init(&out, SE_WIRE_ANSWER_MAX);
	must(se_wire_put_error(&out, error));
	must(se_wire_get_answer(out.data, out.len, &none, &again) == error->code);
	must(error->retry_after == again.retry_after);
	must_be_same(error->text, again.text);
	se_buffer_free(&out);
}

static void
read_answer(const char *data, size_t size)
{
	struct se_answer answer;
	struct se_error error;
	enum se_code code = se_wire_get_answer(data, size, &answer, &error);

	must(error.code == code);
	if (code == SE_OK) {
		must_be_printable(answer.note);
		write_answer_again(&answer);
	} else {
		must(answer.token == NULL && answer.status == NULL);
		must(code != SE_ABSENT);
		if (code != SE_INTERNAL || error.text[0] != '\0')
			write_error_again(&error);
	}
	se_answer_free(&answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	long whole = se_wire_frame_len((const char *)data, size, SE_WIRE_ANSWER_MAX);

	must(whole <= SE_WIRE_ANSWER_MAX && (whole > 0 || size < SE_WIRE_HEADER || whole == -1));
	read_request((const char *)data, size);
	read_answer((const char *)data, size);
	return 0;
}
