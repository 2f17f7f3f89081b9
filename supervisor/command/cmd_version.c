#include "command.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <sysexits.h>

#include "base/alloc.h"
#include "base/http.h"
#include "config/libconf.h"
#include "template/libyaml.h"

/* VERSION is "NUMBER (COMMIT)", or the number alone. */
json_t *version_document(void)
{
	static const char version[] = VERSION;
	size_t number = strcspn(version, " ");
	AUTOFREE char *digits = copy_bytes(version, number);
	AUTOFREE char *commit = NULL;
	struct utsname machine;

	if (version[number])
		commit = copy_bytes(version + number + 2, strcspn(version + number + 2, ")"));
	uname(&machine);
	return json_pack("{ss ss* ss ss sb s{ss ss ss ss ss}}", "version", digits, "commit", commit,
			 "compiler", __VERSION__, "architecture", machine.machine,
			 "static", !getauxval(AT_BASE),		/* no dynamic loader has been here */
			 "libraries", "libcurl", http_library(), "jansson", jansson_version_str(),
			 "libconfig", libconf_library(), "libev", loop_library(), "libyaml", libyaml_library());
}

int cmd_version(const struct call *call)
{
	CLEANUP(json_decrefp) json_t *document = NULL;

	if (!call->json) {
		puts("pilotfish " VERSION);
		return EX_OK;
	}
	document = version_document();
	return command_print_json(document);
}
