#include "base/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static struct bus bus;
static struct source db, app;
static struct buf heard = BUF_INIT;

/* A subscriber with a name, and another subscriber for its callback to act on. */
struct ear {
	struct subscription on;
	struct hold hold;
	const char *name;
	struct ear *other;
};

static struct ear a, b, c;

static struct ear *note(struct subscription *self, const struct event *event)
{
	struct ear *ear = container_of(self, struct ear, on);

	buf_print(&heard, "%s:%s.%s ", ear->name, event->source->name, event_name(event->code));
	return ear;
}

static void hear(struct subscription *self, const struct event *event)
{
	note(self, event);
}

static void hear_and_publish(struct subscription *self, const struct event *event)
{
	note(self, event);
	source_publish(&app, EVENT_HEALTHY);
}

static void hear_and_leave(struct subscription *self, const struct event *event)
{
	note(self, event);
	unsubscribe(self);
}

static void hear_and_evict(struct subscription *self, const struct event *event)
{
	unsubscribe(&note(self, event)->other->on);
}

static void hear_and_invite(struct subscription *self, const struct event *event)
{
	subscribe(&note(self, event)->other->on, &db, EVENT_HEALTHY, hear);
}

static void hear_and_invite_to_level(struct subscription *self, const struct event *event)
{
	subscribe_level(&note(self, event)->other->on, &db, EVENT_HEALTHY, hear);
}

static void hear_and_hold(struct subscription *self, const struct event *event)
{
	source_hold(event->source, &note(self, event)->hold);
}

static void on_delivered(struct source *source)
{
	buf_print(&heard, "(%s heard) ", source->name);
}

static const struct source_ops telling = { .on_delivered = on_delivered };

/* Drains the bus and compares the delivered events. */
static void assert_heard(const char *wanted)
{
	buf_clear(&heard);
	while (bus_drain(&bus))
		;
	assert_string_equal(heard.data, wanted);
}

static int set_up(void **state)
{
	(void)state;
	bus_init(&bus);
	source_init(&db, &bus, "db", NULL);
	source_init(&app, &bus, "app", NULL);
	a = (struct ear){ .name = "a" };
	b = (struct ear){ .name = "b" };
	c = (struct ear){ .name = "c" };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	source_release(&db);
	source_release(&app);
	bus_release(&bus);
	buf_release(&heard);
	return 0;
}

static void test_order(void **state)
{
	(void)state;
	subscribe(&a.on, &db, EVENT_HEALTHY, hear);
	subscribe(&b.on, &db, EVENT_ANY, hear);
	subscribe(&c.on, &app, EVENT_HEALTHY, hear);
	source_publish(&db, EVENT_UNHEALTHY);
	source_publish(&app, EVENT_HEALTHY);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("b:db.unhealthy c:app.healthy a:db.healthy b:db.healthy ");
	assert_heard("");
}

static void test_publish_only_queues(void **state)
{
	(void)state;
	subscribe(&a.on, &db, EVENT_HEALTHY, hear);
	buf_clear(&heard);
	source_publish(&db, EVENT_HEALTHY);
	assert_string_equal(heard.data, "");
	assert_heard("a:db.healthy ");
}

static void test_publish_in_callback(void **state)
{
	(void)state;
	subscribe(&a.on, &db, EVENT_HEALTHY, hear_and_publish);
	subscribe(&b.on, &db, EVENT_HEALTHY, hear);
	subscribe(&c.on, &app, EVENT_HEALTHY, hear);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("a:db.healthy b:db.healthy c:app.healthy ");
}

/* Two subscribers that publish for each other without end do not block the loop. */
static void test_drain_is_bounded(void **state)
{
	(void)state;
	subscribe(&a.on, &app, EVENT_HEALTHY, hear_and_publish);
	source_publish(&app, EVENT_HEALTHY);
	for (int turn = 0; turn < 3; turn++) {
		buf_clear(&heard);
		assert_true(bus_drain(&bus));
		assert_string_equal(heard.data, "a:app.healthy ");
	}
}

static void test_leave_in_callback(void **state)
{
	(void)state;
	subscribe(&a.on, &db, EVENT_HEALTHY, hear_and_leave);
	subscribe(&b.on, &db, EVENT_HEALTHY, hear);
	source_publish(&db, EVENT_HEALTHY);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("a:db.healthy b:db.healthy b:db.healthy ");
	unsubscribe(&a.on);
}

