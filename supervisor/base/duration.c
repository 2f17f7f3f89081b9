#include "duration.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRINTED_MAX 9223372036.0	/* seconds: 292 years, the most that Go's type holds */

static const struct {
	const char *name;
	double seconds;
} units[] = {		/* longer names before their prefixes */
	{ "ns", 1e-9 }, { "us", 1e-6 }, { "µs", 1e-6 }, { "ms", 1e-3 },
	{ "s", 1 }, { "m", 60 }, { "h", 3600 },
};

/* The unit at *text, in seconds; 0 if there is none.  *text moves behind the unit. */
static double parse_unit(const char **text)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t length = strlen(units[i].name);

		if (!strncmp(*text, units[i].name, length)) {
			*text += length;
			return units[i].seconds;
		}
	}
	return 0;
}

/* Digits with at most one point: strtod() alone would accept "1e3" and "inf". */
static bool parse_number(const char **text, double *number, bool *whole)
{
	size_t length = strspn(*text, "0123456789");
	char digits[32];

	*whole = (*text)[length] != '.';
	if (!*whole)
		length += 1 + strspn(*text + length + 1, "0123456789");
	if (length == !*whole || length >= sizeof digits)
		return false;
	memcpy(digits, *text, length);
	digits[length] = '\0';
	*number = strtod(digits, NULL);
	*text += length;
	return true;
}

bool duration_parse(const char *text, double *seconds)
{
	double sum = 0, number, unit, sign = *text == '-' ? -1 : 1;
	bool whole, first = true;

	if (*text == '-' || *text == '+')
		text++;
	do {
		if (!parse_number(&text, &number, &whole))
			return false;
		if (!*text && first && whole)
			unit = 1;
		else if (!(unit = parse_unit(&text)))
			return false;
		sum += number * unit;
		first = false;
	} while (*text);
	if (sum > DURATION_MAX)
		return false;
	*seconds = sign * sum;
	return true;
}

void duration_print(double seconds, char text[static 32])
{
	long minutes;

	seconds = fmin(fmax(seconds, -PRINTED_MAX), PRINTED_MAX);
	if (fabs(seconds) >= 1)
		seconds = round(seconds * 1e3) / 1e3;
	minutes = (long)(seconds / 60);
	if (fabs(seconds) < 1)
		snprintf(text, 32, "%.4gms", seconds * 1e3);
	else if (minutes < 1)
		snprintf(text, 32, "%.4gs", seconds);
	else if (minutes < 60 && fmod(seconds, 60) == 0)
		snprintf(text, 32, "%ldm", minutes);
	else if (minutes < 60)
		snprintf(text, 32, "%ldm%.4gs", minutes, fmod(seconds, 60));
	else if (minutes % 60 == 0)
		snprintf(text, 32, "%ldh", minutes / 60);
	else
		snprintf(text, 32, "%ldh%ldm", minutes / 60, minutes % 60);
}
