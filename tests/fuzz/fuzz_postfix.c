/* Fuzzes what a Postfix's own programs say of it. An input is the output of `postconf -x`, of
 * `postconf -Px`, of `postconf -M` and of postmap, with a line "%" between them. */
#include <stdlib.h>
#include <string.h>

#include "tool/postfix_config.h"
#include "tool/postfix_map.h"
#include "tool/run.h"

#include "fuzz.h"

enum { OUTPUTS = 4, VALUE_MAX = 256 };

static const char *outputs[OUTPUTS];
static size_t lens[OUTPUTS];

/* In place of tool/run.c's: no program runs. */
enum se_code
se_run(const struct se_run *run, int *status, struct se_error *error)
{
	size_t which = 3;

	(void)error;
	for (size_t i = 0; run->argv[i] != NULL; i++)
		which = strcmp(run->argv[i], "-x") == 0    ? 0
			: strcmp(run->argv[i], "-Px") == 0 ? 1
			: strcmp(run->argv[i], "-M") == 0  ? 2
							   : which;
	*status = which == 3 && lens[3] == 0;
	se_buffer_add(run->output, outputs[which], lens[which]);
	return SE_OK;
}

static void
divide(const char *data, size_t size)
{
	for (size_t i = 0; i < OUTPUTS; i++) {
		const char *end = i + 1 < OUTPUTS ? memmem(data, size, "\n%\n", 3) : NULL;

		outputs[i] = data;
		lens[i] = end != NULL ? (size_t)(end - data) : size;
		data = end != NULL ? end + 3 : data + size;
		size -= lens[i] + (end != NULL ? 3 : 0);
	}
}

static void
look_at_maps(const struct se_postfix *postfix, const char *list)
{
	static struct se_postfix_map map;
	struct se_buffer value;
	struct se_error error;
	size_t count = 0;

	while (count++ < 8 && se_postfix_next_map(postfix, &list, &map)) {
		must(memchr(map.name, '\0', sizeof(map.name)) != NULL);
		must(memchr(map.index, '\0', sizeof(map.index)) != NULL);
		must(map.file == NULL || strchr(map.name, ':') != NULL);
		se_buffer_init(&value, VALUE_MAX);
		if (se_postfix_map_get(postfix, &map, "[smtp.office365.com]:587", &value, &error) !=
			SE_OK)
			must(error.text[0] != '\0');
		must(value.len <= VALUE_MAX);
		se_buffer_free(&value);
	}
}

static void
look_at(const struct se_postfix *postfix)
{
	char *dirs[SE_POSTFIX_INSTANCES_MAX];
	size_t count = se_postfix_instances(postfix, dirs);

	must(count <= SE_POSTFIX_INSTANCES_MAX);
	while (count > 0)
		free(dirs[--count]);
	look_at_maps(postfix, se_postfix_get(postfix, "smtp_sasl_password_maps"));
	for (size_t i = 0; i < postfix->service_count; i++) {
		const struct se_postfix_service *service = &postfix->services[i];

		must(service->name[0] != '\0' && service->command[0] != '\0');
		must(se_postfix_service(postfix, service->name, service->type) != NULL);
		must(se_postfix_get_for(postfix, service, "smtp_tls_security_level") != NULL);
		(void)se_postfix_list_has(service->arguments, "noanonymous");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct se_postfix postfix;
	const char *dir = scratch("");
	struct se_error error;
	enum se_code code;

	divide((const char *)data, size);
	write_file(scratch("main.cf"), "", 0);
	write_file(scratch("master.cf"), "", 0);
	se_error_clear(&error);
	code = se_postfix_read(dir, &postfix, &error);
	/* Most have a mail_owner that is no user of this machine. */
	if (code != SE_OK)
		must_explain(&error, SE_CONFIG);
	look_at(&postfix);
	se_postfix_free(&postfix);
	return 0;
}
