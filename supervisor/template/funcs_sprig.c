#include <math.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "function.h"
#include "gotime.h"
#include "print.h"
#include "tree.h"

/* The functions of sprig that templates use; those that equal one of ours are in function.c. */

enum { ME = TEMPLATE_CONSUL };

/* ---- values ---- */

static bool is_empty(struct value value)
{
	return !value_is_true(value);
}

static struct value text_of(struct arena *arena, struct value value)
{
	struct text text = { .arena = arena };

	if (value.type == TYPE_STRING)
		return value;
	print_inner(&text, value);
	return value_of_text(&text);
}

static bool fn_default(struct call *call)
{
	return give(call, call->count < 2 || is_empty(call->args[1]) ? call->args[0] : call->args[1]);
}

static bool fn_coalesce(struct call *call)
{
	for (size_t i = 0; i < call->count; i++)
		if (!is_empty(call->args[i]))
			return give(call, call->args[i]);
	return give(call, value_nil());
}

static bool fn_ternary(struct call *call)
{
	return give(call, call->args[call->args[2].truth ? 0 : 1]);
}

static bool fn_empty(struct call *call)
{
	return give(call, value_bool(is_empty(call->args[0])));
}

static bool fn_to_string(struct call *call)
{
	return give(call, text_of(call->arena, call->args[0]));
}

/* ---- text ---- */

static bool is_list(struct value value)
{
	return kind_of(value) == KIND_LIST;
}

/* nil elements are left out; what is no list is one element. */
static bool fn_join(struct call *call)
{
	struct value between = call->args[0], list = call->args[1];
	size_t count = is_list(list) ? list.size : list.type != TYPE_NIL;
	struct text text = { .arena = call->arena };
	bool first = true;

	for (size_t i = 0; i < count && !call->arena->over; i++) {
		struct value item = is_list(list) ? list.items[i] : list;

		if (item.type == TYPE_NIL)
			continue;
		if (!first)
			text_add(&text, between.text, between.size);
		first = false;
		item = text_of(call->arena, item);
		text_add(&text, item.text, item.size);
	}
	return give_text(call, &text);
}

static bool fn_trunc(struct call *call)
{
	int64_t count = call->args[0].integer;
	struct value text = call->args[1];
	int64_t size = (int64_t)text.size;

	if (count >= 0 && count < size)
		text.size = (size_t)count;
	else if (count < 0 && count > -size) {
		text.text += size + count;
		text.size = (size_t)-count;
	}
	return give(call, text);
}

static bool fn_substr(struct call *call)
{
	int64_t start = call->args[0].integer, end = call->args[1].integer;
	struct value text = call->args[2];
	int64_t size = (int64_t)text.size;

	if (start < 0)
		start = 0;
	else if (end < 0 || end > size)
		end = size;
	if (start > end || end > size)
		return fail(call->error, "the bounds are out of range");
	return give(call, value_text(text.text + start, (size_t)(end - start)));
}

static bool quote_all(struct call *call, bool single)
{
	struct text text = { .arena = call->arena };

	for (size_t i = 0; i < call->count; i++) {
		struct value item = call->args[i];

		if (item.type == TYPE_NIL)
			continue;
		if (text.used)
			text_char(&text, ' ');
		item = text_of(call->arena, item);
		if (!single) {
			print_quoted(&text, item, false);
			continue;
		}
		text_char(&text, '\'');
		text_add(&text, item.text, item.size);
		text_char(&text, '\'');
	}
	return give_text(call, &text);
}

static bool fn_quote(struct call *call)
{
	return quote_all(call, false);
}

static bool fn_squote(struct call *call)
{
	return quote_all(call, true);
}

/* Unlike `indent`, this indents empty lines as well. */
static bool indent(struct call *call, const char *start)
{
	struct value text = call->args[1];
	long spaces = call->args[0].integer < INT32_MAX ? (long)call->args[0].integer : INT32_MAX;
	struct text out = { .arena = call->arena };

	if (spaces < 0)
		return fail(call->error, "the indent is negative");
	text_string(&out, start);
	text_repeat(&out, ' ', spaces);
	for (size_t i = 0; i < text.size && !call->arena->over; i++) {
		text_char(&out, text.text[i]);
		if (text.text[i] == '\n')
			text_repeat(&out, ' ', spaces);
	}
	return give_text(call, &out);
}

static bool fn_indent(struct call *call)
{
	return indent(call, "");
}

static bool fn_nindent(struct call *call)
{
	return indent(call, "\n");
}

/* An error is text. */
static bool fn_b64dec(struct call *call)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT;
	struct text text = { .arena = call->arena };
	size_t bad = 0;

	if (base64_decode(BASE64_PLAIN | BASE64_LINES, call->args[0].text, call->args[0].size, &bytes, &bad))
		text_add(&text, bytes.data, bytes.used);
	else
		text_print(&text, "illegal base64 data at input byte %zu",
			   bad < call->args[0].size ? bad : bad / 4 * 4);
	return give_text(call, &text);
}

/* ---- dictionaries ---- */

