#include "entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "config/address.h"
#include "answer.h"

enum { OUTPUT_MAX = 4096 };		/* Consul truncates the output of a check there */

enum health_status entry_status(const struct service *service)
{
	if (!service->verdict)
		return service->down ? STATUS_CRITICAL : STATUS_PASSING;
	if (service->verdict->known)
		return service->verdict->status;
	return service->judged ? STATUS_CRITICAL : service->config->initial_status;
}

static json_t *tags_of(const struct service *service)
{
	const struct service_config *config = service->config;
	json_t *tags = json_array();

	for (size_t i = 0; i < config->tags.count; i++)
		json_array_append_new(tags, json_string(config->tags.items[i]));
	for (size_t i = 0; i < service->tags.count; i++)
		if (!strv_has(&config->tags, service->tags.items[i]))
			json_array_append_new(tags, json_string(service->tags.items[i]));
	if (service->leads && config->leader_tag && !strv_has(&service->tags, config->leader_tag))
		json_array_append_new(tags, json_string(config->leader_tag));
	return tags;
}

static json_t *meta_of(const struct service *service)
{
	AUTOFREE char *started = format_string("%ld", service->started);
	json_t *meta = json_object();

	for (size_t i = 0; i < service->config->meta.count; i++) {
		const char *pair = service->config->meta.items[i];
		AUTOFREE char *key = copy_bytes(pair, strcspn(pair, "="));

		json_object_set_new(meta, key, json_string(strchrnul(pair, '=') + 1));
	}
	json_object_set_new(meta, "managed_by", json_string("pilotfish"));
	json_object_set_new(meta, "pilotfish_version", json_string(VERSION));
	json_object_set_new(meta, "pilotfish_started", json_string(started));
	return meta;
}

bool entry_is_ours(const struct service *service, const json_t *meta)
{
	return service->started == strtol(answer_text(meta, "pilotfish_started"), NULL, 10);
}

/* In maintenance it starts critical, because maintenance is a separate, later request. */
static json_t *check_of(const struct service *service)
{
	const struct service_config *config = service->config;
	enum health_status status = service->maintenance ? STATUS_CRITICAL : entry_status(service);
	CLEANUP(buf_release) struct buf notes = BUF_INIT;
	char ttl[32], after[32];
	json_t *check;

	duration_print(config->ttl, ttl);
	duration_print(config->deregister_after, after);
	buf_add(&notes, "sent by pilotfish at least every TTL/3");
	if (service->explained)
		buf_print(&notes, "; change %u of the reason", service->explained);
	check = json_pack("{ss ss ss ss ss}", "CheckID", service->check_id,
			  "Name", "health", "TTL", ttl, "Status", health_status_name(status),
			  "Notes", notes.data);
	if (config->deregister_after > 0)
		json_object_set_new(check, "DeregisterCriticalServiceAfter", json_string(after));
	return check;
}

json_t *entry_registration(const struct service *service)
{
	const struct service_config *config = service->config;
	json_t *entry = json_pack("{ss ss ss sI sb so so so}", "ID", service->id,
				  "Name", config->name, "Address", service->address,
				  "Port", (json_int_t)config->port,
				  "EnableTagOverride", config->enable_tag_override,
				  "Tags", tags_of(service), "Meta", meta_of(service),
				  "Check", check_of(service));

	if (config->weight_passing > 0)
		json_object_set_new(entry, "Weights",
				    json_pack("{sI sI}",
					      "Passing", (json_int_t)config->weight_passing,
					      "Warning", (json_int_t)config->weight_warning));
	return entry;
}

static json_t *output_of(const struct service *service)
{
	const struct verdict *verdict = service->verdict;
	CLEANUP(buf_release) struct buf text = BUF_INIT;
	char took[64] = "", span[32];

	if (!verdict)
		return json_string(service->down ? "its process has ended" : "its process runs");
	duration_print(verdict->duration, span);
	if (verdict->known && verdict->duration > 0)
		snprintf(took, sizeof took, "%s(took %s)", verdict->output.used ? "\n" : "", span);
	buf_append(&text, verdict->output.data,
		   utf8_cut(verdict->output.data, verdict->output.used,
			    OUTPUT_MAX - strlen(took)));
	buf_add(&text, took);
	return json_stringn(text.data, text.used);
}

json_t *entry_verdict(const struct service *service)
{
	return json_pack("{ss so}", "Status", health_status_name(entry_status(service)),
			 "Output", output_of(service));
}

char *entry_address(const struct service *service, struct error *error)
{
	static char *const usual[] = {
		"eth0:inet", "default:inet", "inet", "default:inet6", "inet6", NULL
	};
	CLEANUP(strv_release) struct strv specifications = { .items = NULL };
	const char *ours = service->agent->local_address;
	char *address;

	if (service->config->interfaces.count)
		return address_find(&service->config->interfaces, error);
	if (*ours && !address_is_loopback(ours) && !address_is_link_local(ours))
		return copy_string(ours);
	strv_copy(&specifications, usual);
	address = address_find(&specifications, error);
	return address || !*ours ? address : copy_string(ours);
}
