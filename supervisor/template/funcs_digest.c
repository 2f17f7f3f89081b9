#include "base/alloc.h"
#include "base/base64.h"
#include "hash.h"
#include "function.h"

enum { ME = TEMPLATE_CONSUL };

static bool give_hex(struct call *call, const unsigned char *digest, size_t size)
{
	struct text text = { .arena = call->arena };

	for (size_t i = 0; i < size; i++)
		text_print(&text, "%02x", digest[i]);
	return give_text(call, &text);
}

static bool fn_md5(struct call *call)
{
	unsigned char digest[MD5_SIZE];

	md5(&(struct hashed){ call->arena, call->args[0].text, call->args[0].size }, digest);
	return give_hex(call, digest, sizeof digest);
}

static bool fn_sha256(struct call *call)
{
	unsigned char digest[SHA256_SIZE];

	sha256(&(struct hashed){ call->arena, call->args[0].text, call->args[0].size }, digest);
	return give_hex(call, digest, sizeof digest);
}

static bool fn_hmac(struct call *call)
{
	struct value message = call->args[0], key = call->args[1];
	unsigned char inner[DIGEST_BLOCK] = { 0 }, outer[DIGEST_BLOCK + SHA256_SIZE] = { 0 };
	unsigned char digest[SHA256_SIZE];
	struct text text = { .arena = call->arena };

	if (key.size > DIGEST_BLOCK)
		sha256(&(struct hashed){ call->arena, key.text, key.size }, inner);
	else
		memcpy(inner, key.text, key.size);
	for (int i = 0; i < DIGEST_BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	text_add(&text, (const char *)inner, sizeof inner);
	text_add(&text, message.text, message.size);
	sha256(&(struct hashed){ call->arena, text.data, text.used }, outer + DIGEST_BLOCK);
	sha256(&(struct hashed){ call->arena, outer, sizeof outer }, digest);
	return give_hex(call, digest, sizeof digest);
}

static bool encode(struct call *call, enum base64 alphabet)
{
	CLEANUP(buf_release) struct buf encoded = BUF_INIT;
	struct text text = { .arena = call->arena };

	base64_encode(alphabet, call->args[0].text, call->args[0].size, &encoded);
	text_add(&text, encoded.data, encoded.used);
	return give_text(call, &text);
}

static bool decode(struct call *call, enum base64 alphabet)
{
	CLEANUP(buf_release) struct buf bytes = BUF_INIT;
	struct value value = call->args[0];
	size_t bad;

	if (!base64_decode(alphabet | BASE64_LINES, value.text, value.size, &bytes, &bad))
		return fail(call->error, bad < value.size ? "not Base64: byte %zu" :
			    "not Base64: the text ends too early, after %zu bytes", bad);
	return give(call, value_text(arena_copy(call->arena, bytes.data, bytes.used), bytes.used));
}

static bool fn_encode(struct call *call)
{
	return encode(call, BASE64_PLAIN);
}

static bool fn_encode_url(struct call *call)
{
	return encode(call, BASE64_URL);
}

static bool fn_decode(struct call *call)
{
	return decode(call, BASE64_PLAIN);
}

static bool fn_decode_url(struct call *call)
{
	return decode(call, BASE64_URL);
}

const struct function *functions_digest(void)
{
	static const struct function table[] = {
		{ "md5sum", fn_md5, 1, 1, ME, { TYPE_STRING } },
		{ "sha256Hex", fn_sha256, 1, 1, ME, { TYPE_STRING } },
		{ "hmacSHA256Hex", fn_hmac, 2, 2, ME, { TYPE_STRING } },
		{ "base64Encode", fn_encode, 1, 1, ME, { TYPE_STRING } },
		{ "base64Decode", fn_decode, 1, 1, ME, { TYPE_STRING } },
		{ "base64URLEncode", fn_encode_url, 1, 1, ME, { TYPE_STRING } },
		{ "base64URLDecode", fn_decode_url, 1, 1, ME, { TYPE_STRING } },
		{ 0 },
	};

	return table;
}
