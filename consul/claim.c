#include "claim.h"

#include <string.h>

#include "base/alloc.h"
#include "answer.h"

static bool is_leftover(const struct service *service, const json_t *entry)
{
	return !strcmp(answer_text(entry, "Service"), service->config->name) &&
	       !strcmp(answer_text(entry, "Address"), service->address) &&
	       json_integer_value(json_object_get(entry, "Port")) == service->config->port;
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
	service->elsewhere = strcmp(answer_text(entry, "Address"), service->address);
	service->claim = entry ? CLAIM_UNCERTAIN : CLAIM_OURS;
}

static void take_other_id(struct service *service)
{
	char *id = format_string("%s-%s", service->id, service->address);

	log_warn("service %s is passing at another address: registering as %s",
		 service->id, id);
	free(service->id);
	free(service->check_id);
	service->id = id;
	service->check_id = format_string("service:%s", id);
	service->renamed = true;
	service->claim = CLAIM_NONE;
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
	}
	if (service->elsewhere && passing && !service->renamed) {
		take_other_id(service);
		return;
	}
	service->claim = CLAIM_OURS;
	service->present = true;
	service->told_maintenance = maintained;
}
