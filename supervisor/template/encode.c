#include "encode.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

/* Durations appear twice, and JSON has the later three only. */
static const struct member definition[] = {
	{ "HTTP", TYPE_STRING }, { "Header", TYPE_MAP_STRINGS }, { "Method", TYPE_STRING },
	{ "Body", TYPE_STRING }, { "TLSServerName", TYPE_STRING }, { "TLSSkipVerify", TYPE_BOOL },
	{ "TCP", TYPE_STRING }, { "UDP", TYPE_STRING }, { "GRPC", TYPE_STRING }, { "OSService", TYPE_STRING },
	{ "GRPCUseTLS", TYPE_BOOL }, { "IntervalDuration", TYPE_STRING },
	{ "TimeoutDuration", TYPE_STRING }, { "DeregisterCriticalServiceAfterDuration", TYPE_STRING },
	{ "Interval", TYPE_INT64 }, { "Timeout", TYPE_INT64 },
	{ "DeregisterCriticalServiceAfter", TYPE_INT64 }, { 0 },
};

enum { DURATIONS = 11 };	/* the first of them */

const struct member *encode_fields(enum type type)
{
	return type == TYPE_CHECK_DEFINITION ? definition : type_info(type)->fields;
}

/* "1m30s" in nanoseconds; 0 if it is none. */
static int64_t nanoseconds(const char *text)
{
	enum { UNITS = 7 };
	static const struct { const char *name; double size; } units[UNITS] = {
		{ "ns", 1 }, { "us", 1e3 }, { "\u00B5s", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 6e10 },
		{ "h", 3.6e12 },
	};
	double sum = 0;

	while (isdigit((unsigned char)*text)) {
		char *end;
		double number = strtod(text, &end);
		size_t size = strcspn(end, "0123456789"), i = 0;

		while (i < UNITS && (strncmp(end, units[i].name, size) || units[i].name[size]))
			i++;
		if (i == UNITS)
			return 0;
		sum += number * units[i].size;
		text = end + size;
	}
	return *text || !(sum < (double)INT64_MAX) ? 0 : (int64_t)round(sum);
}

struct value encode_get(struct arena *arena, struct value value, const struct member *field)
{
	struct value text;
	const char *name;

	if (value.type != TYPE_CHECK_DEFINITION || field < definition + DURATIONS)
		return struct_get(arena, value, field);
	name = field->type == TYPE_STRING ? field[3].name : field->name;
	text = struct_get(arena, value, &(struct member){ name, TYPE_STRING });
	if (!text.size)
		text = value_string("0s");
	return field->type == TYPE_STRING ? text : value_int64(nanoseconds(text.text));
}
