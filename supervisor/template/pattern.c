#include "pattern.h"

#include <string.h>

#include "utf8.h"

#define NESTING_LIMIT 1000
#define REPEAT_LIMIT 1000
#define GROUPS_LIMIT 1000
#define MEMORY_LIMIT ((size_t)32 << 20)

char pattern_peek(const struct syntax *syntax, size_t ahead)
{
	return syntax->at + ahead < syntax->size ? syntax->text[syntax->at + ahead] : '\0';
}

bool pattern_rune(struct syntax *syntax, uint32_t *rune)
{
	syntax->at += utf8_read(syntax->text + syntax->at, syntax->size - syntax->at, rune);
	return true;
}

/* ---- pieces ---- */

static struct piece *new_piece(struct syntax *syntax, enum piece_kind kind)
{
	struct piece *piece = arena_alloc(&syntax->pattern->arena, sizeof *piece);

	piece->kind = kind;
	piece->factor = 1;
	return piece;
}

static void append(struct piece *list, struct piece *piece)
{
	if (list->last)
		list->last->next = piece;
	else
		list->first = piece;
	list->last = piece;
	if (piece->factor > list->factor)
		list->factor = piece->factor;
}

static bool add_rune(struct syntax *syntax, struct piece *sequence, uint32_t rune)
{
	struct piece *piece = new_piece(syntax, PIECE_RUNE);

	piece->folded = syntax->flags & FLAG_FOLD;
	piece->rune = piece->folded ? rune_fold(rune) : rune;
	append(sequence, piece);
	return true;
}

static bool add_assertion(struct syntax *syntax, struct piece *sequence, enum assertion assertion,
			  size_t length)
{
	struct piece *piece = new_piece(syntax, PIECE_ASSERT);

	piece->assertion = assertion;
	append(sequence, piece);
	syntax->at += length;
	return true;
}

static bool add_class(struct syntax *syntax, struct piece *sequence, struct class *class)
{
	struct piece *piece = new_piece(syntax, PIECE_CLASS);

	class_finish(class);
	piece->class = class;
	append(sequence, piece);
	return true;
}

/* ---- escapes ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \x7F, \x{10FFFF}; the x was read. */
static bool read_hex(struct syntax *syntax, uint32_t *rune)
{
	bool braces = pattern_peek(syntax, 0) == '{';
	size_t digits = 0;

	*rune = 0;
	syntax->at += braces;
	for (int value; (braces || digits < 2) && (value = hex_value(pattern_peek(syntax, 0))) >= 0;
	     digits++, syntax->at++) {
		*rune = *rune * 16 + (uint32_t)value;
		if (*rune > 0x10FFFF)
			return fail(syntax->error, "invalid escape sequence");
	}
	if (braces ? !digits || pattern_peek(syntax, 0) != '}' : digits != 2)
		return fail(syntax->error, "invalid escape sequence");
	syntax->at += braces;
	return true;
}

/* \0, \101: a single digit other than 0 would be a back reference. */
static bool read_octal(struct syntax *syntax, char c, uint32_t *rune)
{
	*rune = (uint32_t)(c - '0');
	if (c != '0' && (pattern_peek(syntax, 0) < '0' || pattern_peek(syntax, 0) > '7'))
		return fail(syntax->error, "invalid escape sequence: \\%c", c);
	for (int i = 0; i < 2 && pattern_peek(syntax, 0) >= '0' && pattern_peek(syntax, 0) <= '7'; i++)
		*rune = *rune * 8 + (uint32_t)(syntax->text[syntax->at++] - '0');
	return true;
}

