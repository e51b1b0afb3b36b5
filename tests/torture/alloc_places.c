#include <dirent.h>
#include <dlfcn.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "alloc_places.h"

enum { PLACES = 64, ENTRIES = 64, NAME_BYTES = 256, PATH_BYTES = 512 };

/* Shared with the forked children, who make directories as well. */
static struct places {
	size_t count;
	size_t of_group;
	char path[PLACES][PATH_BYTES];
} * places;

/* What the group's directories had when it had been set up. */
static struct {
	size_t count;
	char name[ENTRIES][NAME_BYTES];
} had[PLACES];

__attribute__((visibility("default"))) char *mkdtemp(char *template);

char *
mkdtemp(char *template)
{
	static char *(*real)(char *);
	char *made;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "mkdtemp");
	made = real(template);
	if (places == NULL)
		places = mmap(NULL, sizeof(*places), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (made != NULL && places != MAP_FAILED && places->count < PLACES)
		(void)snprintf(places->path[places->count++], PATH_BYTES, "%s", made);
	return made;
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Calls `each` with every entry of the directory. */
static void
each_entry(size_t place, void (*each)(size_t place, const char *name))
{
	DIR *directory = opendir(places->path[place]);
	struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			each(place, entry->d_name);
	(void)closedir(directory);
}

static void
note_entry(size_t place, const char *name)
{
	if (had[place].count < ENTRIES)
		(void)snprintf(had[place].name[had[place].count++], NAME_BYTES, "%s", name);
}

static void
remove_new(size_t place, const char *name)
{
	char path[PATH_BYTES + NAME_BYTES];

	for (size_t i = 0; i < had[place].count; i++)
		if (strcmp(had[place].name[i], name) == 0)
			return;
	(void)snprintf(path, sizeof(path), "%s/%s", places->path[place], name);
	remove_tree(path);
}

void
alloc_places_note(void)
{
	if (places == NULL)
		places = mmap(NULL, sizeof(*places), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	places->of_group = places->count;
	for (size_t i = 0; i < places->of_group; i++)
		each_entry(i, note_entry);
}

void
alloc_places_clean(void)
{
	for (size_t i = 0; i < places->count; i++)
		if (i < places->of_group)
			each_entry(i, remove_new);
		else
			remove_tree(places->path[i]);
	places->count = places->of_group;
}
