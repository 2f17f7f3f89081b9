/* The files of ContainerPilot's users in tests/cases/containerpilot, and each rule of weak.h and compat.h. */
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "environment.h"

/* The file of its name, or the text itself if that has a brace. */
struct row {
	const char *source;
	const char *env;		/* "A=b C=d" */
	const char *wanted;		/* lines "jobs.0.name=shop", "PATH" that is missing, or "!PART OF THE MESSAGE" */
};

static const json_t *find(const json_t *tree, const char *path)
{
	AUTOFREE char *copy = copy_string(path);

	for (char *rest = copy, *step; (step = strsep(&rest, "/")); )
		tree = json_is_array(tree) ? json_array_get(tree, strtoul(step, NULL, 10))
					   : json_object_get(tree, step);
	return tree;
}

static char *text_of(const json_t *value)
{
	if (json_is_string(value))
		return copy_string(json_string_value(value));
	return value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : copy_string("(none)");
}

static void expect(const struct config *config, const char *line)
{
	const char *equals = strchr(line, '=');
	AUTOFREE char *path = copy_bytes(line, equals ? (size_t)(equals - line) : strlen(line));
	AUTOFREE char *found = text_of(find(config->tree, path));
	const char *wanted = equals ? equals + 1 : "(none)";

	if (strcmp(found, wanted) != 0)
		fail_msg("%s: %s, not %s", path, found, wanted);
}

static struct config *load_row(const struct row *row, char **command, struct load_error *error)
{
	AUTOFREE char *path = format_string("tests/cases/containerpilot/%s", row->source);
	bool is_text = strchr(row->source, '{') || strchr(row->source, '[');
	struct load_source source = {
		.path = is_text ? "x" : path, .text = is_text ? row->source : NULL, .command = command,
		.containerpilot = true,
	};

	return load_config_from(&source, NULL, error);
}

static void check_row(const struct row *row, char **command)
{
	CLEANUP(load_error_release) struct load_error error = { .code = 0 };
	AUTOFREE char *copy = copy_string(row->wanted), *messages = NULL;
	struct config *config;

	set_environment(row->env, true);
	config = load_row(row, command, &error);
	set_environment(row->env, false);
	messages = load_error_text(&error);
	if (!config != (*row->wanted == '!'))
		fail_msg("%s with %s: %s", row->source, row->env, config ? "is not refused" : messages);
	if (!config && !strstr(messages, row->wanted + 1))
		fail_msg("%s with %s: %s, not %s", row->source, row->env, messages, row->wanted + 1);
	for (char *rest = copy, *line; config && (line = strsep(&rest, "\n")); )
		if (*line)
			expect(config, line);
	config_free(config);
}

static void check_rows(const struct row *rows, size_t count, char **command)
{
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i], command);
}

#define CHECK(rows, command) check_rows(rows, sizeof rows / sizeof *rows, command)

