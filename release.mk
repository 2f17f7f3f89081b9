# release.mk - how the release build differs: one static program, with a libcurl of its own.  The Makefile includes
# this when STATIC is set.
#
# The program begins at process_entry (supervisor/base/spawn.c), which blocks signals.
# It is not position-independent.  Without relocations it starts a third faster than a static PIE (the bare init
# takes 1.1 ms, not 1.4 ms; tini takes 1.4 ms) and has 0.4 MB less private memory.
#
# libcurl is Debian's source with Debian's fixes, cut down to the features that http.c uses: HTTP/1.1, TLS by OpenSSL,
# Unix sockets, and c-ares, which resolves names without threads and without the shared libraries that glibc's resolver
# would load.  supervisor/base/curl.patch delays a channel of c-ares, and OpenSSL, until they are needed.  OpenSSL
# reads no configuration, which might name modules, and a static program cannot load modules.
#
# Another architecture's libraries are unpacked, not installed.  $(FETCHED) keeps the fetched packages: two builds are
# identical only if they are made from the same packages.
FETCHED ?= build/fetched
curl    := $B/curl
comma   := ,
sysroot := $(if $(ARCH),$(abspath $(FETCHED))/$(ARCH))
archives := $(sysroot)/usr/lib/$(machine)-linux-gnu
target  := $(if $(ARCH),--sysroot=$(sysroot) -B$(archives) -L$(archives))

includes := -I$(curl)/src/include $(target)
sections := -ffunction-sections -fdata-sections
# A static program must not use glibc's name services or load code; libcrypto and c-ares refer to both in unused features.
mode     := -static -no-pie -s -Wl,--gc-sections -Wl,-e,process_entry $(target) $(patsubst %,-Wl$(comma)--defsym=%=abort, \
	getaddrinfo freeaddrinfo getnameinfo gethostbyname getservbyname getservbyport_r) \
	-Wl,--wrap=dlopen,--defsym=__wrap_dlopen=abort -Wl,-Map=$B/link.map
# The code in use stands together, so few pages are in memory: libcrypto comes last.
libs     := -lcares -ljansson -lconfig -lyaml -lev -lc -lm -lssl -lcrypto $(LDLIBS)
dev     := libssl-dev libc-ares-dev libjansson-dev libconfig-dev libyaml-dev libev-dev libc6-dev linux-libc-dev

curl_off := ftp file ldap ldaps rtsp proxy dict telnet tftp pop3 imap smb smtp gopher mqtt manual libcurl-option \
	pthreads threaded-resolver rt sspi crypto-auth ntlm ntlm-wb tls-srp cookies socketpair doh mime dateparse \
	netrc progress-meter dnsshuffle get-easy-options alt-svc headers-api hsts websockets \
	openssl-auto-load-config shared dependency-tracking
curl_without := zlib brotli zstd gssapi libpsl libgsasl libssh2 librtmp libidn2 nghttp2 ngtcp2 nghttp3 quiche \
	msh3 ca-path

# A failure may come from an old index: update it and retry.
with_apt = { apt-get -qq $(1) || { apt-get -qq update && apt-get -qq $(1); }; } >log 2>&1 || { cat log; exit 1; }

$(FETCHED)/curl:
	$(call say,FETCH,$@)
	$(Q)$(RM) -r $@.part && mkdir -p $@.part
	$(Q)cd $@.part && $(call with_apt,source --download-only curl)
	$(Q)mv $@.part $@
fetch: $(FETCHED)/curl
.PHONY: fetch

ifdef ARCH
$(sysroot):
	$(call say,FETCH,$@)
	$(Q)$(RM) -r $@.part && mkdir -p $@.part
	$(Q)cd $@.part && $(call with_apt,download $(dev:%=%:$(ARCH)) uthash-dev)
	$(Q)cd $@.part && for package in *.deb; do dpkg-deb -x $$package . || exit 1; done
	$(Q)mv $@.part $@
endif

# The variables of our command line must not reach curl's Makefile, which uses the same names.
MAKEOVERRIDES :=

# The two patches that come last are for other TLS libraries.
$(curl)/src: supervisor/base/curl.patch | $(FETCHED)/curl
	$(Q)$(RM) -r $(curl) && mkdir -p $(curl)
	$(Q)dpkg-source -q --no-check --skip-patches -x $(FETCHED)/curl/*.dsc $@.part
	$(Q)sed -i '/^90_gnutls\|^99_nss/d' $@.part/debian/patches/series
	$(Q)cd $@.part && dpkg-source --before-build . >/dev/null
	$(Q)patch -s -d $@.part -p1 <supervisor/base/curl.patch && touch $@.part
	$(Q)mv $@.part $@

$(curl)/lib/libcurl.a: $(curl)/src release.mk $B/flags | $(sysroot)
	$(call say,CURL,$@)
	$(Q)$(RM) -r $(@D) && mkdir -p $(@D)/build
	$(Q)cd $(@D)/build && ../../src/configure -q --host=$(machine)-linux-gnu \
		$(curl_off:%=--disable-%) $(curl_without:%=--without-%) --with-openssl --enable-ares \
		--with-ca-bundle=/etc/ssl/certs/ca-certificates.crt \
		CC='$(CC) $(target)' PKG_CONFIG=false CPPFLAGS='-DCURL_SOCKET_HASH_TABLE_SIZE=61 -DOPENSSL_NO_ENGINE' \
		CFLAGS='$(CFLAGS) $(harden) $(sections)' LDFLAGS='-static -no-pie' >log 2>&1 || { tail log; exit 1; }
	$(Q)$(MAKE) -C $(@D)/build/lib ACLOCAL=: AUTOMAKE=: AUTOCONF=: AUTOHEADER=: >$(@D)/log 2>&1 || \
		{ tail $(@D)/log; exit 1; }
	$(Q)cp $(@D)/build/lib/.libs/libcurl.a $@

$(OBJS): | $(curl)/lib/libcurl.a
$B/$(PROG): $(curl)/lib/libcurl.a

# The software bill of materials, with licence texts and the checksum.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
$B/$(PROG).spdx.json: $B/$(PROG) sbom.sh LICENSE
	$(Q)CURL=$(FETCHED)/curl ./sbom.sh $B/$(PROG) '$(VERSION)' $(or $(ARCH),$(shell dpkg --print-architecture)) '$(sysroot)'
