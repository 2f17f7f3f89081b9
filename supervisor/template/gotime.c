#include "gotime.h"

#include <string.h>

static const char *const days[] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
};
static const char *const months[] = {
	"January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December",
};

enum part {
	PART_LONG_MONTH, PART_MONTH, PART_ZERO_MONTH, PART_NUMBER_MONTH, PART_LONG_DAY, PART_DAY_NAME,
	PART_BLANK_DAY, PART_ZERO_DAY, PART_DAY, PART_YEAR_DAY, PART_BLANK_YEAR_DAY, PART_YEAR,
	PART_SHORT_YEAR, PART_HOUR, PART_ZERO_HOUR12, PART_HOUR12, PART_ZERO_MINUTE, PART_MINUTE,
	PART_ZERO_SECOND, PART_SECOND, PART_PM, PART_LOWER_PM, PART_ZONE_NAME, PART_ZULU, PART_ZONE_COLON,
	PART_ZONE, PART_ZONE_HOUR, PART_ZONE_SECONDS, PART_ZONE_COLON_SECONDS,
};

/* A longer element precedes its own prefix. */
static const struct { const char *name; enum part part; } parts[] = {
	{ "January", PART_LONG_MONTH }, { "Jan", PART_MONTH }, { "Monday", PART_LONG_DAY },
	{ "Mon", PART_DAY_NAME }, { "MST", PART_ZONE_NAME }, { "002", PART_YEAR_DAY },
	{ "01", PART_ZERO_MONTH }, { "02", PART_ZERO_DAY }, { "03", PART_ZERO_HOUR12 },
	{ "04", PART_ZERO_MINUTE }, { "05", PART_ZERO_SECOND }, { "06", PART_SHORT_YEAR },
	{ "15", PART_HOUR }, { "2006", PART_YEAR }, { "__2", PART_BLANK_YEAR_DAY },
	{ "_2", PART_BLANK_DAY }, { "PM", PART_PM }, { "pm", PART_LOWER_PM },
	{ "Z07:00:00", PART_ZULU }, { "Z070000", PART_ZULU }, { "Z07:00", PART_ZULU },
	{ "Z0700", PART_ZULU }, { "Z07", PART_ZULU }, { "-07:00:00", PART_ZONE_COLON_SECONDS },
	{ "-070000", PART_ZONE_SECONDS }, { "-07:00", PART_ZONE_COLON }, { "-0700", PART_ZONE },
	{ "-07", PART_ZONE_HOUR }, { "1", PART_NUMBER_MONTH }, { "2", PART_DAY },
	{ "3", PART_HOUR12 }, { "4", PART_MINUTE }, { "5", PART_SECOND },
};

static void add_date(struct text *text, const struct tm *tm, enum part part)
{
	switch (part) {
	case PART_LONG_MONTH: text_string(text, months[tm->tm_mon]); break;
	case PART_MONTH: text_add(text, months[tm->tm_mon], 3); break;
	case PART_ZERO_MONTH: text_print(text, "%02d", tm->tm_mon + 1); break;
	case PART_NUMBER_MONTH: text_print(text, "%d", tm->tm_mon + 1); break;
	case PART_LONG_DAY: text_string(text, days[tm->tm_wday]); break;
	case PART_DAY_NAME: text_add(text, days[tm->tm_wday], 3); break;
	case PART_BLANK_DAY: text_print(text, "%2d", tm->tm_mday); break;
	case PART_ZERO_DAY: text_print(text, "%02d", tm->tm_mday); break;
	case PART_DAY: text_print(text, "%d", tm->tm_mday); break;
	case PART_YEAR_DAY: text_print(text, "%03d", tm->tm_yday + 1); break;
	case PART_BLANK_YEAR_DAY: text_print(text, "%3d", tm->tm_yday + 1); break;
	case PART_YEAR: text_print(text, "%04d", tm->tm_year + 1900); break;
	default: text_print(text, "%02d", tm->tm_year % 100); break;
	}
}

static void add_time(struct text *text, const struct tm *tm, enum part part)
{
	int hour = tm->tm_hour % 12 ? tm->tm_hour % 12 : 12;

	switch (part) {
	case PART_HOUR: text_print(text, "%02d", tm->tm_hour); break;
	case PART_ZERO_HOUR12: text_print(text, "%02d", hour); break;
	case PART_HOUR12: text_print(text, "%d", hour); break;
	case PART_ZERO_MINUTE: text_print(text, "%02d", tm->tm_min); break;
	case PART_MINUTE: text_print(text, "%d", tm->tm_min); break;
	case PART_ZERO_SECOND: text_print(text, "%02d", tm->tm_sec); break;
	case PART_SECOND: text_print(text, "%d", tm->tm_sec); break;
	case PART_PM: text_string(text, tm->tm_hour < 12 ? "AM" : "PM"); break;
	case PART_LOWER_PM: text_string(text, tm->tm_hour < 12 ? "am" : "pm"); break;
	case PART_ZONE_NAME: text_string(text, "UTC"); break;
	case PART_ZULU: text_char(text, 'Z'); break;
	case PART_ZONE_COLON: text_string(text, "+00:00"); break;
	case PART_ZONE_HOUR: text_string(text, "+00"); break;
	case PART_ZONE_SECONDS: text_string(text, "+000000"); break;
	case PART_ZONE_COLON_SECONDS: text_string(text, "+00:00:00"); break;
	default: text_string(text, "+0000"); break;
	}
}

/* .000, ,999: the fraction is always zero, which 0 shows and 9 hides. */
static size_t add_fraction(struct text *text, const char *layout, size_t size)
{
	size_t count = 1;

	if ((layout[0] != '.' && layout[0] != ',') || size < 2 || (layout[1] != '0' && layout[1] != '9'))
		return 0;
	while (count < size && layout[count] == layout[1])
		count++;
	if (count < size && layout[count] >= '0' && layout[count] <= '9')
		return 0;
	if (layout[1] == '0')
		text_add(text, layout, count);
	return count;
}

static size_t add_part(struct text *text, const struct tm *tm, const char *layout, size_t size)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		size_t length = strlen(parts[i].name);

		if (length > size || memcmp(layout, parts[i].name, length))
			continue;
		/* Words that merely begin with a month or day, and an underscore before a year. */
		if ((parts[i].part == PART_MONTH || parts[i].part == PART_DAY_NAME) && size > 3 &&
		    layout[3] >= 'a' && layout[3] <= 'z')
			continue;
		if (parts[i].part == PART_BLANK_DAY && size > 4 && !memcmp(layout + 1, "2006", 4))
			continue;
		if (parts[i].part < PART_HOUR)
			add_date(text, tm, parts[i].part);
		else
			add_time(text, tm, parts[i].part);
		return length;
	}
	return add_fraction(text, layout, size);
}

void gotime_format(struct text *text, time_t moment, const char *layout, size_t size)
{
	struct tm tm;

	gmtime_r(&moment, &tm);
	for (size_t i = 0, took; i < size; i += took) {
		took = add_part(text, &tm, layout + i, size - i);
		if (!took) {
			text_char(text, layout[i]);
			took = 1;
		}
	}
}
