#!/bin/sh
# Puts axe-core, which checks the page for what keeps people out, where tests/web/test_page_axe.py finds it. Needs npm.
set -eu
cd "$(dirname "$0")"
version=4.14.1 # MPL-2.0 licence; used by tests alone

if [ ! -f vendor/axe.min.js ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    npm pack --silent --pack-destination "$folder" "axe-core@$version" >/dev/null
    tar -xzf "$folder"/axe-core-*.tgz -C "$folder"
    mkdir -p vendor
    cp "$folder/package/axe.min.js" vendor/
fi
