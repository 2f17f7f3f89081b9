/* hash.h - MD5 and SHA-256. */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>

enum { MD5_SIZE = 16, SHA256_SIZE = 32, DIGEST_BLOCK = 64 };

void md5(const void *bytes, size_t size, unsigned char digest[MD5_SIZE]);
void sha256(const void *bytes, size_t size, unsigned char digest[SHA256_SIZE]);

#endif
