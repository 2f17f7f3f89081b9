#include "consul/answer_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"

struct fixture {
	struct loop loop;
	struct budget budget;
	struct parser parser;
	int pipe[2];			/* a held reading waits for a byte */
	struct timer timer;
	size_t done, expected;		/* parses that are done, and those that end the loop */
	char order[8];			/* their names */
	bool good;			/* the last one's outcome */
	struct error error;
	json_t *json;
	size_t items;			/* what its reading counted */
	size_t readings;		/* that exist */
};

/* Counts the items of a list. */
struct count {
	struct reading reading;
	struct fixture *fixture;
	bool held;
	size_t items;
};

static void count_items(struct reading *reading, const json_t *answer)
{
	struct count *count = container_of(reading, struct count, reading);
	char byte;

	if (count->held)
		assert_int_equal(read(count->fixture->pipe[0], &byte, 1), 1);
	count->items = json_array_size(answer);
}

static void free_count(struct reading *reading)
{
	struct count *count = container_of(reading, struct count, reading);

	count->fixture->readings--;
	free(count);
}

static struct reading *count_new(struct fixture *fixture, bool held)
{
	struct count *count = NEW(struct count);

	*count = (struct count){
		.reading = { .run = count_items, .free = free_count },
		.fixture = fixture,
		.held = held,
	};
	fixture->readings++;
	return &count->reading;
}

struct named {
	struct fixture *fixture;
	char name;
};

static void on_done(struct parse *parse)
{
	struct named *named = parse->owner;
	struct fixture *fixture = named->fixture;

	fixture->order[fixture->done++] = named->name;
	fixture->good = parse->good;
	fixture->error = parse->error;
	json_decref(fixture->json);
	fixture->json = steal(&parse->json);
	if (parse->reading)
		fixture->items = container_of(parse->reading, struct count, reading)->items;
	parse_free(parse);
	free(named);
	if (fixture->done == fixture->expected)
		loop_stop(&fixture->loop);
}

/* A list of `count` zeros, with `last` before its end. */
static struct buf list_of(size_t count, const char *last)
{
	struct buf text = BUF_INIT;

	buf_add(&text, "[0");
	while (--count)
		buf_add(&text, ",0");
	buf_add(&text, last);
	return text;
}

static struct parse *begin(struct fixture *fixture, char name, struct buf text,
			   struct reading *reading)
{
	struct named *named = NEW(struct named);
	struct parse *parse = NEW(struct parse);

	*named = (struct named){ fixture, name };
	*parse = (struct parse){
		.text = text,
		.error = ERROR_INIT,
		.charge = { .budget = &fixture->budget },
		.reading = reading,
		.on_done = on_done,
		.owner = named,
	};
	parse_start(&fixture->parser, parse);
	return parse;
}

static void abandon(struct parse *parse)
{
	free(parse->owner);
	parse_abandon(parse);
}

static void run_until(struct fixture *fixture, size_t done)
{
	fixture->expected = done;
	if (fixture->done < done)
		loop_run(&fixture->loop);
	assert_int_equal(fixture->done, done);
}

static void on_timer(struct timer *timer)
{
	struct fixture *fixture = container_of(timer, struct fixture, timer);

	assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
}

static int set_up(void **state)
{
	struct fixture *fixture = NEW(struct fixture);

	loop_init(&fixture->loop);
	budget_init(&fixture->budget, &fixture->loop, "memory", (size_t)64 << 20);
	parser_init(&fixture->parser, &fixture->loop);
	timer_init(&fixture->timer, &fixture->loop, on_timer);
	assert_int_equal(pipe(fixture->pipe), 0);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	parser_release(&fixture->parser);
	assert_int_equal(fixture->budget.used, 0);
	budget_release(&fixture->budget);
	timer_stop(&fixture->timer);
	loop_release(&fixture->loop);		/* waits for the thread */
	assert_int_equal(fixture->readings, 0);
	json_decref(fixture->json);
	close(fixture->pipe[0]);
	close(fixture->pipe[1]);
	free(fixture);
	return 0;
}

enum { MANY = 100000 };			/* items of a text for the thread */