static void test_files_of_version_3(void **state)
{
	static const struct row rows[] = {
		{ "a1.json5", "", "jobs/0/name=prep\njobs/0/when\njobs/1/name=shop\njobs/2\nconsul/address=hub:8500\n"
		  "jobs/1/when/source=prep\njobs/1/when/once=exitSuccess\njobs/1/exec/1=-v\njobs/0/exec=[\"prep\",\"one\"]" },
		{ "a1.json5", "AGENT=false", "jobs/2/name=agent\njobs/0/when/source=agent\nconsul/address=localhost:8500\n"
		  "jobs/2/exec/3=hub" },
		{ "a2.json5", "", "consul/address=:8500\njobs/0/name=shop\njobs/1/name=containerpilot\nwatches\n"
		  "telemetry/port=9090\njobs/1/health/ttl=15\njobs/1/health/interval=5\n"
		  "jobs/0/essential=false" },
		{ "a2.json5", "UP=db", "watches/0/name=db\njobs/1/when/source=watch.db\njobs/1/when/each=changed" },
		{ "a3.json5", "", "!a value is expected here" },
		{ "a3.json5", "PORT=80 TAGS=a,b DEV=0", "jobs/0/exec/1=-dev\njobs/0/tags=[\"a\",\"b\"]\njobs/0/restarts=10\n"
		  "jobs/0/health/timeout=60\njobs/0/health/ttl=5" },
		{ "a3.json5", "PORT=80 TRIES=unlimited", "!text needs quotes" },
		{ "a4.json5", "UP_0=db UP_2=kv", "jobs/0/name=shop\njobs/1/name=on-db\njobs/2/name=on-kv\njobs/3\n"
		  "watches/0/name=db\nwatches/1/name=kv\njobs/1/timeout=10" },
		{ "a5.json5", "", "jobs/0/exec/1=-bind={{ GetIf \"eth0\" }}\njobs/0/exec/2=a=$(id | awk '{print}') \"q\b\"\n"
		  "jobs/0/exec/3=http://x//y\njobs/1" },
		{ "a6.json5", "", "jobs/0/when/source=prep\njobs/0/when/once=exitSuccess\n"
		  "jobs/1/exec=[\"prep\",\"\",\"x\",\"&&\",\"y\",\"|\",\"z\",\">\",\"/dev/null\",\"\\\"a\",\"b\\\"\",\"*.log\"]\n"
		  "jobs/2/exec=[\"sleep\",\"5\",\"1e+06\"]\njobs/2/interfaces\njobs/2/initialStatus\njobs/2/consul\njobs/2/tags\n"
		  "jobs/3/name=containerpilot\njobs/3/port=9100\njobs/3/health\njobs/4/interfaces/0=nope0\n"
		  "jobs/5/name=front-2\njobs/5/services/0/name=front\njobs/5/services/0/port=81" },
		{ "a7.json5", "CV=true SVC=shop RUN=s PORT=80 IP=10.0.0.9", "consul/address=:\n"
		  "consul/tls/verify=true\njobs/0/interfaces/0=static:10.0.0.9\njobs/0/port=80\ncontrol/socket=/p.sock\n"
		  "jobs/0/consul/deregisterCriticalServiceAfter=600\njobs/0/health/timeout=60\njobs/0/stopTimeout=9" },
		{ "a7.json5", "SVC=shop RUN=s PORT=80 IP=10.0.0.9", "!a value is expected here" },
		{ "a7.json5", "CV=true RUN=s PORT=80 IP=10.0.0.9", "!name: must not be blank" },
		{ "a7.json5", "CV=true SVC=shop PORT=80 IP=10.0.0.9", "!exec: must be a program" },
		{ "a7.json5", "CV=true SVC=shop RUN=s IP=10.0.0.9", "!port: must be a whole number, found \"\"" },
		{ "a7.json5", "CV=true SVC=shop RUN=s PORT=80", "!static:" },
		{ "a7.json5", "CV=true SVC=shop RUN=s PORT=80 IP=box", "!static:box" },
		{ "a8.json5", "", "jobs/0/preStopTimeout=30\njobs/2/when/once=stopping\njobs/4/when/each=unhealthy\n"
		  "jobs/4/when/queue=true\njobs/5/when/interval=300\njobs/5/timeout=600\njobs/6/when/source=watch.none\n"
		  "jobs/0/when/timeout=60\njobs/1/exec/2=sleep 1; true\njobs/1/restarts=never\njobs/7/name=containerpilot\n"
		  "telemetry/interfaces/1=eth0[1]\ntelemetry/metrics/0/name=shop_load\nstopTimeout=10m" },
		{ "a9.json5", "KEY=abc==", "jobs/0/exec/1=-key=abc==" },
		{ "a10.json5", "", "jobs/0/name=reg\njobs/0/exec\njobs/1/name=main\njobs/1/timeout\n"
		  "logging/format=default\nlogging/level" },
		{ "a11.json5", "TAGS=a,b", "jobs/0/name=shop" },
		{ "a11.json5", "IFS=eth0", "jobs/0/name=shop" },
		{ "a11.json5", "TAGS=a,b IFS=eth0", "!a comma or a } is expected here" },
		{ "a12.json5", "", "!restart: unknown key; did you mean 'restarts'?" },
		{ "a12.json5", "", "!interval: must be a whole number, found \"5s\"" },
		{ "a12.json5", "", "!ttl: must be a whole number, found \"25s\"" },
		{ "a13.json5", "", "!eq" },
		{ "a13.json5", "DBG=1", "!eq" },
	};

	(void)state;
	CHECK(rows, NULL);
}

