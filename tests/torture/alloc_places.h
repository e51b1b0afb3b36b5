/* alloc_places: the directories of a test's own, which a run that ends in the middle leaves as
 * they are. */
#ifndef SE_TESTS_TORTURE_ALLOC_PLACES_H
#define SE_TESTS_TORTURE_ALLOC_PLACES_H

/* The group has been set up: what its directories have now stays. */
void alloc_places_note(void);

/* Removes what has come since, and the directories that tests made with mkdtemp(). */
void alloc_places_clean(void);

#endif
