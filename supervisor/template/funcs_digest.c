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

	md5(call->args[0].text, call->args[0].size, digest);
	return give_hex(call, digest, sizeof digest);
}

static bool fn_sha256(struct call *call)
{
	unsigned char digest[SHA256_SIZE];

	sha256(call->args[0].text, call->args[0].size, digest);
	return give_hex(call, digest, sizeof digest);
}

static bool fn_hmac(struct call *call)
{
	struct value message = call->args[0], key = call->args[1];
	unsigned char inner[DIGEST_BLOCK] = { 0 }, outer[DIGEST_BLOCK + SHA256_SIZE] = { 0 };
	unsigned char digest[SHA256_SIZE];
	struct text text = { .arena = call->arena };

	if (key.size > DIGEST_BLOCK)
		sha256(key.text, key.size, inner);
	else
		memcpy(inner, key.text, key.size);
	for (int i = 0; i < DIGEST_BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	text_add(&text, (const char *)inner, sizeof inner);
	text_add(&text, message.text, message.size);
	sha256(text.data, text.used, outer + DIGEST_BLOCK);
	sha256(outer, sizeof outer, digest);
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

/* Line breaks are skipped, padding is needed. */
static bool decode(struct call *call, enum base64 alphabet)
{
	const char *digits = base64_digits(alphabet);
	struct value value = call->args[0];
	struct text text = { .arena = call->arena };
	unsigned group = 0;
	int count = 0, padding = 0;

	for (size_t i = 0; i < value.size; i++) {
		char c = value.text[i];
		const char *digit = c ? strchr(digits, c) : NULL;

		if (c == '\n' || c == '\r')
			continue;
		if (c == '=' ? count + padding < 2 : (!digit || padding))
			return fail(call->error, "not Base64: byte %zu", i);
		padding += c == '=';
		group = group << 6 | (digit ? (unsigned)(digit - digits) : 0);
		count += c != '=';
		if (count + padding < 4)
			continue;
		char out[3] = { (char)(group >> 16), (char)(group >> 8), (char)group };
		text_add(&text, out, (size_t)(3 - padding));
		group = 0;
		count = 0;
		if (padding && i + 1 < value.size && value.text[i + 1] != '\n')
			return fail(call->error, "not Base64: byte %zu", i + 1);
	}
	if (count)
		return fail(call->error, "not Base64: it ends too early");
	return give_text(call, &text);
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
