# Sourced by every command-line test: a scratch folder, the tools, and a few words to state a test.
#
#     check NAME COMMAND...              passes when the command succeeds
#     refuse NAME STATUS PATTERN COMMAND...
#                                        passes when it exits with STATUS and standard error has a
#                                        line that matches PATTERN (extended), and no more than it
#     skip NAME WHY
#     is NAME GOT EXPECTED               passes when the two words are equal
#     same NAME FILE FILE                passes when two files hold the same bytes, and some
#     rows                               the examples of the corpus on standard input
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BIN=${ESPALIER_BIN:-$ROOT/bin}
VARIANT=${ESPALIER_VARIANT:-release}
GRAMMARS=$ROOT/grammars
DATA=${ESPALIER_DATA:-$ROOT/../shared/data}
export LC_ALL=C
PATH=$BIN:$PATH
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
cd "$SCRATCH" || exit 1
failures=0

pass() { echo "ok $1"; }
fail() {
    echo "not ok $1"
    [ $# -gt 1 ] && printf '    %s\n' "${@:2}"
    failures=$((failures + 1))
}
skip() { echo "skip $1 ($2)"; }

check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then pass "$name"; else fail "$name" "status $? of: $*" "$output"; fi
}

refuse() {
    local name=$1 status=$2 pattern=$3 got
    shift 3
    "$@" >/dev/null 2>"$SCRATCH/stderr"
    got=$?
    if [ $got -ne "$status" ]; then
        fail "$name" "exit status $got, expected $status, of: $*" "$(cat "$SCRATCH/stderr")"
    elif ! grep -qE -- "$pattern" "$SCRATCH/stderr"; then
        fail "$name" "no message like '$pattern' from: $*" "$(cat "$SCRATCH/stderr")"
    else
        pass "$name"
    fi
}

is() {
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got '$2', expected '$3'"; fi
}

same() {
    if cmp -s "$2" "$3" && [ -s "$2" ]; then pass "$1"; else fail "$1" "$(diff "$2" "$3" | head -5)"; fi
}

rows() { zstd -dc | grep -v '^#'; }

finish() { exit $((failures > 0)); }
