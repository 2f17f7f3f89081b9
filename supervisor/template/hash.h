/* hash.h - MD5 and SHA-256. */
#ifndef HASH_H
#define HASH_H

#include "arena.h"

enum { MD5_SIZE = 16, SHA256_SIZE = 32, DIGEST_BLOCK = 64 };

struct hashed {
	struct arena *arena;		/* where the work counts */
	const void *bytes;
	size_t size;
};

void md5(const struct hashed *hashed, unsigned char digest[MD5_SIZE]);
void sha256(const struct hashed *hashed, unsigned char digest[SHA256_SIZE]);

#endif