static void test_files_of_version_2(void **state)
{
	static char *command[] = { "node", "{{ .SCRIPT | default \"app.js\" }}", NULL };
	static const struct row rows[] = {
		{ "b1.json", "", "jobs/0/name=app\njobs/0/exec=[\"node\",\"app.js\"]\njobs/0/essential=true\n"
		  "jobs/1/name=shop\njobs/1/port=80\njobs/1/needs/0=app running\njobs/1/health/ttl=25\n"
		  "jobs/2/name=shop-adm\njobs/2/health/exec\nwatches/0/name=db\nconsul/address=:8500\n"
		  "compat/signals=containerpilot2\ntelemetry/metrics/0/name=shop_load\njobs/3/name=containerpilot" },
		{ "b1.json", "AGENT=1", "jobs/3/name=consul agent\njobs/3/restarts=unlimited\nconsul/address=localhost:8500" },
		{ "b2.json", "PORT=80 IP=10.0.0.9", "jobs/1/name=-\njobs/1/tags/0=m-true\njobs/1/consul/enableTagOverride=true\n"
		  "jobs/1/consul/deregisterCriticalServiceAfter=5400\njobs/2/name=t\njobs/2/when/interval=10\njobs/2/when/delay=10\n"
		  "jobs/2/timeout=600\njobs/3/name=c (x:)\njobs/3/restarts=3\njobs/3/exec=[\"c\",\"-F\"]\njobs/0/stopTimeout=60" },
		{ "b2.json", "IP=10.0.0.9", "!port: must be a whole number" },
		{ "b2.json", "PORT=80", "!static:" },
		{ "b3.json", "", "jobs/2/name=app.preStart\njobs/2/exec=[\"tool\",\"-once\",\"\",\"-t\",\"\\\"a:b\\\"\"]\n"
		  "jobs/1/name=web_x\njobs/1/interfaces/0=inet6" },
		{ "b4.json", "PORT=80 UP=db", "watches/0/name=db" },
		{ "b4.json", "UP=db", "!a value is expected here" },
		{ "b4.json", "PORT=80", "!name: must not be blank" },
		{ "b5.json", "", "!no discovery backend" },
		{ "b6.json", "", "!logging.level: must be" },
	};

	(void)state;
	CHECK(rows, command);
}

#define JOB(keys) "{ consul: 'h:1', jobs: [ { name: 'aa', exec: 'x', " keys " } ] }"
#define HEALTH(keys) JOB("port: 1, health: { " keys " }")