static bool fn_dict(struct call *call)
{
	struct value map = value_map(call->arena, TYPE_MAP_ANY);

	for (size_t i = 0; i < call->count; i += 2)
		*map_put(map.map, text_of(call->arena, call->args[i])) =
			i + 1 < call->count ? call->args[i + 1] : value_string("");
	return give(call, map);
}

static bool fn_get(struct call *call)
{
	const struct value *found = map_find(call->args[0].map, call->args[1]);

	return give(call, found ? *found : value_string(""));
}

/* Changes the dictionary. */
static bool fn_set(struct call *call)
{
	*map_put(call->args[0].map, call->args[1]) = call->args[2];
	return give(call, call->args[0]);
}

static bool fn_has_key(struct call *call)
{
	return give(call, value_bool(map_find(call->args[0].map, call->args[1])));
}

/* ---- lists ---- */

static bool is_equal(struct arena *arena, struct value a, struct value b);

static bool is_equal_map(struct arena *arena, struct map *a, struct map *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; i < a->count && equal; i++) {
		const struct value *other = map_find(b, map_at(a, i)->key);

		equal = other && is_equal(arena, map_at(a, i)->value, *other);
	}
	return equal;
}

static bool is_equal_list(struct arena *arena, struct value a, struct value b)
{
	bool equal = a.size == b.size;

	for (size_t i = 0; i < a.size && equal; i++)
		equal = is_equal(arena, a.items[i], b.items[i]);
	return equal;
}

/* As Go's reflect.DeepEqual(): of the same type. */
static bool is_equal(struct arena *arena, struct value a, struct value b)
{
	bool equal;

	arena_work(arena, 20);
	if (a.type != b.type || !arena_enter(arena))
		return false;
	switch (kind_of(a)) {
	case KIND_BOOL: equal = a.truth == b.truth; break;
	case KIND_FLOAT: equal = a.real == b.real; break;
	case KIND_STRING: equal = !value_compare_text(a, b); break;
	case KIND_LIST: equal = is_equal_list(arena, a, b); break;
	case KIND_MAP: equal = is_equal_map(arena, a.map, b.map); break;
	case KIND_STRUCT: equal = a.size == b.size && (a.json == b.json || json_equal(a.json, b.json)); break;
	case KIND_INT:
	case KIND_UINT: equal = a.integer == b.integer; break;
	default: equal = a.type == TYPE_NIL; break;
	}
	arena_leave(arena);
	return equal;
}

static bool holds(struct arena *arena, const struct value *items, size_t count, struct value item)
{
	for (size_t i = 0; i < count && !arena->over; i++)
		if (is_equal(arena, items[i], item))
			return true;
	return false;
}

static bool fn_list(struct call *call)
{
	return give(call, value_list(TYPE_ANYS, call->args, call->count));
}

static bool need_list(struct call *call, size_t i)
{
	return is_list(call->args[i]) ||
	       fail(call->error, "a %s is no list", type_info(call->args[i].type)->name);
}

static bool fn_first(struct call *call)
{
	struct value list = call->args[0];

	return need_list(call, 0) && give(call, list.size ? list.items[0] : value_nil());
}

static bool fn_last(struct call *call)
{
	struct value list = call->args[0];

	return need_list(call, 0) && give(call, list.size ? list.items[list.size - 1] : value_nil());
}

static bool fn_uniq(struct call *call)
{
	struct list_maker list = { .arena = call->arena };

	if (!need_list(call, 0))
		return false;
	for (size_t i = 0; i < call->args[0].size && !call->arena->over; i++)
		if (!holds(call->arena, list.items, list.count, call->args[0].items[i]))
			list_add(&list, call->args[0].items[i]);
	return give(call, value_list(TYPE_ANYS, list.items, list.count));
}

static bool fn_has(struct call *call)
{
	struct value list = call->args[1];

	if (list.type == TYPE_NIL)
		return give(call, value_bool(false));
	return need_list(call, 1) &&
	       give(call, value_bool(holds(call->arena, list.items, list.size, call->args[0])));
}

/* ---- numbers ---- */

static int64_t read_integer(struct arena *arena, struct value text)
{
	struct node node = { .kind = NODE_NUMBER };

	if (literal_number(arena_copy(arena, text.text, text.size), text.size, &node))
		return 0;
	return node.value.type == TYPE_INT ? node.integer : 0;
}

/* A value that is no number is 0. */
static int64_t to_integer(struct arena *arena, struct value value)
{
	switch (kind_of(value)) {
	case KIND_BOOL: return value.truth;
	case KIND_INT:
	case KIND_UINT: return value.integer;
	case KIND_FLOAT:
		return fabs(value.real) < 0x1p63 ? (int64_t)value.real : INT64_MIN;
	case KIND_STRING: return read_integer(arena, value);
	default: return 0;
	}
}

static bool fn_int(struct call *call)
{
	return give(call, value_int(to_integer(call->arena, call->args[0])));
}

static bool fn_int64(struct call *call)
{
	return give(call, value_int64(to_integer(call->arena, call->args[0])));
}

/* Beyond 64 bits, numbers wrap. */
static bool fn_add(struct call *call)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < call->count; i++)
		sum += (uint64_t)to_integer(call->arena, call->args[i]);
	return give(call, value_int64((int64_t)sum));
}

