# make help      what can be made            make V=1     show commands
# make demo      see it at work              make check   prove it
#
# Yours to set: CC CFLAGS CPPFLAGS LDFLAGS LDLIBS, PREFIX DESTDIR, B (the folder of all products),
# SAN=$(SANITIZERS) (with a B of its own), WERROR=1, COMMIT, ARCH=arm64 (with release, on amd64),
# MINUTES and ROUNDS (of soak), FUZZ_TIME (of fuzz).
PROG    := pilotfish
NUMBER  := 0.1.0
# Empty outside of a git tree: the version is the number alone then.
COMMIT  ?= $(shell git describe --always --dirty --exclude='*' 2>/dev/null)
VERSION := $(NUMBER)$(if $(COMMIT), ($(COMMIT)))

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
# Where the scripts for completion go, one for each shell.
bash    := $(PREFIX)/share/bash-completion/completions/$(PROG)
zsh     := $(PREFIX)/share/zsh/site-functions/_$(PROG)
fish    := $(PREFIX)/share/fish/vendor_completions.d/$(PROG).fish
SHELLS  := bash zsh fish
B       ?= build
JOBS    ?= $(shell nproc)
SANITIZERS := address,undefined,float-cast-overflow
PKGS    := libcurl jansson libconfig yaml-0.1
PKG_CONFIG ?= pkg-config

# A variable for its comma.
fatal   := -fno-sanitize-recover=undefined,float-cast-overflow

# Mitigations; FORTIFY_SOURCE mixes neither with sanitizers nor with -O0.
CFLAGS  ?= $(if $(SAN),-O1 -g1,-O2 $(if $(STATIC),,-g))
machine := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
position := $(if $(STATIC),-fno-pie,-fPIE)
fortify := $(if $(SAN),,$(filter -O1 -O2 -O3 -Os,$(CFLAGS)))
harden  := -fstack-protector-strong $(position) \
	$(if $(fortify),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3) \
	$(if $(filter x86_64 i686,$(machine)),-fcf-protection) \
	$(if $(filter aarch64,$(machine)),-mbranch-protection=standard)

compile = $(CC) -I. -Isupervisor -D_GNU_SOURCE $(includes) $(CPPFLAGS) \
	-std=gnu17 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wformat=2 -fno-common -fno-strict-aliasing $(harden) \
	$(if $(SAN),-fsanitize=$(SAN) $(fatal) -fno-omit-frame-pointer) \
	$(if $(WERROR),-Werror) $(sections) $(CFLAGS)
link    = $(CC) $(mode) -Wl,-z,relro,-z,now $(if $(SAN),-fsanitize=$(SAN)) $(CFLAGS) $(LDFLAGS)
includes := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
mode    := -pie
# libev ships no .pc
libs    := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) -lev -lm $(LDLIBS)