static void test_types(void **state)
{
	static const struct row rows[] = {
		{ JOB("restarts: 2.9"), "", "jobs/0/restarts=2" },
		{ JOB("restarts: '3'"), "", "jobs/0/restarts=3" },
		{ JOB("restarts: 'Never'"), "", "!restarts" },
		{ JOB("restarts: true"), "", "!restarts" },
		{ JOB("port: '0x1F', health: {interval: 1, ttl: '010'}"), "", "jobs/0/port=31\njobs/0/health/ttl=8" },
		{ JOB("port: 80.9, health: {interval: true, ttl: 5.5}"), "", "jobs/0/port=80\njobs/0/health/interval=1" },
		{ JOB("port: '5s', health: {interval: 1, ttl: 1}"), "", "!port: must be a whole number, found \"5s\"" },
		{ "{ consul: 'h:1', jobs: [ { Name: 'aa', EXEC: 'x' } ] }", "", "jobs/0/name=aa\njobs/0/exec=[\"x\"]" },
		{ "{ consul: 'h:1', jobs: [ { name: 5, exec: ['a', 0.00001, null, true, 1.5] } ] }", "",
		  "jobs/0/name=5\njobs/0/exec=[\"a\",\"1e-05\",\"<nil>\",\"true\",\"1.5\"]" },
		{ "{ consul: 'h:1', jobs: [ null, { name: 'a', exec: 'x' } ], watches: 5 }", "", "jobs/0/name=a\nwatches" },
		{ "{ consul: 'h:1', jobs: 'none' }", "", "jobs" },
		{ JOB("tags: {}"), "", "jobs/0/tags" },
		{ JOB("port: 1, tags: 'one', interfaces: 'inet', health: {interval: 1, ttl: 1}"), "",
		  "jobs/0/tags/0=one\njobs/0/interfaces/0=inet" },
		{ JOB("when: 5"), "", "!when: must be a group" },
		{ JOB("logging: {raw: 'T'}"), "", "jobs/0/logging/raw=true" },
		{ JOB("logging: {raw: 'yes'}"), "", "!raw: must be true or false" },
		{ JOB("timeout: null, when: null"), "", "jobs/0/timeout\njobs/0/when" },
		{ "[ 1 ]", "", "!the whole file is one object" },
		{ "{{ if .NONE }}{ }{{ end }}", "", "!the whole file is one object" },
		{ "{{ if .NONE }}{ }{{ end }} null", "", "!the whole file is one object" },
		{ "{{ if .NONE }}{ }{{ end }} consul = [", "", "!this bracket is never closed" },
		{ "{ consul: null, jobs: [] }", "", "!no discovery backend" },
		{ "{ consul: 5, jobs: [] }", "", "!no discovery backend" },
	};

	(void)state;
	CHECK(rows, NULL);
}

static void test_durations(void **state)
{
	static const struct row rows[] = {
		{ JOB("timeout: 5"), "", "jobs/0/timeout=5" },
		{ JOB("timeout: '5'"), "", "jobs/0/timeout=5" },
		{ JOB("timeout: '5m30s'"), "", "jobs/0/timeout=330" },
		{ JOB("timeout: '1.5h'"), "", "jobs/0/timeout=5400" },
		{ JOB("timeout: '.5s'"), "", "jobs/0/timeout=500ms" },
		{ JOB("timeout: '+5s'"), "", "jobs/0/timeout=5" },
		{ JOB("timeout: '250ms'"), "", "jobs/0/timeout=250ms" },
		{ JOB("timeout: '1d'"), "", "!timeout: must be a whole number of seconds" },
		{ JOB("timeout: '5 m'"), "", "!timeout: must be a whole number of seconds" },
		{ JOB("timeout: 1.5"), "", "!timeout: must be a whole number of seconds" },
		{ JOB("timeout: '0'"), "", "!timeout: must be at least 1ms" },
		{ JOB("timeout: ''"), "", "jobs/0/timeout" },
	};

	(void)state;
	CHECK(rows, NULL);
}

