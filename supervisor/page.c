#include "page.h"

#include <string.h>

#include "control/respond.h"

/* The assembler includes the files.  Its labels are local: no other object can refer to them. */
#define INCLUDE(label, file) \
	__asm__(".pushsection .rodata." #label ",\"a\"\n" \
		#label ": .incbin \"supervisor/page/" file "\"\n" \
		#label "_end: .byte 0\n" \
		".popsection"); \
	extern const char label[] __attribute__((visibility("hidden"))); \
	extern const char label##_end[] __attribute__((visibility("hidden")))

INCLUDE(page_html, "index.html");
INCLUDE(page_css, "page.css");
INCLUDE(page_js, "page.js");
INCLUDE(page_icon, "icon.svg");

static const struct part {
	const char *path, *type, *begin, *end;
} parts[] = {
	{ "/", "text/html; charset=utf-8", page_html, page_html_end },
	{ "/page.css", "text/css; charset=utf-8", page_css, page_css_end },
	{ "/page.js", "text/javascript; charset=utf-8", page_js, page_js_end },
	{ "/icon.svg", "image/svg+xml", page_icon, page_icon_end },
};

void page_answer(struct exchange *exchange)
{
	for (const struct part *part = parts; part < parts + sizeof parts / sizeof *parts; part++)
		if (!strcmp(part->path, exchange->request.path)) {
			exchange_answer(exchange, 200, part->type, part->begin,
					(size_t)(part->end - part->begin));
			return;
		}
	respond_text(exchange, 404, "there is no such path");
}

const char *page_headers(void)
{
	return "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
	       "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
	       "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n"
	       "X-Content-Type-Options: nosniff\r\n"
	       "Referrer-Policy: no-referrer\r\n"
	       "Cross-Origin-Resource-Policy: same-origin\r\n";
}