SRCS    := $(sort $(shell find supervisor hooks consul -name '*.c'))
HEADERS := $(sort $(shell find supervisor hooks consul -name '*.h'))
TESTS   := $(sort $(wildcard tests/unit/test_*.c))
FUZZERS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
OBJS    := $(SRCS:%.c=$B/%.o)
CORE    := $(filter-out %/main.o,$(OBJS))
MANS    := $(sort $(patsubst man/%,$B/man/%,$(wildcard man/*.[1-8]) \
	$(patsubst %.in,%,$(wildcard man/*.in))))

STYLE   := $(sort $(filter-out tests/check/lint-%,$(wildcard tests/check/*.sh)))
LINT    := $(sort $(wildcard tests/check/lint-*.sh))
UNIT    := $(TESTS:%.c=$B/%)
SYSTEM  := $(sort $(wildcard tests/system/*.bats))
# `make check` runs these without sanitizers: they measure, need the optimized build, or would take minutes more.
PLAIN    = $(sort $(shell grep -l '^\# plain$$' $(SYSTEM)))
BROWSER := $(sort $(wildcard tests/browser/*.bats))
DOCKER  := $(sort $(wildcard tests/docker/*.bats))
# The same script for each fuzzer.
FUZZ    := $(foreach fuzzer,$(FUZZERS),FUZZER=$(basename $(notdir $(fuzzer))) tests/fuzz/fuzz.sh)
HELPERS := $B/tests/primary $(addprefix $B/tests/,shift-clock.so raise-early.so fail-nth.so stall-disk.so long-turns.so)
SAN_B   := $B/san

Q = $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-5s %s\n' $(1) $(2))
# tests/setup may have installed packages since make read this file, so make reads it again.
again = +$(Q)$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))
run = $(Q)V=$(V) JOBS=$(JOBS) tests/run

all: $B/$(PROG) $(MANS)		## the program and its manual
$B/$(PROG): $(OBJS)
	$(call say,LD,$@)
	$(Q)$(link) -o $@ $^ $(libs)
ifdef STATIC
include release.mk
endif

$B/%.o: %.c $B/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(compile) -DVERSION='"$(VERSION)"' -MMD -MP -c -o $@ $<

$B/supervisor/page.o: $(wildcard supervisor/page/*)

# A changed flag rebuilds everything, a changed version only the files that contain it.
$B/flags: text = '$(compile)' '$(link)' '$(libs)'
$B/version: text = '$(VERSION)'
$B/flags $B/version: FORCE
	@$(if $(STATIC),:,$(PKG_CONFIG) --exists $(PKGS)) || { echo "libraries are missing: try tests/setup build"; exit 1; }
	@mkdir -p $(@D)
	@printf '%s\n' $(text) | cmp -s - $@ || printf '%s\n' $(text) >$@
$(patsubst %.c,$B/%.o,$(shell grep -lw VERSION $(SRCS))): $B/version

$B/core.a: $(CORE)
	$(call say,AR,$@)
	$(Q)$(RM) $@ && $(AR) rcs $@ $^

# A function __wrap_X in a unit test replaces X.
wraps = $(shell nm $@.o | sed -n 's/.* T __wrap_/-Wl,--wrap=/p')
$B/tests/unit/%: $B/tests/unit/%.o $B/core.a
	$(call say,LD,$@)
	$(Q)$(link) $(wraps) -o $@ $^ $(libs) -lcmocka

# The peer of our own regular expressions.
$B/tests/unit/test_regex: private libs += -lpcre2-8

$B/tests/template-%: $B/tests/template-%.o $B/core.a
	$(call say,LD,$@)
	$(Q)$(link) -o $@ $^ $(libs)

$B/tests/fuzz/%: $B/tests/fuzz/%.o $B/core.a
	$(call say,LD,$@)
	$(Q)$(link) $(wraps) -fsanitize=fuzzer -o $@ $^ $(libs) -lcmocka

# The program prints the reference of its verbs, metrics and configuration; the example is a file that tests check.
EXAMPLE := examples/simple/pilotfish.conf
$B/man/%: man/%.in $B/$(PROG) $(EXAMPLE)
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$B/$(PROG) options --mdoc >$@.options
	$(Q)$B/$(PROG) help --mdoc >$@.verbs
	$(Q)$B/$(PROG) metrics --mdoc >$@.metrics
	$(Q)sed -e '/^@OPTIONS@$$/{r $@.options' -e 'd;}' -e '/^@VERBS@$$/{r $@.verbs' -e 'd;}' \
		-e '/^@METRICS@$$/{r $@.metrics' -e 'd;}' -e '/^@EXAMPLE@$$/{r $(EXAMPLE)' -e 'd;}' $< >$@
$B/man/%: man/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

# Programs for the system tests; they share no code with pilotfish.
helper = $(CC) -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Wshadow -Wstrict-prototypes $(if $(WERROR),-Werror)
$B/tests/%: tests/system/helpers/%.c $B/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(helper) -o $@ $<
$B/tests/%.so: tests/system/helpers/%.c $B/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(helper) -shared -fPIC -o $@ $<

helpers: $(HELPERS)
tests: $(UNIT) $B/tests/template-cases helpers
fuzzers: $(FUZZERS:%.c=$B/%)
fuzzed:
	$(again) CC=clang SAN=$(SANITIZERS),fuzzer-no-link B=$B/fuzz fuzzers
# With its sanitizers in it, a program starts a quarter faster.
sanitized:
	$(again) SAN=$(SANITIZERS) LDFLAGS='$(LDFLAGS) -static-libasan -static-libubsan' B=$(SAN_B) all tests

demo:				## see it at work, with a real Consul; KEEP=1: stay up
	$(Q)tests/setup demo
	$(again) all
	$(Q)B=$B KEEP=$(KEEP) examples/demo/run
check:				## prove it: installs what is missing, runs all tests and checks below
	$(Q)tests/setup
	$(again) WERROR=1 all tests sanitized fuzzed release-native release-arm64 images
	$(run) B=$B $(STYLE) $(LINT) $(UNIT) tests/template-cases.sh $(PLAIN) $(BROWSER) $(DOCKER) \
		B=$(SAN_B) $(UNIT:$B/%=$(SAN_B)/%) tests/template-cases.sh $(filter-out $(PLAIN),$(SYSTEM)) \
		B=$B FUZZ_TIME=60 $(FUZZ)
check-style: all		## folders, sizes, dependencies, English, documentation
	$(run) B=$B $(STYLE)
check-lint: $B/flags		## cppcheck, clang-tidy, gcc's analyzer
	$(run) B=$B $(LINT)
check-unit: tests		## unit tests
	$(run) B=$B $(UNIT) tests/template-cases.sh
check-system: all helpers	## tests of the whole program; ONLY="1*": some files
	$(run) B=$B $(if $(ONLY),$(wildcard tests/system/$(ONLY)),$(SYSTEM))
check-browser: all		## Consul's UI and our own page in a browser
	$(run) B=$B $(BROWSER)
check-docker:			## the example with docker-compose and in Swarm; starts an engine if none runs
	$(Q)tests/setup docker
	$(Q)B=$B tests/docker/prepare
	$(run) B=$B $(DOCKER)
check-san: sanitized		## unit and system tests under the sanitizers
	$(run) B=$(SAN_B) $(UNIT:$B/%=$(SAN_B)/%) tests/template-cases.sh $(SYSTEM)
bench:				## measure what is promised about time and memory
	$(Q)tests/setup
	$(again) all helpers $B/tests/template-bench
	$(Q)B=$B tests/bench/run
	$(again) release
	$(Q)B=$B/release tests/bench/run start early idle control
soak:				## run for MINUTES, ROUNDS of elections and failovers, FAILURES seconds of failing calls
	$(Q)tests/setup
	$(again) all helpers
	$(Q)B=$B tests/bench/soak
	$(Q)SHIM=$B/tests/fail-nth.so tests/system/helpers/failing-calls $B/pilotfish . $(or $(FAILURES),900) 2
	$(Q)tests/run B=$B REPRODUCE=1 tests/system/500-release.bats
	$(Q)LIMIT_FILE=3000 tests/run B=$B "ANALYZE=clang-analyzer-*" tests/check/lint-clang-tidy.sh
	$(Q)LIMIT_FILE=2000 tests/run B=$B CHANGES=1000 RELOADS=200 tests/system/701-control-jobs.bats
	$(Q)LIMIT_FILE=2000 tests/run B=$B RESTARTS=20 tests/system/354-consul-restarts.bats
	$(Q)B=$B tests/system/helpers/election-rounds $(or $(ROUNDS),100) --longest 60
	$(Q)B=$B tests/system/helpers/election-rounds $(or $(ROUNDS),100) --longest 60 --no-agents
	$(Q)B=$B tests/docker/prepare
	$(Q)LIMIT_FILE=20000 tests/run B=$B MYSQL_ROUNDS=$(or $(ROUNDS),20) tests/docker/4[03]0-mysql*.bats
	$(Q)tests/docker/ledger table $B/docker/mysql-rounds
check-fuzz: fuzzed		## each fuzzer for a minute
	$(run) B=$B FUZZ_TIME=60 $(FUZZ)
fuzz:				## each fuzzer for FUZZ_TIME seconds (600)
	$(Q)tests/setup fuzz
	$(again) fuzzed
	$(Q)V=$(V) JOBS=$(JOBS) LIMIT_FILE=$$(($(or $(FUZZ_TIME),600) + 300)) tests/run B=$B FUZZ_TIME=$(or $(FUZZ_TIME),600) $(FUZZ)

# Both at the same time, beside other targets; they share the fetched source of curl.
release-native release-arm64: fetched
	$(again) release $(if $(findstring arm64,$@),ARCH=arm64)
fetched:
	$(again) STATIC=1 B=$B/release fetch
images: release-native
	$(Q)B=$B tests/docker/prepare
# Without WERROR, which reaches us in the environment, too: another caller's other flags would make it anew.
RELEASE := $B/release$(ARCH:%=-%)
release: $(RELEASE)/setup	## one static program for any image, with its SBOM, build/release; ARCH=arm64
	$(again) STATIC=1 WERROR= $(if $(ARCH),CC=aarch64-linux-gnu-gcc) B=$(RELEASE) $(RELEASE)/$(PROG).spdx.json
$(RELEASE)/setup: tests/setup
	$(Q)tests/setup release $(ARCH)
	$(Q)mkdir -p $(@D) && touch $@

install: all			## into $(DESTDIR)$(PREFIX)
	$(Q)install -D -m 755 $B/$(PROG) $(DESTDIR)$(BINDIR)/$(PROG)
	$(Q)for page in $(MANS); do \
		install -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; done
	$(Q)$(foreach shell,$(SHELLS),$B/$(PROG) completion $(shell) | \
		install -D -m 644 /dev/stdin $(DESTDIR)$($(shell)) &&) :
uninstall:			## remove what install has put there
	$(Q)$(RM) $(DESTDIR)$(BINDIR)/$(PROG) $(foreach shell,$(SHELLS),$(DESTDIR)$($(shell))) \
		$(foreach page,$(MANS),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
format:				## clang-format all sources
	$(Q)clang-format -i $(SRCS) $(HEADERS) $(TESTS)
clean:				## remove build/
	$(Q)$(RM) -r $B
help:				## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n",$$1,$$2}' Makefile

.PHONY: all helpers tests fuzzers sanitized demo check check-style check-lint check-unit check-system \
	check-browser check-docker check-san check-fuzz bench soak fuzz fuzzed release release-native release-arm64 \
	fetched images install uninstall format clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:
-include $(OBJS:.o=.d) $(patsubst %.c,$B/%.d,$(TESTS) $(FUZZERS) $(wildcard tests/*.c))
