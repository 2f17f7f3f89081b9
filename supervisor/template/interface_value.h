/* interface_value.h - interfaces as values of templates, and their attributes. */
#ifndef INTERFACE_VALUE_H
#define INTERFACE_VALUE_H

#include "function.h"
#include "interfaces.h"

struct value interface_to_value(struct call *call, const struct interface *interface);
struct interface interface_from_value(struct value value);

/* False: it has no such attribute.  The name is in any case. */
bool interface_print(struct text *text, const struct interface *interface, struct value attribute);

/* False: the list is too long, or all is over, of which the evaluator tells. */
bool interfaces_add(struct call *call, struct list_maker *list, struct value item);
struct value interfaces_list(const struct list_maker *list);

/* Both replace the list.  `param`: for instance "up|loopback", and "default,-size". */
bool interfaces_filter(struct call *call, const char *criterion, const char *param, bool exclude,
		       struct value *list);
bool interfaces_sort(struct call *call, const char *param, struct value *list);

/* Parameters are copies. */
char *call_lower_case(struct call *call, struct value value);
bool read_natural(const char *text, unsigned long most, unsigned long *natural);

#endif
