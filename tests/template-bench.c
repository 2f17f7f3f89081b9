/* template-bench ROUNDS - measure a template like haproxy's over 200 services of 20 instances.
 *
 * Prints "NAME VALUE" lines: medians of processor time in microseconds, sizes in bytes, memory in KiB.
 * The data comes as real answers do: JSON text, parsed and converted (reply.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "template/reply.h"
#include "template/template.h"

enum { SERVICES = 200, INSTANCES = 20, WARM = 10 };

static const char text[] =
	"global\n  maxconn 4096\n\ndefaults\n  mode http\n{{ range services }}{{ if ne .Name \"consul\" }}\n"
	"backend {{ .Name | toLower }}\n  balance roundrobin\n{{- range service .Name }}\n"
	"  server {{ .ID }} {{ .Address }}:{{ .Port }} check\n{{- end }}\n{{ end }}{{ end }}";

struct bodies {
	struct template_provider data;
	char *list, *services[SERVICES];	/* Consul's answers */
	json_t *converted[SERVICES], *names;
};

static double spent(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static long resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (!file || fscanf(file, "%*s %ld", &pages) != 1)
		exit(1);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static char *service_body(int service)
{
	struct buf body = BUF_INIT;

	for (int i = 0; i < INSTANCES; i++)
		buf_print(&body, "%c{\"Node\":{\"ID\":\"2e1e8a7c-%04d\",\"Node\":\"node-%03d\",\"Address\":\"10.%d.%d.%d\","
			  "\"Datacenter\":\"dc1\",\"TaggedAddresses\":{\"lan\":\"10.0.0.1\"},\"Meta\":{\"rack\":\"r1\"}},"
			  "\"Service\":{\"ID\":\"service-%03d-%02d\",\"Service\":\"service-%03d\",\"Tags\":[\"v1\",\"blue\"],"
			  "\"Address\":\"10.%d.%d.%d\",\"Port\":%d,\"Meta\":{\"zone\":\"a\"},\"Weights\":{\"Passing\":1,"
			  "\"Warning\":1}},\"Checks\":[{\"Node\":\"node\",\"CheckID\":\"serfHealth\",\"Name\":\"Serf\","
			  "\"Status\":\"passing\",\"Output\":\"alive\"},{\"Node\":\"node\",\"CheckID\":\"service:web\","
			  "\"Name\":\"TTL\",\"Status\":\"passing\",\"Output\":\"ok\"}]}", i ? ',' : '[', i, i, service,
			  service, i, service, i, service, service, service, i, 20000 + i);
	buf_add_char(&body, ']');
	return buf_take(&body);
}

static void make_bodies(struct bodies *bodies)
{
	struct buf list = BUF_INIT;

	for (int i = 0; i < SERVICES; i++) {
		bodies->services[i] = service_body(i);
		buf_print(&list, "%c\"service-%03d\":[\"v1\",\"blue\"]", i ? ',' : '{', i);
	}
	buf_add(&list, ",\"consul\":[]}");
	bodies->list = buf_take(&list);
}

static json_t *convert(enum dependency_kind kind, const char *argument, const char *body)
{
	struct error error = ERROR_INIT;
	struct dependency dependency;
	json_t *tree = json_loads(body, 0, NULL), *answer;

	if (!tree || !dependency_parse(kind, argument, &dependency, &error))
		exit(1);
	answer = reply_convert(&dependency, tree);
	json_decref(tree);
	return answer;
}

static void convert_all(struct bodies *bodies)
{
	char name[32];

	json_decref(bodies->names);
	bodies->names = convert(DEPENDENCY_SERVICES, "", bodies->list);
	for (int i = 0; i < SERVICES; i++) {
		snprintf(name, sizeof name, "service-%03d", i);
		json_decref(bodies->converted[i]);
		bodies->converted[i] = convert(DEPENDENCY_SERVICE, name, bodies->services[i]);
	}
}

static bool look_up(struct template_provider *self, const struct dependency *dependency,
		    const char *name, json_t **value)
{
	struct bodies *bodies = (struct bodies *)self;

	(void)name;
	*value = dependency->kind == DEPENDENCY_SERVICES ? bodies->names :
		 bodies->converted[atoi(dependency->name + strlen("service-")) % SERVICES];
	return true;
}

static struct template *parse(void)
{
	const struct template_options options = { .profile = TEMPLATE_CONSUL, .missing_key = MISSING_ZERO };
	struct error error = ERROR_INIT;
	struct template *template = template_parse("haproxy", text, strlen(text), &options, &error);

	if (!template)
		exit(1);
	return template;
}

static int by_value(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static void tell(const char *name, double *took, int count)
{
	qsort(took, (size_t)count, sizeof *took, by_value);
	printf("%s %.1f\n", name, took[count / 2]);
}

static void render(struct template *template, struct bodies *bodies, struct template_output *output)
{
	const struct template_input input = { .data = &bodies->data };
	struct error error = ERROR_INIT;

	if (!template_render(template, &input, output, &error)) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static struct bodies bodies = { .data = { look_up } };
	struct template_output output = { 0 };
	int rounds = argc > 1 ? atoi(argv[1]) : 1000;
	double *took = alloc((size_t)rounds * sizeof *took);
	struct template *template;
	long before = 0;

	make_bodies(&bodies);
	for (int i = 0; i < rounds; i++) {
		took[i] = -spent();
		template = parse();
		took[i] += spent();
		template_free(template);
	}
	tell("parse", took, rounds);
	template = parse();
	convert_all(&bodies);
	for (int i = -WARM; i < rounds; i++) {
		double start = spent();

		render(template, &bodies, &output);
		took[i < 0 ? 0 : i] = spent() - start;
		before = i < 0 ? resident() : before;
	}
	tell("render", took, rounds);
	printf("before %ld\nafter %ld\noutput %zu\n", before, resident(), output.text.used);
	for (int i = 0; i < rounds / 20; i++) {
		took[i] = -spent();
		convert_all(&bodies);
		render(template, &bodies, &output);
		took[i] += spent();
	}
	tell("whole", took, rounds / 20);
	return 0;
}
