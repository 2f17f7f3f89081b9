/* list.h - intrusive doubly linked ring: the node is a member of its element. */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list { struct list *prev, *next; };

#define LIST_INIT(name) { &(name), &(name) }

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define list_entry container_of

/* The body may remove `node` from the ring, but no other node. */
#define list_each(node, ring)						\
	for (struct list *node = (ring)->next, *node##_next = node->next;	\
	     node != (ring);						\
	     node = node##_next, node##_next = node->next)

static inline void list_init(struct list *l) { l->prev = l->next = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }

static inline void list_append(struct list *ring, struct list *node)
{
	node->prev = ring->prev;
	node->next = ring;
	ring->prev->next = node;
	ring->prev = node;
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Appends all nodes of `from` to `to`, in order. */
static inline void list_move_all(struct list *from, struct list *to)
{
	while (!list_empty(from)) {
		struct list *node = from->next;

		list_remove(node);
		list_append(to, node);
	}
}

#endif
