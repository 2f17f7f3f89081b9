#include "hash.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef void block_fn(uint32_t *state, const unsigned char *block);

static uint32_t turn_left(uint32_t word, int bits)
{
	return word << bits | word >> (32 - bits);
}

static uint32_t turn_right(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

/* Processes all blocks; the last is padded and ends in the length in bits. */
static void run(const struct hashed *hashed, block_fn *block, uint32_t *state, bool big)
{
	const unsigned char *bytes = hashed->bytes;
	size_t size = hashed->size;
	unsigned char last[2 * DIGEST_BLOCK] = { 0 };
	size_t whole = size - size % DIGEST_BLOCK, rest = size - whole;
	size_t padded = rest < DIGEST_BLOCK - 8 ? DIGEST_BLOCK : 2 * DIGEST_BLOCK;

	for (size_t i = 0; i < whole; i += DIGEST_BLOCK) {
		arena_work(hashed->arena, 4 * DIGEST_BLOCK);
		block(state, bytes + i);
	}
	if (rest)
		memcpy(last, bytes + whole, rest);
	last[rest] = 0x80;
	for (int i = 0; i < 8; i++)
		last[padded - 8 + (size_t)i] =
			(unsigned char)((uint64_t)size * 8 >> (big ? 8 * (7 - i) : 8 * i));
	for (size_t i = 0; i < padded; i += DIGEST_BLOCK)
		block(state, last + i);
}

/* Its constants: the first bits of sines. */
static const uint32_t *md5_words(void)
{
	static uint32_t words[64];

	for (int i = 0; i < 64 && !words[63]; i++)
		words[i] = (uint32_t)(int64_t)floor(fabs(sin(i + 1)) * 0x1p32);
	return words;
}

static void md5_block(uint32_t *state, const unsigned char *block)
{
	static const int turns[4][4] = {
		{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
	};
	const uint32_t *words = md5_words();
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (int i = 0; i < 64; i++) {
		const unsigned char *m;
		uint32_t word, mix;
		int at, round = i / 16;

		switch (round) {
		case 0: mix = (b & c) | (~b & d); at = i; break;
		case 1: mix = (d & b) | (~d & c); at = (5 * i + 1) % 16; break;
		case 2: mix = b ^ c ^ d; at = (3 * i + 5) % 16; break;
		default: mix = c ^ (b | ~d); at = (7 * i) % 16; break;
		}
		m = block + (size_t)(4 * at);
		word = m[0] | (uint32_t)m[1] << 8 | (uint32_t)m[2] << 16 | (uint32_t)m[3] << 24;
		word += a + mix + words[i];
		a = d;
		d = c;
		c = b;
		b += turn_left(word, turns[round][i % 4]);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void md5(const struct hashed *hashed, unsigned char digest[MD5_SIZE])
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };

	run(hashed, md5_block, state, false);
	for (int i = 0; i < MD5_SIZE; i++)
		digest[i] = (unsigned char)(state[i / 4] >> (8 * (i % 4)));
}

static const uint32_t sha256_words[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void sha256_block(uint32_t *state, const unsigned char *block)
{
	uint32_t w[64], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
	uint32_t f = state[5], g = state[6], h = state[7];

	for (int i = 0; i < 16; i++, block += 4)
		w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
		       block[3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (turn_right(w[i - 15], 7) ^ turn_right(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (turn_right(w[i - 2], 17) ^ turn_right(w[i - 2], 19) ^ w[i - 2] >> 10);
	for (int i = 0; i < 64; i++) {
		uint32_t one = h + sha256_words[i] + w[i] + ((e & f) ^ (~e & g)) +
			(turn_right(e, 6) ^ turn_right(e, 11) ^ turn_right(e, 25));
		uint32_t two = (turn_right(a, 2) ^ turn_right(a, 13) ^ turn_right(a, 22)) +
			((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + one;
		d = c;
		c = b;
		b = a;
		a = one + two;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void sha256(const struct hashed *hashed, unsigned char digest[SHA256_SIZE])
{
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	run(hashed, sha256_block, state, true);
	for (int i = 0; i < SHA256_SIZE; i++)
		digest[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}
