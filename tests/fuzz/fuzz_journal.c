/* Fuzzes the list of what an import has kept: any journal.json is one of ours, or damaged. Nothing is
 * put back here. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tool/journal.h"

#include "fuzz.h"

enum { ENTRIES_MAX = 2000 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *directory = scratch("journal");
	enum se_journal_state state;
	struct se_journal *journal;
	struct se_error error;

	must(mkdir(directory, 0700) == 0 || chmod(directory, 0700) == 0);
	write_file(scratch("journal/journal.json"), data, size);
	se_error_clear(&error);
	journal = se_journal_open(directory, &state, &error);
	if (journal == NULL) {
		must_explain(&error, SE_CONFIG);
		return 0;
	}
	must(state != SE_JOURNAL_NONE && se_journal_count(journal) <= ENTRIES_MAX);
	for (size_t i = 0; i < se_journal_count(journal); i++)
		must(se_journal_path(journal, i) != NULL);
	if (se_journal_check(journal, &error) != SE_OK)
		must_explain(&error, SE_CONFIG);
	(void)se_journal_noted(journal, "postfix");
	se_journal_close(journal);
	return 0;
}
