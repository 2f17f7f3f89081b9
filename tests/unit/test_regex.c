#define PCRE2_CODE_UNIT_WIDTH 8
#include "template/regex.h"

#include <pcre2.h>
#include <stdlib.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "template/matcher.h"

/* ---- against PCRE2: the same matches for random patterns whose meaning is the same in both ---- */

static unsigned long seed = 1;

static unsigned draw(unsigned limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % limit;
}

static const char *const atoms[] = {
	"a", "b", "c", "a", "b", "c", ".", "[ab]", "[^a]", "\\d", "\\w", "\\W", "\\n", "[a-c1]", "1",
	"\\x{e9}", "\\pL", "[\\p{Lu}_]", "(?i:A)", "(?i:\\x{c9})", "[[:punct:]]", "\\p{Greek}",
	"(?i:[^A-B])", "(?s:.)", "\\-", "\\s", "\\S", "[\\D ]", "[^\\W\\d]", "(?i:k)", "\\PL",
};

static const char *const edges[] = {
	"(?:^|a)", "(?:\\b|c)", "(?:$|b)", "(?m:^)", "(?m:$)", "\\B", "(?:\\A|b)", "(?:\\z|a)",
};

#define DRAW_OF(list) (list)[draw(sizeof(list) / sizeof *(list))]

static void add_sequence(struct buf *buf, int depth);

/* Each way through it takes a rune: where a repeated group may be empty, PCRE2 and Go differ. */
static void add_group(struct buf *buf, int depth)
{
	buf_add(buf, draw(2) ? "(" : "(?:");
	for (unsigned i = draw(3); i + 1; i--) {
		buf_add(buf, DRAW_OF(atoms));
		add_sequence(buf, depth + 1);
		if (i)
			buf_add_char(buf, '|');
	}
	buf_add_char(buf, ')');
}

static void add_sequence(struct buf *buf, int depth)
{
	static const char *const times[] = {
		"*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "{2,}", "", "", "", "", "", "",
	};

	for (unsigned i = draw(4); i; i--) {
		if (!draw(8))
			buf_add(buf, DRAW_OF(edges));
		if (depth < 3 && !draw(4))
			add_group(buf, depth);
		else
			buf_add(buf, DRAW_OF(atoms));
		buf_add(buf, DRAW_OF(times));
	}
}

static void add_text(struct buf *buf)
{
	static const char *const parts[] = { "a", "b", "c", "A", "B", "1", "\n", "é", "É", "λ", "-", " ", "_" };

	for (unsigned i = draw(12); i; i--)
		buf_add(buf, parts[draw(draw(2) ? 3 : sizeof parts / sizeof *parts)]);
}

/* With all groups; PCRE2 leaves out the last that are unset. */
static void compare(const char *pattern, size_t from, struct matcher *matcher, int found,
		    const PCRE2_SIZE *groups)
{
	if (matcher_find(matcher, from) != (found > 0))
		fail_msg("/%s/ in \"%s\" from %zu: PCRE2 says %d", pattern, matcher->text, from, found);
	for (unsigned i = 0; found > 0 && i < matcher->slot_count; i++) {
		size_t theirs = i < 2 * (unsigned)found ? groups[i] : UNSET;

		if (matcher->found[i] != theirs)
			fail_msg("/%s/ in \"%s\" from %zu: slot %u is %zd, here %zd", pattern, matcher->text, from,
				 i, (ssize_t)theirs, (ssize_t)matcher->found[i]);
	}
}

static void compare_text(const char *pattern, const char *text, struct matcher *matcher,
			 const pcre2_code *code)
{
	pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);

	matcher->text = text;
	matcher->size = strlen(text);
	for (size_t from = 0; from <= matcher->size; from++) {
		if (((unsigned char)text[from] & 0xC0) == 0x80)
			continue;
		int found = pcre2_match(code, (PCRE2_SPTR)text, matcher->size, from, 0, match, NULL);
		if (found >= PCRE2_ERROR_NOMATCH)
			compare(pattern, from, matcher, found, pcre2_get_ovector_pointer(match));
	}
	pcre2_match_data_free(match);
}

static void compare_pattern(const char *text)
{
	struct error error = ERROR_INIT;
	struct arena arena;
	struct pattern pattern;
	struct matcher matcher;
	int number;
	PCRE2_SIZE at;
	uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &number,
					 &at, NULL);

	arena_init(&arena, (size_t)1 << 30);
	if (!code)
		fail_msg("PCRE2 refuses /%s/", text);
	if (!pattern_parse(&pattern, value_string(text), &error))
		fail_msg("/%s/: %s", text, error.text);
	matcher_init(&matcher, &pattern, &arena);
	matcher_set_slots(&matcher, 2 * pattern.groups);
	for (int i = 0; i < 20; i++) {
		CLEANUP(buf_release) struct buf subject = BUF_INIT;

		add_text(&subject);
		compare_text(text, subject.data, &matcher, code);
	}
	pattern_release(&pattern);
	arena_release(&arena);
	pcre2_code_free(code);
}

static void matches_are_those_of_pcre2(void **state)
{
	const char *rounds = getenv("ROUNDS");

	(void)state;
	for (int i = rounds ? atoi(rounds) : 3000; i; i--) {
		CLEANUP(buf_release) struct buf pattern = BUF_INIT;

		seed = (unsigned long)i * 7919;
		add_sequence(&pattern, 0);
		if (!draw(4)) {
			buf_add_char(&pattern, '|');
			add_sequence(&pattern, 0);
		}
		compare_pattern(pattern.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_are_those_of_pcre2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