static void test_when(void **state)
{
	static const struct row rows[] = {
		{ JOB("when: {}"), "", "jobs/0/when/source=nothing" },
		{ JOB("when: {source: 'other'}"), "", "jobs/0/when/source=nothing" },
		{ JOB("when: {once: 'startup'}"), "", "jobs/0/when/source=nothing" },
		{ JOB("when: {source: 'x', once: 'error'}"), "", "jobs/0/when/source=nothing" },
		{ JOB("when: {source: 'x', once: 'nonsense'}"), "", "!there is no event \"nonsense\"" },
		{ JOB("when: {source: 'nobody', once: 'healthy', timeout: '3s'}"), "",
		  "jobs/0/when/source=nobody\njobs/0/when/timeout=3" },
		{ JOB("when: {source: 'check.aa', each: 'exitFailed'}, health: {exec: 'x', interval: 1, ttl: 2}"), "",
		  "jobs/0/when/source=aa.health\njobs/0/when/queue=true" },
		{ JOB("when: {source: 'SIGHUP'}"), "", "jobs/0/when/source=SIGHUP" },
		{ JOB("when: {source: 'SIGUSR2', once: 'changed'}"), "", "jobs/0/when/source=SIGUSR2\njobs/0/when/once" },
		{ JOB("when: {source: 'global', each: 'enterMaintenance'}"), "", "jobs/0/when/source=global" },
		{ JOB("when: {interval: '1s', source: 'x', timeout: 5}"), "", "jobs/0/when/interval=1\njobs/0/when/source" },
		{ JOB("when: {interval: '1s', once: 'changed'}"), "", "!only one of once, each and interval" },
		{ JOB("when: {source: 'x', once: 'changed', each: 'changed'}"), "", "!only one of once, each and interval" },
		{ JOB("when: {source: 'x', each: 'changed'}, restarts: 'unlimited'"), "", "!restarts" },
		{ JOB("when: {source: 'x', once: 'changed', timeout: -5}"), "", "jobs/0/when/timeout" },
	};

	(void)state;
	CHECK(rows, NULL);
}

static void test_health(void **state)
{
	static const struct row rows[] = {
		{ HEALTH("interval: 5, ttl: 10"), "", "jobs/0/health/exec\njobs/0/health/events" },
		{ HEALTH("exec: 'a  b', interval: 5, ttl: 10"), "", "jobs/0/health/exec=[\"a\",\"\",\"b\"]\n"
		  "jobs/0/health/events=check\njobs/0/health/timeout\njobs/0/health/logOutput=true" },
		{ HEALTH("exec: 'a', interval: 5, ttl: 10, timeout: '0'"), "", "jobs/0/health/timeout=10" },
		{ HEALTH("exec: 'a', interval: 5, ttl: 10, timeout: '1m'"), "", "jobs/0/health/timeout=60" },
		{ HEALTH("exec: 'a', interval: 0, ttl: 10"), "", "!interval: must be at least 1" },
		{ HEALTH("exec: 'a', interval: 5"), "", "!ttl: must be at least 1" },
		{ JOB("port: 80"), "", "!health: missing" },
		{ "{ consul: 'h:1', jobs: [ { name: 'containerpilot', exec: 'x', port: 80 } ] }", "", "jobs/0/port=80" },
		{ JOB("health: {exec: 'a', interval: 1, ttl: 2}"), "", "jobs/0/port\njobs/0/health/interval=1" },
		{ "{ consul: 'h:1', jobs: [ { name: 'aa' } ] }", "", "jobs/0/exec=[]" },
		{ "{ consul: 'h:1', jobs: [ { name: 'aa', exec: '' } ] }", "", "!exec: must be a program" },
		{ "{ consul: 'h:1', jobs: [ { name: 'aa', exec: [] } ] }", "", "!exec: must be a program" },
		{ "{ consul: 'h:1', jobs: [ { name: 'aa', exec: 5 } ] }", "", "!exec: must be a program" },
		{ HEALTH("exec: 'a', interval: 5, ttl: 10}, initial_status: 'warning', consul: {enableTagOverride: true"), "",
		  "jobs/0/initialStatus=warning\njobs/0/consul/enableTagOverride=true\n"
		  "jobs/0/consul/deregisterCriticalServiceAfter=0" },
		{ HEALTH("exec: 'a', interval: 5, ttl: 10}, initial_status: 'odd', tags: [], consul: { "), "", "!initialStatus" },
	};

	(void)state;
	CHECK(rows, NULL);
}

