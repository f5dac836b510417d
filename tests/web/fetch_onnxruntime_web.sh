#!/bin/sh
# Puts ONNX Runtime for browsers where the tests of the exported page find it. Needs npm.
set -eu
cd "$(dirname "$0")"
version=1.22.0 # as in condcolor/web/onnxruntime_web.py; MIT licence

if [ ! -f vendor/onnxruntime-web/ort-wasm-simd-threaded.wasm ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    npm pack --silent --pack-destination "$folder" "onnxruntime-web@$version" >/dev/null
    tar -xzf "$folder"/onnxruntime-web-*.tgz -C "$folder"
    mkdir -p vendor/onnxruntime-web
    for name in ort.wasm.min.mjs ort-wasm-simd-threaded.mjs ort-wasm-simd-threaded.wasm; do
        cp "$folder/package/dist/$name" vendor/onnxruntime-web/
    done
fi