static void test_evict_next_and_previous(void **state)
{
	(void)state;
	a.other = &b;
	subscribe(&a.on, &db, EVENT_HEALTHY, hear_and_evict);
	subscribe(&b.on, &db, EVENT_HEALTHY, hear);
	subscribe(&c.on, &db, EVENT_HEALTHY, hear);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("a:db.healthy c:db.healthy ");

	unsubscribe(&c.on);
	c.other = &a;
	subscribe(&c.on, &db, EVENT_HEALTHY, hear_and_evict);
	source_publish(&db, EVENT_HEALTHY);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("a:db.healthy c:db.healthy c:db.healthy ");
}

static void test_new_subscriber_gets_no_earlier_event(void **state)
{
	(void)state;
	source_publish(&db, EVENT_HEALTHY);
	subscribe(&b.on, &db, EVENT_HEALTHY, hear);
	assert_heard("");

	a.other = &c;
	subscribe(&a.on, &db, EVENT_HEALTHY, hear_and_invite);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("b:db.healthy a:db.healthy ");
}

static void test_observer_of_all_events(void **state)
{
	(void)state;
	subscribe(&a.on, &bus.any, EVENT_ANY, hear);
	subscribe(&b.on, &bus.any, EVENT_HEALTHY, hear);
	source_publish(&app, EVENT_CHANGED);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("a:app.changed a:db.healthy b:db.healthy ");
}

static void test_released_source_is_silent(void **state)
{
	(void)state;
	subscribe(&a.on, &db, EVENT_ANY, hear);
	subscribe(&b.on, &app, EVENT_ANY, hear);
	source_publish(&db, EVENT_HEALTHY);
	source_publish(&app, EVENT_HEALTHY);
	source_publish(&db, EVENT_STOPPED);
	source_release(&db);
	assert_heard("b:app.healthy ");
	unsubscribe(&a.on);
	source_release(&db);		/* harmless */
	assert_null(bus_find(&bus, "db"));
	assert_ptr_equal(bus_find(&bus, "app"), &app);
}

static void test_queue_grows(void **state)
{
	enum { MANY = 1000 };

	(void)state;
	subscribe(&a.on, &db, EVENT_ANY, hear);
	for (int i = 0; i < 21; i++)	/* the ring starts at an offset when it grows */
		source_publish(&app, EVENT_CHANGED);
	while (bus_drain(&bus))
		;
	for (int i = 0; i < MANY; i++)
		source_publish(&db, i % 2 ? EVENT_HEALTHY : EVENT_UNHEALTHY);
	assert_int_equal(bus.used, MANY);
	buf_clear(&heard);
	assert_false(bus_drain(&bus));
	for (int i = 0; i < MANY; i++) {
		const char *wanted = i % 2 ? "a:db.healthy " : "a:db.unhealthy ";

		assert_memory_equal(heard.data, wanted, strlen(wanted));
		buf_consume(&heard, strlen(wanted));
	}
	assert_int_equal(heard.used, 0);
}

static void test_levels(void **state)
{
	(void)state;
	assert_false(source_holds(&db, EVENT_HEALTHY));
	source_publish(&db, EVENT_HEALTHY);
	source_publish(&db, EVENT_RUNNING);
	assert_true(source_holds(&db, EVENT_HEALTHY));
	source_publish(&db, EVENT_CHANGED);		/* no level, and in no group */
	assert_false(source_holds(&db, EVENT_CHANGED));
	assert_false(source_holds(&db, EVENT_ANY));
	source_publish(&db, EVENT_UNHEALTHY);		/* ends the level of its group only */
	assert_false(source_holds(&db, EVENT_HEALTHY));
	assert_true(source_holds(&db, EVENT_RUNNING));
	assert_false(source_holds(&app, EVENT_RUNNING));
}

static void test_only_new_subscriber_gets_level(void **state)
{
	(void)state;
	subscribe(&a.on, &db, EVENT_HEALTHY, hear);
	subscribe(&c.on, &bus.any, EVENT_ANY, hear);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("c:db.healthy a:db.healthy ");

	subscribe_level(&b.on, &db, EVENT_HEALTHY, hear);
	assert_heard("b:db.healthy ");
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("c:db.healthy a:db.healthy b:db.healthy ");
}

static void test_absent_level_is_awaited(void **state)
{
	(void)state;
	source_publish(&db, EVENT_HEALTHY);
	source_publish(&db, EVENT_UNHEALTHY);
	subscribe_level(&a.on, &db, EVENT_HEALTHY, hear);
	subscribe_level(&b.on, &db, EVENT_CHANGED, hear);
	assert_heard("");
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("a:db.healthy ");
}

