#!/bin/sh
# Some calls are allowed in one place only: a pattern, and the files that may match it.  Comments do not count.
status=0
code=$(mktemp)
trap 'rm -f "$code"' EXIT
for file in $(find supervisor hooks consul -name '*.[ch]'); do
	sed -e "s|^|$file: |" -e 's|/\*.*\*/||' -e '/: [[:blank:]]*\/\*/,/\*\//d' "$file"
done >"$code"

only()
{
	found=$(grep -E -- "$1" "$code" | grep -vE "^($2): ")
	[ -z "$found" ] || { printf 'only in %s:\n%s\n' "$2" "$found"; status=1; }
}

only '#include <curl/'                    'supervisor/base/http\.[ch]'
only '#include <libconfig'                'supervisor/config/libconf\.c'
only '#include <yaml'                     'supervisor/template/libyaml\.c'
only '#include <ev\.h>'                   'supervisor/base/(loop|writer)\.[ch]'
only '\b(fork|vfork|clone3?|waitid|waitpid|wait[34]?|posix_spawnp?) ?\(' \
	'supervisor/base/(process|spawn)\.c'
only '\b(system|popen|getaddrinfo|gethostbyname|getpwnam|getgrnam|setlocale|atexit) ?\(' 'none'
only '\b(strcat|sprintf|vsprintf|gets|strtok|alloca) ?\(' 'none'
only '\b(malloc|calloc|realloc|strdup|strndup|asprintf) ?\(' 'supervisor/base/alloc\.c'
only '\bextern\b'                          'supervisor/page\.c'
exit $status
