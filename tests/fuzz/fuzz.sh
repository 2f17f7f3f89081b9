#!/bin/sh
# fuzz.sh - run the fuzzer $FUZZER for $FUZZ_TIME seconds (60) from its kept corpus; `fuzz.sh --keep` adds to the corpus.
#
# A fuzzer starts from tests/fuzz/corpus/$FUZZER and tests/cases, and collects new inputs in $B/fuzz/found/$FUZZER.  An
# input that fails is in $B/fuzz/found/$FUZZER-*; run the fuzzer on that file to see it again.  Options for libFuzzer stand
# in the fuzzer's source, in a line " * options: ...", such as -timeout=3 for an oracle of time.
#
# background
set -eu
fuzzer=${B:-build}/fuzz/tests/fuzz/$FUZZER
found=${B:-build}/fuzz/found/$FUZZER
corpus=tests/fuzz/corpus/$FUZZER
options=$(sed -n 's/^ \* options: \([^*]*\).*/\1/p' "tests/fuzz/$FUZZER.c")
mkdir -p "$found" "$corpus"

if [ "${1-}" = --keep ]; then
	exec "$fuzzer" -merge=1 -max_len=4096 "$corpus" "$found"
fi
exec "$fuzzer" -max_total_time="${FUZZ_TIME:-60}" -timeout=10 -max_len=65536 -rss_limit_mb=1024 -print_final_stats=1 \
	-dict=tests/fuzz/words.dict -artifact_prefix="$found-" $options "$found" "$corpus" tests/cases