/* The event that reaches the level is still queued: the new subscriber gets it once. */
static void test_level_is_delivered_once(void **state)
{
	(void)state;
	source_publish(&db, EVENT_HEALTHY);
	subscribe_level(&a.on, &db, EVENT_HEALTHY, hear);
	assert_heard("a:db.healthy ");

	b.other = &c;
	subscribe(&b.on, &db, EVENT_HEALTHY, hear_and_invite_to_level);
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("a:db.healthy b:db.healthy c:db.healthy ");
}

static void test_level_event_ends_with_its_subscription(void **state)
{
	(void)state;
	source_publish(&db, EVENT_HEALTHY);
	assert_heard("");
	subscribe_level(&a.on, &db, EVENT_HEALTHY, hear);
	subscribe_level(&b.on, &db, EVENT_HEALTHY, hear);
	unsubscribe(&a.on);
	unsubscribe(&a.on);
	assert_heard("b:db.healthy ");
	assert_int_equal(db.queued, 0);

	subscribe_level(&a.on, &db, EVENT_HEALTHY, hear);
	unsubscribe(&a.on);
	subscribe_level(&a.on, &db, EVENT_HEALTHY, hear);
	assert_heard("a:db.healthy ");
	unsubscribe(&a.on);
	subscribe_level(&a.on, &db, EVENT_HEALTHY, hear);
	source_release(&db);
	assert_heard("");
}

static void test_settled_after_all_deliveries(void **state)
{
	(void)state;
	app.ops = &telling;
	subscribe(&a.on, &app, EVENT_ANY, hear);
	source_publish(&app, EVENT_DRAINING);
	source_publish(&app, EVENT_STOPPING);
	assert_heard("a:app.draining a:app.stopping (app heard) ");
}

static void test_hold_lasts_until_last_release(void **state)
{
	(void)state;
	app.ops = &telling;
	subscribe(&a.on, &app, EVENT_STOPPING, hear_and_hold);
	subscribe(&b.on, &app, EVENT_STOPPING, hear_and_hold);
	source_publish(&app, EVENT_STOPPING);
	assert_heard("a:app.stopping b:app.stopping ");
	source_unhold(&b.hold);
	source_unhold(&b.hold);		/* harmless */
	assert_string_equal(heard.data, "a:app.stopping b:app.stopping ");
	source_unhold(&a.hold);
	assert_string_equal(heard.data, "a:app.stopping b:app.stopping (app heard) ");
}

/* If a hold is released before all is delivered, the delivery comes first. */
static void test_hold_released_early(void **state)
{
	(void)state;
	app.ops = &telling;
	subscribe(&a.on, &app, EVENT_ANY, hear);
	source_hold(&app, &a.hold);
	source_publish(&app, EVENT_STOPPING);
	buf_clear(&heard);
	source_unhold(&a.hold);
	assert_string_equal(heard.data, "");
	assert_heard("a:app.stopping (app heard) ");
}

static void test_hold_of_a_released_source(void **state)
{
	(void)state;
	app.ops = &telling;
	source_hold(&app, &a.hold);
	source_release(&app);
	buf_clear(&heard);
	source_unhold(&a.hold);
	assert_heard("");
}

static void test_level_ends(void **state)
{
	(void)state;
	source_publish(&db, EVENT_HEALTHY);
	source_publish(&db, EVENT_RUNNING);
	source_forget(&db, GROUP_HEALTH);
	assert_false(source_holds(&db, EVENT_HEALTHY));
	assert_true(source_holds(&db, EVENT_RUNNING));
}

static void test_names(void **state)
{
	(void)state;
	for (int code = 0; code < EVENT_COUNT; code++)
		assert_true(*event_name((enum event_code)code));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_publish_only_queues),
		TEST(test_publish_in_callback),
		TEST(test_drain_is_bounded),
		TEST(test_leave_in_callback),
		TEST(test_evict_next_and_previous),
		TEST(test_new_subscriber_gets_no_earlier_event),
		TEST(test_observer_of_all_events),
		TEST(test_released_source_is_silent),
		TEST(test_queue_grows),
		TEST(test_levels),
		TEST(test_only_new_subscriber_gets_level),
		TEST(test_absent_level_is_awaited),
		TEST(test_level_is_delivered_once),
		TEST(test_level_event_ends_with_its_subscription),
		TEST(test_settled_after_all_deliveries),
		TEST(test_hold_lasts_until_last_release),
		TEST(test_hold_released_early),
		TEST(test_hold_of_a_released_source),
		TEST(test_level_ends),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
