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
need setpriv util-linux
need xmllint libxml2-utils
if ! ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1; then missing="$missing libfaketime"; fi
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then missing="$missing postgresql"; fi

if [ -n "$missing" ]; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "installing for the tests:$missing"
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086 (a list of packages)
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; } ||
            echo "not installed:$missing: the tests that need them will be skipped" >&2
    else
        echo "not installed:$missing: the tests that need them will be skipped" >&2
    fi
fi

# OPC UA of another make: a client, a server to measure beside, and a model loader with the official
# schema; and what looks for barriers in web pages. Kept out of the tree, and without a lock file: it would name a registry. One command, as
# npm removes what it was not asked for.
modules=build/node_modules
if command -v npm >/dev/null 2>&1 && { [ ! -d $modules/node-opcua-client ] ||
    [ ! -d $modules/node-opcua-server ] || [ ! -d $modules/node-opcua-address-space ] ||
    [ ! -d $modules/node-opcua-nodesets ] || [ ! -d $modules/axe-core ]; }; then
    mkdir -p build
    npm install --prefix build --no-save --no-package-lock --no-audit --no-fund --silent \
        node-opcua-client@2.186 node-opcua-server@2.186 node-opcua-address-space@2.186 \
        node-opcua-nodesets@2.185 axe-core@4.14 ||
        echo "not installed: node-opcua, axe-core; their tests will be skipped" >&2
fi