static void test_top_level(void **state)
{
	static const struct row rows[] = {
		{ "{ consul: 'https://c:8501' }", "", "consul/scheme=https\nconsul/address=c:8501" },
		{ "{ consul: '' }", "", "consul={}" },
		{ "{ consul: {} }", "", "consul={}" },
		{ "{ consul: {address: 'http://c:1', token: 'abc', tls: {verify: 0, cafile: ''}} }", "",
		  "consul/address=c:1\nconsul/token=abc\nconsul/tls/verify=false\nconsul/tls/cafile" },
		{ "{ consul: {adress: 'c'} }", "", "!consul.adress: unknown key; did you mean 'address'?" },
		{ "{ consul: 'c', stopTimeout: 0, jobs: [ {name: 'a', exec: 'x'} ] }", "", "stopTimeout=8\njobs/0/stopTimeout=5" },
		{ "{ consul: 'c', stopTimeout: -1, jobs: [ {name: 'a', exec: 'x'} ] }", "", "stopTimeout=3\njobs/0/stopTimeout=1ms" },
		{ "{ consul: 'c', jobs: [ {name: 'a', exec: 'x', stopTimeout: '1s'}, {name: 'z', exec: 'x', stopTimeout: 0}, "
		  "{name: 'b', exec: 'x', when: {source: 'a', once: 'stopping'}}, "
		  "{name: 'c', exec: 'x', when: {source: 'a', once: 'stopped'}}, "
		  "{name: 'd', exec: 'x', when: {source: 'z', once: 'stopping'}} ] }", "", "jobs/0/preStopTimeout=1\n"
		  "jobs/1/preStopTimeout=10m\njobs/2/timeout=1\njobs/3/timeout\njobs/4/timeout" },
		{ "{ consul: 'c', stopTimeout: '5s' }", "", "!stopTimeout: must be a whole number, found \"5s\"" },
		{ "{ consul: 'c', logging: {level: 'WARNING', format: 'Text', output: 'stderr'} }", "",
		  "logging/format=logfmt\nlogging/level=WARNING\nlogging/output=stderr" },
		{ "{ consul: 'c', control: {socket: ''} }", "", "!control.socket: must be a path" },
		{ "{ consul: 'c' }", "", "control/socket=/var/run/containerpilot.socket\ncompat/signals=containerpilot3" },
		{ "{ consul: 'c', job: [] }", "", "!x:1:16: job: unknown key; did you mean 'jobs'?" },
		{ "{ consul: 'c', watches: [ {name: 'db', interval: 1, tag: 'x', dc: 'd'} ] }", "",
		  "watches/0/tag=x\nwatches/0/dc=d\nwatches/0/firstEmpty=unhealthy\nwatches/0/interval" },
		{ "{ consul: 'c', watches: [ {name: 'db', interval: 1}, {name: 'db', interval: 2} ] }", "", "watches/1" },
		{ "{ consul: 'c', watches: [ {name: 'db', interval: 1}, {name: 'db', interval: 2, tag: 't'} ] }", "",
		  "watches/1/name=db-2\nwatches/1/service=db" },
		{ "{ consul: 'c', watches: [ {name: 'db'} ] }", "", "!interval: must be at least 1" },
		{ "{ consul: 'c', watches: [ {name: 'db', interval: 1, tags: ['a']} ] }", "", "!tags: unknown key" },
		{ "{ consul: 'c', telemetry: {port: 9, tags: ['t'], metrics: [ {namespace: 'n', name: 'x', help: 'h', type: 'counter'} ]} }",
		  "", "telemetry/port=9\ntelemetry/metrics/0/name=n_x\njobs/0/tags/0=t" },
		{ "{ consul: 'c', telemetry: {metrics: [ {name: 'x', help: 'h', type: 'Counters'} ]} }", "", "!type" },
		{ "{ consul: 'c', telemetry: {sensors: []} }", "", "!sensors: unknown key" },
	};

	(void)state;
	CHECK(rows, NULL);
}