static void test_a_small_text_is_parsed_at_once(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, 'a', list_of(3, "]"), NULL);
	assert_int_equal(fixture->done, 1);
	assert_true(fixture->good);
	assert_int_equal(json_array_size(fixture->json), 3);
	begin(fixture, 'b', list_of(4, "]"), count_new(fixture, false));
	assert_int_equal(fixture->done, 2);
	assert_int_equal(fixture->items, 4);
}

static struct buf text_of(const char *bytes)
{
	struct buf text = BUF_INIT;

	buf_add(&text, bytes);
	return text;
}

/* They are reals, and no other number is. */
static void test_numbers_beyond_an_integer(void **state)
{
	struct fixture *fixture = *state;
	json_t *expected = json_pack("[{si sf sf s[iis]}]", "Port", 8080, "Serial", 0x1p63,
				     "Flags", 0x1p64, "List", -1, 0, "x");

	begin(fixture, 'a', text_of("[9223372036854775807]"), NULL);
	assert_true(json_integer_value(json_array_get(fixture->json, 0)) == INT64_MAX);
	begin(fixture, 'b', text_of("[{\"Port\": 8080, \"Serial\": 9223372036854775808, "
				    "\"Flags\": 18446744073709551615, \"List\": [-1, 0, \"x\"]}]"), NULL);
	assert_true(fixture->good);
	assert_true(json_equal(fixture->json, expected));
	begin(fixture, 'c', text_of("[9223372036854775808"), NULL);
	assert_false(fixture->good);
	json_decref(expected);
}

static void test_the_loop_goes_on_during_a_large_text(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, 'a', list_of(MANY, "]"), count_new(fixture, true));
	assert_int_equal(fixture->done, 0);
	timer_set(&fixture->timer, 0);		/* the loop lets the reading go on */
	run_until(fixture, 1);
	assert_true(fixture->good);
	assert_int_equal(fixture->items, MANY);
}

static void test_large_texts_are_parsed_in_turn(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, 'a', list_of(MANY, "]"), count_new(fixture, true));
	begin(fixture, 'b', list_of(MANY + 1, "]"), NULL);
	begin(fixture, 'c', list_of(MANY + 2, "]"), NULL);
	begin(fixture, 'd', list_of(2, "]"), NULL);
	timer_set(&fixture->timer, 0);
	run_until(fixture, 4);
	assert_string_equal(fixture->order, "dabc");
	assert_int_equal(json_array_size(fixture->json), MANY + 2);
}

static void test_a_text_that_is_not_json(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, 'a', list_of(MANY, ";"), count_new(fixture, false));
	run_until(fixture, 1);
	assert_false(fixture->good);
	assert_string_equal(fixture->error.text, "");
	begin(fixture, 'b', list_of(2, "] 1"), NULL);
	assert_false(fixture->good);
}

static void test_the_budget_is_kept(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, 'a', list_of(4 * MANY * 10, "]"), count_new(fixture, true));
	run_until(fixture, 1);
	assert_false(fixture->good);
	assert_string_equal(fixture->error.text, "an answer whose JSON exceeds memory = 64M");
}

static void test_an_abandoned_text_is_forgotten(void **state)
{
	struct fixture *fixture = *state;
	struct parse *running, *waiting;

	running = begin(fixture, 'a', list_of(MANY, "]"), count_new(fixture, true));
	waiting = begin(fixture, 'b', list_of(MANY, "]"), count_new(fixture, true));
	begin(fixture, 'c', list_of(MANY, "]"), NULL);
	abandon(waiting);
	abandon(running);
	timer_set(&fixture->timer, 0);		/* in case that its reading has begun */
	run_until(fixture, 1);
	assert_string_equal(fixture->order, "c");
}

static void test_the_parser_ends_before_its_thread(void **state)
{
	struct fixture *fixture = *state;

	abandon(begin(fixture, 'a', list_of(MANY, "]"), count_new(fixture, false)));
	assert_int_equal(fixture->budget.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_small_text_is_parsed_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_numbers_beyond_an_integer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_loop_goes_on_during_a_large_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large_texts_are_parsed_in_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_text_that_is_not_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_budget_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_abandoned_text_is_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_parser_ends_before_its_thread, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
