#include <stdint.h>
#include <string.h>

#include "tool/aside.h"
#include "tool/checkup_ids.h"
#include "tool/doctor_aside.h"

enum { HEARD_MAX = 4 << 20 };

/* One check on its way, then its text and its fix. What comes from the child is judged: it may have become
 * another user, and run what other people wrote. */
struct record {
	uint32_t id;                /* its number in the table of ids */
	uint32_t verdict;           /* of enum se_verdict */
	uint32_t text_len, fix_len; /* with their NUL; 0: no fix */
};

struct both {
	struct se_doctor *doctor;
	const struct se_doctor_part *part;
	size_t taken; /* bytes of what was heard */
	bool strange; /* what came is no check, and nothing after it is taken */
};

static void
send_check(const struct se_checkup *checkup, const struct se_checked *checked)
{
	const struct record record = {
		.id = (uint32_t)se_checkup_id_number(checked->id),
		.verdict = (uint32_t)checked->verdict,
		.text_len = (uint32_t)strlen(checked->text) + 1,
		.fix_len = checked->fix != NULL ? (uint32_t)strlen(checked->fix) + 1 : 0,
	};

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

static bool
is_plausible(const struct record *record)
{
	return se_checkup_id(record->id) != NULL && record->verdict <= SE_LEFT_OUT &&
	       record->text_len > 0 && record->text_len < HEARD_MAX && record->fix_len < HEARD_MAX;
}

/* One that is whole; false where none is, or what is there is no check. */
static bool
take_one(struct both *both, const struct se_buffer *heard)
{
	const size_t left = heard->len - both->taken;
	struct record record;
	const char *text, *fix;

	if (both->strange || left < sizeof(record))
		return false;
	memcpy(&record, heard->data + both->taken, sizeof(record));
	both->strange = !is_plausible(&record);
	if (both->strange || left - sizeof(record) < (size_t)record.text_len + record.fix_len)
		return false;
	text = heard->data + both->taken + sizeof(record);
	fix = record.fix_len > 0 ? text + record.text_len : NULL;
	both->strange = text[record.text_len - 1] != '\0' ||
			(fix != NULL && fix[record.fix_len - 1] != '\0');
	if (both->strange)
		return false;
	se_checkup_add(&both->doctor->checkup, se_checkup_id(record.id),
		(enum se_verdict)record.verdict, fix, "%s", text);
	both->taken += sizeof(record) + record.text_len + record.fix_len;
	return true;
}

/* As many as are whole. */
static void
take(void *context, struct se_buffer *heard)
{
	while (take_one(context, heard))
		;
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
	if (code == SE_OK && (both.strange || both.taken < heard.len))
		code = se_error_set(error, SE_INTERNAL, "what it found out cannot be understood");
	doctor->checkup.failed |= heard.failed;
	se_buffer_free(&heard);
	return code;
}