static void test_versions(void **state)
{
	static const struct row rows[] = {
		{ "{ consul: 'c', services: [], jobs: [] }", "", "!services: a key of ContainerPilot 2, and jobs is one of version 3" },
		{ "{ etcd: 'c' }", "", "!etcd: Consul is the only discovery backend" },
		{ "{ consul: 'c', compat: false, logging: {format: 'text'} }", "", "logging/format=text\ncompat" },
		{ "{ consul: 'c', compat: 2 }", "", "compat/signals=containerpilot2" },
		{ "{ consul: 'c', compat: {healthEvents: false, exitStatus: 'zero'}, jobs: [ {name: 'a', exec: 'x', "
		  "health: {exec: 'y', interval: 1, ttl: 2}} ] }", "", "jobs/0/health/events\ncompat/exitStatus=zero" },
		{ "{ consul: 'c', compat: {checkOutput: false}, services: [ {name: 's', port: 1, poll: 1, ttl: 2, health: 'x'} ] }",
		  "", "jobs/0/health/exec/0=x\njobs/0/health/logOutput\njobs/0/health/timeout=2" },
		{ "{ consul: 'c', compat: {queueEvents: 5} }", "", "!compat.queueEvents: must be true or false" },
		{ "{ consul: 'c', compat: {oddEvents: true} }", "", "!compat.oddEvents: unknown key" },
		{ "{ consul: 'c', tasks: [ {name: 't', command: 'x'} ] }", "", "!frequency: missing" },
		{ "{ consul: 'c', backends: [ {name: 'b', poll: 1} ] }", "", "!onChange: missing" },
		{ "{ consul: 'c', preStart: 'p', preStop: 'q', services: [ {name: 's', port: 1, poll: 1, ttl: 2} ] }", "",
		  "jobs/0/name=preStart\njobs/1/name=preStop\njobs/1/when/once=shutdown\njobs/2/needs/0=preStart exitSuccess" },
	};

	(void)state;
	CHECK(rows, NULL);
}

#define OF_2(keys) "{ consul: 'c', " keys " }"

