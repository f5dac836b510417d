#!/bin/sh
# Puts beside the page what it needs and git does not keep: a model, and ONNX Runtime for browsers.
#
#   ./setup.sh                 the built-in icons
#   ./setup.sh ../../runs/mine  any model or run folder
set -eu
cd "$(dirname "$0")"
model=${1:-icons}
version=1.22.0 # of onnxruntime-web, MIT licence

if [ ! -f vendor/ort-wasm-simd-threaded.wasm ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    npm pack --silent --pack-destination "$folder" "onnxruntime-web@$version" >/dev/null
    tar -xzf "$folder"/onnxruntime-web-*.tgz -C "$folder"
    mkdir -p vendor
    for name in ort.wasm.min.mjs ort-wasm-simd-threaded.mjs ort-wasm-simd-threaded.wasm; do
        cp "$folder/package/dist/$name" vendor/
    done
fi
condcolor export "$model" --onnx model.onnx --half --overwrite
echo "now: python -m http.server --bind 127.0.0.1, and open http://127.0.0.1:8000/"