bool pattern_escape(struct syntax *syntax, uint32_t *rune)
{
	static const char controls[] = "\a\f\n\r\t\v", names[] = "afnrtv";
	char c = pattern_peek(syntax, 1);
	const char *control = c ? strchr(names, c) : NULL;

	if (syntax->at + 1 >= syntax->size)
		return fail(syntax->error, "trailing backslash at the end of the expression");
	syntax->at += 2;
	if (c >= '0' && c <= '7')
		return read_octal(syntax, c, rune);
	if (c == 'x')
		return read_hex(syntax, rune);
	*rune = control ? (uint32_t)controls[control - names] : (unsigned char)c;
	if (control)
		return true;
	if ((unsigned char)c >= 0x80)
		return fail(syntax->error, "invalid escape sequence");
	if ((c >= '8' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'))
		return fail(syntax->error, "invalid escape sequence: \\%c", c);
	return true;
}

/* \Qtext\E */
static bool add_quoted(struct syntax *syntax, struct piece *sequence)
{
	const char *start = syntax->text + syntax->at + 2, *end;
	uint32_t rune;
	size_t stop;

	end = memmem(start, syntax->size - syntax->at - 2, "\\E", 2);
	stop = end ? (size_t)(end - syntax->text) : syntax->size;
	syntax->at += 2;
	while (syntax->at < stop)
		if (!pattern_rune(syntax, &rune) || !add_rune(syntax, sequence, rune))
			return false;
	syntax->at += end ? 2 : 0;
	return true;
}

static bool add_escape(struct syntax *syntax, struct piece *sequence)
{
	struct class *class;
	bool found;
	uint32_t rune;

	switch (pattern_peek(syntax, 1)) {
	case 'A': return add_assertion(syntax, sequence, ASSERT_TEXT_START, 2);
	case 'z': return add_assertion(syntax, sequence, ASSERT_TEXT_END, 2);
	case 'b': return add_assertion(syntax, sequence, ASSERT_WORD_EDGE, 2);
	case 'B': return add_assertion(syntax, sequence, ASSERT_NO_WORD_EDGE, 2);
	case 'Q': return add_quoted(syntax, sequence);
	default: break;
	}
	class = class_new(syntax);
	if (!class_escape(syntax, class, &found))
		return false;
	if (found)
		return add_class(syntax, sequence, class);
	return pattern_escape(syntax, &rune) && add_rune(syntax, sequence, rune);
}

/* ---- repetition ---- */

static bool read_number(struct syntax *syntax, size_t *at, int *number)
{
	size_t start = *at;

	for (*number = 0; *at < syntax->size && syntax->text[*at] >= '0' && syntax->text[*at] <= '9'; ++*at)
		if (*number <= REPEAT_LIMIT)
			*number = *number * 10 + syntax->text[*at] - '0';
	return *at > start && (*at == start + 1 || syntax->text[start] != '0');
}

/* {n}, {n,}, {n,m}; false: the brace is literal. */
static bool read_counts(struct syntax *syntax, int *min, int *max)
{
	size_t at = syntax->at + 1;

	if (!read_number(syntax, &at, min))
		return false;
	*max = *min;
	if (at < syntax->size && syntax->text[at] == ',') {
		at++;
		if (at < syntax->size && syntax->text[at] == '}')
			*max = -1;
		else if (!read_number(syntax, &at, max))
			return false;
	}
	if (at >= syntax->size || syntax->text[at] != '}')
		return false;
	syntax->at = at + 1;
	return true;
}

/* The last piece of the sequence becomes a repetition of itself. */
static bool repeat(struct syntax *syntax, struct piece *sequence, int min, int max)
{
	struct piece *piece = sequence->last, *inner;
	unsigned times = max < 0 ? (unsigned)min : (unsigned)max;
	bool lazy = pattern_peek(syntax, 0) == '?';

	syntax->at += lazy;
	if (syntax->repeated)
		return fail(syntax->error, "invalid nested repetition operator");
	if (!piece)
		return fail(syntax->error, "missing argument to repetition operator");
	if (times > REPEAT_LIMIT || (max >= 0 && min > max))
		return fail(syntax->error, "invalid repeat count");
	inner = new_piece(syntax, PIECE_EMPTY);
	*inner = *piece;
	inner->next = NULL;
	*piece = (struct piece){
		.kind = PIECE_REPEAT, .first = inner, .min = min, .max = max,
		.lazy = lazy != !!(syntax->flags & FLAG_LAZY),
		.factor = times > 1 ? inner->factor * times : max ? inner->factor : 1,
	};
	if (piece->factor > sequence->factor)
		sequence->factor = piece->factor;
	syntax->repeated = true;
	return piece->factor <= REPEAT_LIMIT || fail(syntax->error, "invalid repeat count");
}

static bool is_repetition(struct syntax *syntax, int *min, int *max)
{
	char c = pattern_peek(syntax, 0);

	if (c == '{')
		return read_counts(syntax, min, max);
	if (!c || !strchr("*+?", c))
		return false;
	*min = c == '+';
	*max = c == '?' ? 1 : -1;
	syntax->at++;
	return true;
}

/* ---- groups ---- */

static struct piece *parse_choice(struct syntax *syntax);

static bool read_flags(struct syntax *syntax, bool *opens)
{
	static const char names[] = "imsU";
	static const unsigned flags[] = { FLAG_FOLD, FLAG_LINES, FLAG_DOT_ALL, FLAG_LAZY };
	bool minus = false, any = false;

	for (;;) {
		char c = pattern_peek(syntax, 0);
		const char *found = c ? strchr(names, c) : NULL;

		syntax->at++;
		if (found) {
			unsigned flag = flags[found - names];

			syntax->flags = minus ? syntax->flags & ~flag : syntax->flags | flag;
			any = true;
		} else if (c == '-' && !minus) {
			minus = true;
			any = false;
		} else if ((c == ':' || c == ')') && (any || !minus)) {
			*opens = c == ':';
			return true;
		} else {
			return fail(syntax->error, "invalid or unsupported Perl syntax: (?");
		}
	}
}

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The name of the group that begins; `at` is behind its `<`. */
static bool read_name(struct syntax *syntax, struct value *name)
{
	const struct pattern *pattern = syntax->pattern;
	size_t start = syntax->at;

	while (is_word(pattern_peek(syntax, 0)))
		syntax->at++;
	*name = value_text(syntax->text + start, syntax->at - start);
	if (!name->size || pattern_peek(syntax, 0) != '>')
		return fail(syntax->error, "invalid named capture");
	syntax->at++;
	for (unsigned i = 0; i < pattern->groups; i++)
		if (!value_compare_text(pattern->names[i], *name))
			return fail(syntax->error, "duplicate name of a capture");
	return true;
}

static unsigned add_group(struct syntax *syntax, struct value name)
{
	struct pattern *pattern = syntax->pattern;

	pattern->names = arena_grow(&pattern->arena, pattern->names, pattern->groups,
				    &syntax->names_room, sizeof *pattern->names);
	pattern->names[pattern->groups] = name;
	return pattern->groups++;
}

static bool add_inside(struct syntax *syntax, struct piece *sequence, bool captures, unsigned index)
{
	struct piece *inside = parse_choice(syntax), *piece;

	if (!inside)
		return false;
	if (pattern_peek(syntax, 0) != ')')
		return fail(syntax->error, "missing closing )");
	syntax->at++;
	piece = new_piece(syntax, captures ? PIECE_CAPTURE : PIECE_SEQUENCE);
	piece->index = index;
	append(piece, inside);
	append(sequence, piece);
	return true;
}

/* Flags last until the end of the group that they are in. */
static bool add_group_piece(struct syntax *syntax, struct piece *sequence)
{
	unsigned flags = syntax->flags;
	struct value name = value_text("", 0);
	bool opens = true, captures = true;
	unsigned index = 0;

	syntax->at++;
	if (pattern_peek(syntax, 0) == '?') {
		bool named = pattern_peek(syntax, 1) == 'P' && pattern_peek(syntax, 2) == '<';
		char after = pattern_peek(syntax, 2);

		named |= pattern_peek(syntax, 1) == '<' && after != '=' && after != '!';
		captures = named;
		syntax->at += named ? pattern_peek(syntax, 1) == 'P' ? 3 : 2 : 1;
		if (named ? !read_name(syntax, &name) : !read_flags(syntax, &opens))
			return false;
	}
	if (!opens)
		return true;
	if (captures && syntax->pattern->groups > GROUPS_LIMIT)
		return fail(syntax->error, "too many groups");
	if (captures)
		index = add_group(syntax, name);
	if (!add_inside(syntax, sequence, captures, index))
		return false;
	syntax->flags = flags;
	return true;
}

/* ---- the whole ---- */

static bool add_next(struct syntax *syntax, struct piece *sequence)
{
	bool lines = syntax->flags & FLAG_LINES;
	struct class *class;
	uint32_t rune;

	switch (pattern_peek(syntax, 0)) {
	case '(': return add_group_piece(syntax, sequence);
	case '^':
		return add_assertion(syntax, sequence, lines ? ASSERT_LINE_START : ASSERT_TEXT_START, 1);
	case '$':
		return add_assertion(syntax, sequence, lines ? ASSERT_LINE_END : ASSERT_TEXT_END, 1);
	case '.':
		append(sequence, new_piece(syntax, syntax->flags & FLAG_DOT_ALL ? PIECE_ANY :
					   PIECE_NOT_NEWLINE));
		syntax->at++;
		return true;
	case '[':
		class = class_new(syntax);
		return class_parse(syntax, class) && add_class(syntax, sequence, class);
	case '\\': return add_escape(syntax, sequence);
	default: return pattern_rune(syntax, &rune) && add_rune(syntax, sequence, rune);
	}
}

static struct piece *parse_sequence(struct syntax *syntax)
{
	struct piece *sequence = new_piece(syntax, PIECE_SEQUENCE);
	int min = 0, max = 0;

	syntax->repeated = false;
	while (syntax->at < syntax->size && pattern_peek(syntax, 0) != '|' &&
	       pattern_peek(syntax, 0) != ')') {
		if (is_repetition(syntax, &min, &max)) {
			if (!repeat(syntax, sequence, min, max))
				return NULL;
			continue;
		}
		if (!add_next(syntax, sequence))
			return NULL;
		syntax->repeated = false;
	}
	return sequence;
}

static struct piece *parse_choice(struct syntax *syntax)
{
	struct piece *choice = new_piece(syntax, PIECE_CHOICE), *sequence;

	if (++syntax->depth > NESTING_LIMIT) {
		fail(syntax->error, "the expression nests too deeply");
		return NULL;
	}
	for (;;) {
		sequence = parse_sequence(syntax);
		if (!sequence)
			return NULL;
		append(choice, sequence);
		if (pattern_peek(syntax, 0) != '|')
			break;
		syntax->at++;
	}
	syntax->depth--;
	return choice;
}

bool pattern_parse(struct pattern *pattern, struct value text, struct error *error)
{
	struct syntax syntax = {
		.pattern = pattern, .text = text.text, .size = text.size, .error = error,
	};
	struct piece *whole;

	*pattern = (struct pattern){ 0 };
	arena_init(&pattern->arena, MEMORY_LIMIT);
	add_group(&syntax, value_text("", 0));
	if (!utf8_is_valid(text.text, text.size))
		return fail(error, "invalid UTF-8");
	/* The names point into it. */
	syntax.text = arena_copy(&pattern->arena, text.text, text.size);
	whole = parse_choice(&syntax);
	if (whole && syntax.at < syntax.size)
		return fail(error, "unexpected )");
	return whole && pattern_compile(pattern, whole, error);
}

void pattern_release(struct pattern *pattern)
{
	arena_release(&pattern->arena);
}