static bool fn_sub(struct call *call)
{
	uint64_t from = (uint64_t)to_integer(call->arena, call->args[0]);

	return give(call, value_int64((int64_t)(from - (uint64_t)to_integer(call->arena, call->args[1]))));
}

static bool fn_mul(struct call *call)
{
	uint64_t product = 1;

	for (size_t i = 0; i < call->count; i++)
		product *= (uint64_t)to_integer(call->arena, call->args[i]);
	return give(call, value_int64((int64_t)product));
}

static bool divide(struct call *call, bool rest)
{
	int64_t a = to_integer(call->arena, call->args[0]), b = to_integer(call->arena, call->args[1]);

	if (!b)
		return fail(call->error, "division by zero");
	if (b == -1)		/* the quotient of the least number wraps */
		return give(call, value_int64(rest ? 0 : (int64_t)-(uint64_t)a));
	return give(call, value_int64(rest ? a % b : a / b));
}

static bool fn_div(struct call *call)
{
	return divide(call, false);
}

static bool fn_mod(struct call *call)
{
	return divide(call, true);
}

/* ---- time ---- */

/* Seconds since 1970: templates have no values of time. */
static bool fn_now(struct call *call)
{
	return give(call, value_int64(run_input(call->run)->now));
}

/* In UTC.  A value that is no integer is now, as in sprig. */
static bool fn_date(struct call *call)
{
	struct value layout = call->args[0], when = call->args[1];
	struct text text = { .arena = call->arena };

	gotime_format(&text, kind_of(when) == KIND_INT ? (time_t)when.integer : run_input(call->run)->now,
		      layout.text, layout.size);
	return give_text(call, &text);
}

const struct function *functions_sprig(void)
{
	static const struct function table[] = {
		{ "sprig_default", fn_default, 1, MANY, ME, { TYPE_ANY } },
		{ "sprig_coalesce", fn_coalesce, 0, MANY, ME, { TYPE_ANY } },
		{ "sprig_ternary", fn_ternary, 3, 3, ME, { TYPE_ANY, TYPE_ANY, TYPE_BOOL } },
		{ "sprig_empty", fn_empty, 1, 1, ME, { TYPE_ANY } },
		{ "sprig_toString", fn_to_string, 1, 1, ME, { TYPE_ANY } },
		{ "sprig_join", fn_join, 2, 2, ME, { TYPE_STRING, TYPE_ANY } },
		{ "sprig_trunc", fn_trunc, 2, 2, ME, { TYPE_INT, TYPE_STRING } },
		{ "sprig_substr", fn_substr, 3, 3, ME, { TYPE_INT, TYPE_INT, TYPE_STRING } },
		{ "sprig_quote", fn_quote, 0, MANY, ME, { TYPE_ANY } },
		{ "sprig_squote", fn_squote, 0, MANY, ME, { TYPE_ANY } },
		{ "sprig_indent", fn_indent, 2, 2, ME, { TYPE_INT, TYPE_STRING } },
		{ "sprig_nindent", fn_nindent, 2, 2, ME, { TYPE_INT, TYPE_STRING } },
		{ "sprig_b64dec", fn_b64dec, 1, 1, ME, { TYPE_STRING } },
		{ "sprig_dict", fn_dict, 0, MANY, ME, { TYPE_ANY } },
		{ "sprig_get", fn_get, 2, 2, ME, { TYPE_MAP_ANY, TYPE_STRING } },
		{ "sprig_set", fn_set, 3, 3, ME, { TYPE_MAP_ANY, TYPE_STRING, TYPE_ANY } },
		{ "sprig_hasKey", fn_has_key, 2, 2, ME, { TYPE_MAP_ANY, TYPE_STRING } },
		{ "sprig_list", fn_list, 0, MANY, ME, { TYPE_ANY } },
		{ "sprig_first", fn_first, 1, 1, ME, { TYPE_ANY } },
		{ "sprig_last", fn_last, 1, 1, ME, { TYPE_ANY } },
		{ "sprig_uniq", fn_uniq, 1, 1, ME, { TYPE_ANY } },
		{ "sprig_has", fn_has, 2, 2, ME, { TYPE_ANY } },
		{ "sprig_int", fn_int, 1, 1, ME, { TYPE_ANY } },
		{ "sprig_int64", fn_int64, 1, 1, ME, { TYPE_ANY } },
		{ "sprig_add", fn_add, 0, MANY, ME, { TYPE_ANY } },
		{ "sprig_sub", fn_sub, 2, 2, ME, { TYPE_ANY } },
		{ "sprig_mul", fn_mul, 1, MANY, ME, { TYPE_ANY } },
		{ "sprig_div", fn_div, 2, 2, ME, { TYPE_ANY } },
		{ "sprig_mod", fn_mod, 2, 2, ME, { TYPE_ANY } },
		{ "sprig_now", fn_now, 0, 0, ME, { TYPE_ANY } },
		{ "sprig_date", fn_date, 2, 2, ME, { TYPE_STRING, TYPE_ANY } },
		{ 0 },
	};

	return table;
}
