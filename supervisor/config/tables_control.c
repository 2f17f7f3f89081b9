#include "tables.h"

#include <string.h>

#include "base/alloc.h"
#include "config.h"
#include "decode.h"

static bool decode_socket(const struct field *field, void *slot, const json_t *value, struct error *error)
{
	struct control_config *control = slot;
	const char *text = json_string_value(value);
	bool off = text && !strcmp(text, "off");

	(void)field, (void)error;
	if (!text || (*text != '/' && !off))
		return false;
	control->socket = off ? NULL : copy_string(text);
	control->chosen = strcmp(text, CONTROL_SOCKET) != 0;
	return true;
}

static const struct field control_fields[] = {
	{ "socket", CUSTOM_WHOLE(decode_socket), .env = "PILOTFISH_SOCKET", .initial = CONTROL_SOCKET,
	  .must_be = "an absolute path or \"off\"",
	  .help = "The path of the socket, or \"off\". If the default cannot be made, the log says so "
		  "and everything else starts; any other path is an error then. In a container with a "
		  "read-only root, mount a tmpfs there." },
	{ "mode", CUSTOM(control_config, mode, decode_mode), .initial = "0600",
	  .must_be = "octal digits in quotes, such as \"0600\"",
	  .help = "The mode of the socket: who may write to it may ask and change everything." },
	{ "group", CUSTOM(control_config, group, decode_group), .initial = "inherited",
	  .must_be = "a group's name or number",
	  .help = "The group of the socket, for mode \"0660\"." },
	{ 0 }
};
static const struct record control_table = {
	.title = "control", .fields = control_fields,
};

const struct record *control_record(void)
{
	return &control_table;
}
