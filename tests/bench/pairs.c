/*
 * pairs: makes one record of the benchmark, a line of JSON, from pairs of samples on stdin. A line
 * is "OURS THEIRS", two numbers in one unit, measured right after one another in alternating order.
 *
 *   pairs --row ID --what TEXT [--against TEXT] [--unit UNIT] [--at-most RATIO | --at-least RATIO]
 *         [--figure NAME=VALUE[:UNIT[:LIMIT]]]... [--no-samples]
 *
 * The ratio of a row is the median of the ratios of its pairs. "missed": the whole interval of that
 * lies beyond the limit, or a figure is more than its own limit; "undecided": the median does, but
 * the interval reaches across, or there are fewer than six pairs; else "met", or "stated" where
 * there is no limit.
 */
#include <getopt.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "statistics.h"

static struct {
	const char *row, *what, *against, *unit;
	double at_most, at_least; /* 0: none */
	struct json_object *figures;
	bool no_samples, missed, limited;
} record;

static _Noreturn void
die(const char *why, const char *what)
{
	(void)fprintf(stderr, "pairs: %s%s%s\n", why, what[0] != '\0' ? ": " : "", what);
	exit(2);
}

static double
number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(value))
		die("not a number", text);
	return value;
}

/* As many digits as mean something, not those of the binary fraction. */
static struct json_object *
json_number(double value)
{
	char text[40];

	if (fabs(value) < 1e15 && (value == floor(value) || fabs(value) >= 1e5))
		return json_object_new_int64((int64_t)llround(value));
	(void)snprintf(text, sizeof(text), "%.6g", value);
	return json_object_new_double_s(value, text);
}

/* --- what is known beforehand ------------------------------------------------------------------ */

/* NAME=VALUE[:UNIT[:LIMIT]] */
static void
add_figure(const char *argument)
{
	struct json_object *figure = json_object_new_object();
	char *copy = strdup(argument), *value, *unit, *limit;

	if (copy == NULL || (value = strchr(copy, '=')) == NULL)
		die("a figure is NAME=VALUE[:UNIT[:LIMIT]]", argument);
	*value++ = '\0';
	unit = strchr(value, ':');
	if (unit != NULL)
		*unit++ = '\0';
	limit = unit != NULL ? strchr(unit, ':') : NULL;
	if (limit != NULL)
		*limit++ = '\0';
	json_object_object_add(figure, "name", json_object_new_string(copy));
	json_object_object_add(figure, "value", json_number(number(value)));
	json_object_object_add(figure, "unit", json_object_new_string(unit != NULL ? unit : ""));
	if (limit != NULL && limit[0] != '\0') {
		json_object_object_add(figure, "at_most", json_number(number(limit)));
		record.limited = true;
		record.missed = record.missed || number(value) > number(limit);
	}
	json_object_array_add(record.figures, figure);
	free(copy);
}

static void
read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{"row", required_argument, NULL, 'r'},
		{"what", required_argument, NULL, 'w'},
		{"against", required_argument, NULL, 'a'},
		{"unit", required_argument, NULL, 'u'},
		{"at-most", required_argument, NULL, 'm'},
		{"at-least", required_argument, NULL, 'l'},
		{"figure", required_argument, NULL, 'f'},
		{"no-samples", no_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int option;

	record.against = record.unit = "";
	record.figures = json_object_new_array();
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			record.row = optarg;
			break;
		case 'w':
			record.what = optarg;
			break;
		case 'a':
			record.against = optarg;
			break;
		case 'u':
			record.unit = optarg;
			break;
		case 'm':
			record.at_most = number(optarg);
			break;
		case 'l':
			record.at_least = number(optarg);
			break;
		case 'f':
			add_figure(optarg);
			break;
		case 'n':
			record.no_samples = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind != argc)
		die("too many arguments", argv[optind]);
	if (record.row == NULL || record.what == NULL)
		die("--row and --what are needed", "");
}

/* --- the record -------------------------------------------------------------------------------- */

static const char *
verdict(const struct estimate *ratio)
{
	bool beyond = false, wholly = false;

	if (record.missed)
		return "missed";
	if (ratio == NULL || (record.at_most <= 0 && record.at_least <= 0))
		return record.limited ? "met" : "stated";
	if (record.at_most > 0) {
		beyond = ratio->median > record.at_most;
		wholly = ratio->low > record.at_most;
	}
	if (record.at_least > 0) {
		beyond = beyond || ratio->median < record.at_least;
		wholly = wholly || ratio->high < record.at_least;
	}
	if (!ratio->certain)
		return "undecided";
	return wholly ? "missed" : beyond ? "undecided" : "met";
}

static struct json_object *
json_estimate(const struct estimate *estimate)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "median", json_number(estimate->median));
	json_object_object_add(object, "low", json_number(estimate->low));
	json_object_object_add(object, "high", json_number(estimate->high));
	return object;
}

static struct json_object *
json_limit(void)
{
	struct json_object *object = json_object_new_object();

	if (record.at_most > 0)
		json_object_object_add(object, "at_most", json_number(record.at_most));
	if (record.at_least > 0)
		json_object_object_add(object, "at_least", json_number(record.at_least));
	return object;
}

static void
add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

static const char *
add_estimates(struct json_object *object, struct samples *samples)
{
	struct estimate ours = estimate_median(samples->ours, samples->count);
	struct estimate theirs = estimate_median(samples->theirs, samples->count);
	struct estimate ratio = estimate_median(samples->ratio, samples->count);

	json_object_object_add(object, "pairs", json_number((double)samples->count));
	json_object_object_add(object, "ours", json_estimate(&ours));
	json_object_object_add(object, "theirs", json_estimate(&theirs));
	json_object_object_add(object, "ratio", json_estimate(&ratio));
	json_object_object_add(object, "limit", json_limit());
	return verdict(&ratio);
}

int
main(int argc, char **argv)
{
	struct json_object *object = json_object_new_object();
	struct samples samples = {NULL, NULL, NULL, 0, 0};
	const char *result, *wrong;

	read_options(argc, argv);
	add_text(object, "row", record.row);
	add_text(object, "what", record.what);
	add_text(object, "against", record.against);
	add_text(object, "unit", record.unit);
	if (record.no_samples) {
		result = verdict(NULL);
	} else {
		wrong = samples_read(&samples, stdin);
		if (wrong != NULL)
			die("not pairs of samples", wrong);
		result = add_estimates(object, &samples);
	}
	add_text(object, "verdict", result);
	json_object_object_add(object, "figures", record.figures);
	(void)puts(json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	samples_free(&samples);
	return fflush(stdout) == 0 ? 0 : 1;
}
