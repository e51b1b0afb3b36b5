/* Shows the table of keys, or loads a configuration from standard input; for test_conf_man.sh. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/config.h"

/* One line a key: name, where, default, least and most seconds, choices; '-' for nothing. */
static int
show_keys(void)
{
	static const char *const places[] = {"-", "account", "defaults", "both"};
	const char *const *choice;
	int i;

	for (i = 0; i < SE_KEY_COUNT; i++) {
		const struct se_key_info *key = &se_keys[i];

		printf("%s %s %s", key->name, places[key->where & 3u],
			key->fallback != NULL ? key->fallback : "-");
		if (key->type == SE_TYPE_SECONDS)
			printf(" %ld %ld", key->min, key->max);
		else
			printf(" - -");
		for (choice = key->choices; choice != NULL && *choice != NULL; choice++)
			printf(" %s", *choice);
		printf("\n");
	}
	return 0;
}

/* A warning is a failure as well: examples are to be better than that. */
static int
load(const char *name)
{
	static char text[SE_CONFIG_SIZE_MAX];
	static struct se_problems problems;
	size_t len = fread(text, 1, sizeof(text), stdin), i;
	struct se_config *config;

	se_config_parse(text, len, name, &config, &problems, NULL);
	for (i = 0; i < problems.count; i++)
		printf("# %s\n", problems.list[i].text);
	se_config_free(config);
	return config != NULL && problems.count == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "keys") == 0)
		return show_keys();
	if (argc == 3 && strcmp(argv[1], "load") == 0)
		return load(argv[2]);
	return 2;
}