static void test_version_2(void **state)
{
	static char *command[] = { "app", NULL };
	static const struct row rows[] = {
		{ OF_2("onStart: 'old'"), "", "jobs/1/name=app.preStart\njobs/1/exec=[\"old\"]\njobs/1/timeout=0" },
		{ OF_2("onStart: 'old', preStart: 'new'"), "", "jobs/1/exec=[\"new\"]" },
		{ OF_2("preStop: 'q', stopTimeout: -1"), "", "jobs/1/when/once=stopping\njobs/0/stopTimeout=1ms\n"
		  "jobs/0/preStopTimeout=10m\nstopTimeout=10m" },
		{ OF_2("postStop: ['r', 0]"), "", "jobs/1/when/once=stopped\njobs/1/exec=[\"r\",\"0\"]" },
		{ OF_2("preStart: ''"), "", "!preStart: must be a program" },
		{ OF_2("preStrat: 'x', services: []"), "", "!preStrat: unknown key; did you mean 'preStart'?" },
		{ OF_2("services: [ {name: 's', port: 1, poll: 0, ttl: 2} ]"), "", "!poll: must be at least 1" },
		{ OF_2("services: [ {name: 's', port: 1, poll: 1} ]"), "", "!ttl: must be at least 1" },
		{ OF_2("services: [ {name: 's', poll: 1, ttl: 2} ]"), "", "!port: must be at least 1" },
		{ OF_2("services: [ {name: '', port: 1, poll: 1, ttl: 2} ]"), "", "!services[0].name: must not be blank" },
		{ OF_2("services: [ {name: 's', port: 1, poll: 1, ttl: 9, health: 'a b', timeout: '5s'} ]"), "",
		  "jobs/1/health/exec=[\"a\",\"b\"]\njobs/1/health/timeout=5\njobs/1/interfaces=[\"eth0:inet\"]" },
		{ OF_2("services: [ {name: 's', port: 1, poll: 1, ttl: 9, health: 'a'} ]"), "", "jobs/1/health/timeout=9" },
		{ OF_2("services: [ {name: 's', port: 1, poll: 1, ttl: 9, consul: {enableTagOverride: true}} ]"), "",
		  "jobs/1/consul/enableTagOverride=true\njobs/1/consul/deregisterCriticalServiceAfter=0" },
		{ OF_2("backends: [ {name: 'b', poll: 1, onChange: 'x', tag: 't', timeout: 3} ]"), "",
		  "watches/0/tag=t\nwatches/0/firstEmpty=unhealthy\njobs/1/name=b.onChange\njobs/1/timeout=3\njobs/1/restarts=never" },
		{ OF_2("backends: [ {name: 'b', poll: 1, onChange: 'x'} ]"), "", "jobs/1/timeout=0" },
		{ OF_2("backends: [ {name: 'b', onChange: 'x'} ]"), "", "!poll: must be at least 1" },
		{ OF_2("preStart: 'p', backends: [ {name: 'b', poll: 1, onChange: 'x'} ]"), "",
		  "jobs/2/needs/0=app.preStart exitSuccess" },
		{ OF_2("tasks: [ {name: 't', command: 'x', frequency: '500ms'} ]"), "",
		  "jobs/1/when/interval=500ms\njobs/1/when/delay=500ms\njobs/1/timeout" },
		{ OF_2("tasks: [ {name: 't', frequency: 1} ]"), "", "!command: missing" },
		{ OF_2("coprocesses: [ {command: 'a b'} ]"), "", "jobs/1/name=a b\njobs/1/restarts" },
		{ OF_2("coprocesses: [ {name: 'c', command: 'a', restarts: 'sometimes'} ]"), "", "!restarts" },
		{ OF_2("telemetry: {sensors: [ {namespace: 'n', subsystem: 's', name: 'x', help: 'h', type: 'gauge', poll: 2, check: 'c'} ]}"),
		  "", "telemetry/port=9090\ntelemetry/metrics/0/name=n_s_x\njobs/2/name=sensor.n_s_x\njobs/2/metric=n_s_x\n"
		  "jobs/2/when/interval=2\njobs/1/name=containerpilot" },
		{ OF_2("telemetry: {sensors: [ {name: 'x', help: 'h', type: 'gauge', check: 'c'} ]}"), "", "!poll: must be at least 1" },
		{ OF_2("telemetry: {sensors: [ {name: 'x', type: 'gauge', poll: 1, check: 'c'} ]}"), "", "!help: missing" },
		{ OF_2("etcd: {endpoints: 'e'}"), "", "!etcd: Consul is the only discovery backend" },
	};

	(void)state;
	CHECK(rows, command);
}

/* Called by our own name: only what ContainerPilot would accept is taken for one of its files. */
static void test_own_name(void **state)
{
	static const struct { const char *text; int version; } rows[] = {
		{ "{ consul: 'c', jobs: [ {name: 'a', exec: 'x'} ] }", 3 },
		{ "{ consul: 'c', jobs: [ {name: 'a', exec: 'x', drain: 5} ] }", 0 },
		{ "{ jobs: [ {name: 'a', exec: 'x'} ] }", 0 },
		{ "{ consul: 'c', jobs: [ {name: 'a', exec: 'x', port: 80} ] }", 0 },
		{ "{ consul: 'c', compat: false, jobs: [ {name: 'a', exec: 'x'} ] }", 0 },
		{ "{ consul: 'c', compat: {variables: true}, jobs: [ {name: 'a', exec: 'x', drain: 5} ] }", 0 },
		{ "{ consul: 'c', services: [] }", 2 },
		{ "consul = \"c\"; jobs = ( { name = \"a\"; exec = \"x\"; } );", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CLEANUP(load_error_release) struct load_error error = { .code = 0 };
		struct load_source source = { .path = "x", .text = rows[i].text };
		struct config *config = load_config_from(&source, NULL, &error);

		if (!config)
			fail_msg("%s: %s", rows[i].text, error.mistakes.items[0]);
		if (config->containerpilot != rows[i].version)
			fail_msg("%s: version %d", rows[i].text, config->containerpilot);
		config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_of_version_3),
		cmocka_unit_test(test_files_of_version_2),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_top_level),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
