#include <string.h>

#include "tool/aside.h"
#include "tool/doctor_aside.h"

enum { HEARD_MAX = 4 << 20 };

/* One check on its way, then its text and its fix. The child is a fork: what is static has the same
 * address in both. */
struct record {
	const char *id;
	enum se_verdict verdict;
	size_t text_len, fix_len; /* with their NUL; 0: no fix */
};

struct both {
	struct se_doctor *doctor;
	const struct se_doctor_part *part;
	size_t taken; /* bytes of what was heard */
};

static void
send_check(const struct se_checkup *checkup, const struct se_checked *checked)
{
	struct record record;

	memset(&record, 0, sizeof(record));
	record.id = checked->id;
	record.verdict = checked->verdict;
	record.text_len = strlen(checked->text) + 1;
	record.fix_len = checked->fix != NULL ? strlen(checked->fix) + 1 : 0;
	se_aside_tell(checkup->watcher, &record, sizeof(record));
	se_aside_tell(checkup->watcher, checked->text, record.text_len);
	if (checked->fix != NULL)
		se_aside_tell(checkup->watcher, checked->fix, record.fix_len);
}

static void
be_child(void *context, struct se_aside *aside)
{
	struct both *both = context;

	both->doctor->checkup.watch = send_check;
	both->doctor->checkup.watcher = aside;
	both->part->look(both->doctor, both->part->context);
}

/* As many as are whole. */
static void
take(void *context, struct se_buffer *heard)
{
	struct both *both = context;
	struct record record;

	while (heard->len - both->taken >= sizeof(record)) {
		const char *text = heard->data + both->taken + sizeof(record);
		size_t len;

		memcpy(&record, heard->data + both->taken, sizeof(record));
		len = sizeof(record) + record.text_len + record.fix_len;
		if (heard->len - both->taken < len)
			break;
		se_checkup_add(&both->doctor->checkup, record.id, record.verdict,
			record.fix_len > 0 ? text + record.text_len : NULL, "%s", text);
		both->taken += len;
	}
}

enum se_code
se_doctor_aside(struct se_doctor *doctor, const struct se_doctor_part *part, struct se_error *error)
{
	struct both both = {.doctor = doctor, .part = part};
	const struct se_aside_work work = {
		.act = be_child,
		.context = &both,
		.timeout = part->timeout,
		.what = part->what,
		.heard = take,
	};
	struct se_buffer heard;
	enum se_code code;

	se_buffer_init(&heard, HEARD_MAX);
	code = se_aside(&work, &heard, error);
	doctor->checkup.failed |= heard.failed;
	se_buffer_free(&heard);
	return code;
}
