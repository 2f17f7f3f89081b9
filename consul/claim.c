#include "claim.h"

#include <string.h>

#include "base/alloc.h"
#include "answer.h"

static long port_of(const json_t *entry)
{
	return (long)json_integer_value(json_object_get(entry, "Port"));
}

static bool has_our_address(const struct service *service, const json_t *entry)
{
	return !strcmp(answer_text(entry, "Address"), service->address);
}

bool claim_has_our_place(const struct service *service, const json_t *entry)
{
	return has_our_address(service, entry) && port_of(entry) == service->config->port;
}

char *claim_place(const json_t *entry)
{
	return format_string("%s port %ld", answer_text(entry, "Address"), port_of(entry));
}

static bool is_leftover(const struct service *service, const json_t *entry)
{
	return !strcmp(answer_text(entry, "Service"), service->config->name) &&
	       claim_has_our_place(service, entry);
}

void claim_from_services(struct service *service, json_t *services)
{
	json_t *entry;
	const char *id;

	strv_release(&service->leftovers);
	json_object_foreach(services, id, entry)
		if (is_leftover(service, entry) && strcmp(id, service->id))
			strv_push(&service->leftovers, id);
	entry = json_object_get(services, service->id);
	free(steal(&service->elsewhere));
	if (entry && !claim_has_our_place(service, entry))
		service->elsewhere = claim_place(entry);
	service->same_address = has_our_address(service, entry);
	service->claim = entry ? CLAIM_UNCERTAIN : CLAIM_OURS;
}

static void take_other_id(struct service *service)
{
	char *id = service->same_address ? format_string("%s-%ld", service->id, service->config->port)
					 : format_string("%s-%s", service->id, service->address);

	log_about(LEVEL_WARN, subject("service", service->id),
		  " is passing at another %s, %s: registering as %s",
		  service->same_address ? "port" : "address", service->elsewhere, id);
	free(service->id);
	free(service->check_id);
	service->id = id;
	service->check_id = format_string("service:%s", id);
	service->renamed = true;
	service->claim = CLAIM_NONE;
}

static void note_kept(struct service *service, const char *status)
{
	for (enum health_status i = STATUS_CRITICAL; i <= STATUS_PASSING; i++)
		if (!strcmp(status, health_status_name(i))) {
			service->shown = (struct service_report){ .status = i };
			service->kept = true;
		}
}

void claim_from_checks(struct service *service, json_t *checks)
{
	AUTOFREE char *mode = format_string("_service_maintenance:%s", service->id);
	bool passing = true, maintained = false;
	const char *check_id;
	json_t *check;

	json_object_foreach(checks, check_id, check) {
		if (strcmp(answer_text(check, "ServiceID"), service->id))
			continue;
		passing = passing && strcmp(answer_text(check, "Status"), "critical");
		maintained = maintained || !strcmp(check_id, mode);
		if (!strcmp(check_id, service->check_id))
			note_kept(service, answer_text(check, "Status"));
	}
	if (service->elsewhere && passing && !service->renamed && !service->config->id) {
		take_other_id(service);
		return;
	}
	if (service->elsewhere && passing)
		log_about(LEVEL_WARN, subject("service", service->id),
			  " is passing at %s and is taken over: if another instance has this ID, give "
			  "each an id of its own", service->elsewhere);
	service->claim = CLAIM_OURS;
	service->present = true;
	service->told_maintenance = maintained;
}
