# What golangci-lint can't see: how long files are, what packages are called, and
# who reaches whom through others. The direct arrows are in .golangci.yml.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C

max_lines=500
faults=$(mktemp)
trap 'rm -f "$faults"' EXIT

adapters='^securitybot/internal/(chat/slack|factor/duo|sink/webhook|sink/pagerduty|store/postgres|store/sqlite|sandbox)(/|$)'
vendors='^(github\.com/(slack-go|duosecurity|jackc|gin-gonic|pressly|spf13)|modernc\.org)/'

# reaches PACKAGE PATTERN: what it imports, directly or through others, but must not.
reaches() {
    dependencies=$(go list -deps "./$1")
    echo "$dependencies" | grep -E "$2" | grep -Ev "^securitybot/$1(/|\$)" |
        sed "s#^#securitybot/$1 reaches #" >>"$faults" || true # grep found nothing
}

# only_from PATTERN ALLOWED: whose code, tests aside, imports PATTERN.
only_from() {
    echo "$imports" | awk -v what="$1" -v allowed="$2" \
        '$2 ~ what && $1 !~ allowed { print $1 " imports " $2 }' >>"$faults"
}

names() {
    go list -f '{{.Name}} {{.ImportPath}}' ./... >"$faults.names"
    awk '$1 ~ /^(util|utils|common|helper|helpers|model|models|type|types|misc|shared)$/ {
        print $2 ": a name that says nothing" }' "$faults.names" >>"$faults"
    rm "$faults.names"
}

long_files() {
    find . -name '*.go' -not -path './bin/*' -not -path './.*/*' | sort | while read -r file; do
        lines=$(wc -l <"$file")
        [ "$lines" -lt "$max_lines" ] && continue
        head -n 3 "$file" | grep -q '^// Code generated .* DO NOT EDIT\.$' && continue
        echo "$file has $lines lines, and should have less than $max_lines"
    done >>"$faults"
}

# scenarios: every test that the table of scenarios names is there.
scenarios() {
    grep -oE '`(Test|Fuzz)[A-Za-z0-9]+`' docs/scenarios.md | tr -d '`' | sort -u | while read -r test; do
        git grep -qE "^func $test\(" -- '*_test.go' ||
            echo "docs/scenarios.md names $test, and there is no such test"
    done >>"$faults"
}

imports=$(go list -f '{{$p := .ImportPath}}{{range .Imports}}{{$p}} {{.}}{{"\n"}}{{end}}' ./...)

long_files
names
scenarios
only_from "$adapters" '^securitybot/internal/(app$|chat/slack|factor/duo|sink/webhook|sink/pagerduty|store/postgres|store/sqlite|sandbox)'
only_from '^securitybot/internal/app$' '^securitybot/cmd/'
only_from '^securitybot/internal/testkit$' '^$'
reaches internal/alert '^[^/]+\.[^/]+/|^securitybot/|^net/http$' # the standard library alone
reaches internal/conversation "$adapters|$vendors"
reaches workflows "$adapters|$vendors"
reaches activities "$adapters|$vendors"
for adapter in chat/slack factor/duo sink/webhook sink/pagerduty store/postgres store/sqlite sandbox; do
    reaches "internal/$adapter" "$adapters"
done

if [ -s "$faults" ]; then
    echo "layout:" >&2
    cat "$faults" >&2
    exit 1
fi
echo "layout: as it should be"
