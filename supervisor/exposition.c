#include "exposition.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *exposition_content_type(enum exposition_format format)
{
	return format == EXPOSITION_OPEN ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
					 : "text/plain; version=0.0.4; charset=utf-8";
}

/* `escaped` contains the newline. */
static void escape(struct buf *out, const char *text, const char *escaped)
{
	for (;;) {
		size_t plain = strcspn(text, escaped);

		buf_append(out, text, plain);
		text += plain;
		if (!*text)
			return;
		buf_add_char(out, '\\');
		buf_add_char(out, *text == '\n' ? 'n' : *text);
		text++;
	}
}

void exposition_escape(struct buf *out, const char *text)
{
	escape(out, text, "\n\\\"");
}

/* Of a counter's name without _total. */
static size_t stem(const char *name)
{
	static const char end[] = "_total";
	size_t length = strlen(name), most = strlen(end);

	return length > most && !strcmp(name + length - most, end) ? length - most : length;
}

void exposition_head(struct buf *out, enum exposition_format format, const char *name, const char *type,
		     const char *help)
{
	bool open = format == EXPOSITION_OPEN;
	bool counts = open && !strcmp(type, "counter");
	size_t length = counts ? stem(name) : strlen(name);

	if (counts && !name[length])
		type = "unknown";
	buf_print(out, "# HELP %.*s ", (int)length, name);
	escape(out, help, open ? "\n\\\"" : "\n\\");
	buf_print(out, "\n# TYPE %.*s %s\n", (int)length, name, type);
}

/* The shortest text that reads as the same number. */
static void add_number(struct buf *out, double value)
{
	char text[32];

	if (fabs(value) < 1e15 && value == (double)(long long)value) {
		snprintf(text, sizeof text, "%lld", (long long)value);
		buf_add(out, text);
		return;
	}
	for (int digits = 6; digits <= 17; digits += digits < 15 ? 9 : 2) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_add(out, text);
}

void exposition_value(struct buf *out, const char *name, const char *suffix, const char *labels,
		      double value)
{
	buf_add(out, name);
	buf_add(out, suffix);
	if (*labels) {
		buf_add(out, "{");
		buf_add(out, labels);
		buf_add(out, "}");
	}
	buf_add(out, " ");
	add_number(out, value);
	buf_add(out, "\n");
}

/* In OpenMetrics a bound is never an integer. */
static void add_bound(struct buf *out, enum exposition_format format, double bound)
{
	size_t before = out->used;

	add_number(out, bound);
	if (format == EXPOSITION_OPEN && !strpbrk(out->data + before, ".e"))
		buf_add(out, ".0");
}

static void add_bucket_head(struct buf *out, const char *name, const char *labels)
{
	buf_add(out, name);
	buf_add(out, "_bucket{");
	buf_add(out, labels);
	buf_add(out, *labels ? ",le=\"" : "le=\"");
}

static void add_bucket_count(struct buf *out, unsigned long count)
{
	buf_add(out, "\"} ");
	add_number(out, (double)count);
	buf_add(out, "\n");
}

void exposition_histogram(struct buf *out, enum exposition_format format, const char *name,
			  const char *labels, const struct exposition_buckets *buckets)
{
	unsigned long total = 0;

	for (size_t i = 0; i < buckets->count; i++) {
		total += buckets->counts[i];
		add_bucket_head(out, name, labels);
		add_bound(out, format, buckets->bounds[i]);
		add_bucket_count(out, total);
	}
	total += buckets->counts[buckets->count];
	add_bucket_head(out, name, labels);
	buf_add(out, "+Inf");
	add_bucket_count(out, total);
	exposition_value(out, name, "_sum", labels, buckets->sum);
	exposition_value(out, name, "_count", labels, (double)total);
}

void exposition_end(struct buf *out, enum exposition_format format)
{
	if (format == EXPOSITION_OPEN)
		buf_add(out, "# EOF\n");
}
