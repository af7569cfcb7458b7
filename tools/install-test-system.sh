#!/bin/sh
# Install what the tests need of the system where that is possible (Debian or Ubuntu, as root);
# elsewhere say what is missing. Tests that need a missing part are skipped and say so.
set -eu

missing=""
need() {  # need COMMAND-OR-FILE PACKAGE…
    probe=$1; shift
    if ! command -v "$probe" >/dev/null 2>&1 && [ ! -e "$probe" ]; then missing="$missing $*"; fi
}
need chromium chromium
need chromedriver chromium-driver
need mbpoll mbpoll
need node nodejs
need npm npm
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then missing="$missing postgresql"; fi

[ -n "$missing" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 (a list of packages)
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
fi
echo "not installed:$missing: the tests that need them will be skipped" >&2
