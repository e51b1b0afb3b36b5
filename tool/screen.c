#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tool/screen.h"

enum { USUAL_WIDTH = 80, USUAL_HEIGHT = 24 };

static volatile sig_atomic_t over;
static struct sigaction before_int, before_term;

static bool
wants_colour(void)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (no == NULL || no[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
}

struct se_screen
se_screen_of_stdout(void)
{
	struct se_screen screen = {0, 0, false};
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return screen;
	screen.width = USUAL_WIDTH;
	screen.height = USUAL_HEIGHT;
	screen.colour = wants_colour();
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		if (size.ws_col > 0)
			screen.width = size.ws_col;
		if (size.ws_row > 0)
			screen.height = size.ws_row;
	}
	return screen;
}

static void
on_signal(int number)
{
	(void)number;
	over = 1;
}

static void
say(const char *codes)
{
	ssize_t written = write(STDOUT_FILENO, codes, strlen(codes));

	(void)written; /* whoever cannot be written to sees no cursor either */
}

void
se_screen_enter(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	(void)sigemptyset(&action.sa_mask);
	action.sa_handler = on_signal;
	over = 0;
	(void)sigaction(SIGINT, &action, &before_int);
	(void)sigaction(SIGTERM, &action, &before_term);
	say("\033[?25l\033[2J");
}

void
se_screen_leave(void)
{
	say("\033[?25h");
	(void)sigaction(SIGINT, &before_int, NULL);
	(void)sigaction(SIGTERM, &before_term, NULL);
}

bool
se_screen_wait(unsigned seconds)
{
	struct timespec left = {.tv_sec = (time_t)seconds};

	if (over)
		return false;
	(void)nanosleep(&left, NULL);
	return !over;
}
