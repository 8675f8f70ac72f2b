#!/usr/bin/env bash
# Everything that is measured on a GPU, written to bench/gpu/RESULTS.md with the card's name.
# usage: bench/gpu/run.sh [cuda|cpu] [FOLDER]
# FOLDER keeps the checkpoint of random weights (20 GB, made once); PYTHON names a Python with torch and diffusers, for the
# comparison. Before: `npm ci && npm run build`, and CUDA's provider in place (docs/operations.md, GPU).
# "cpu" runs the same scripts on a small checkpoint, to show that they work.
set -euo pipefail
cd "$(dirname "$0")/../.."
provider=${1:-cuda}
folder=${2:-.data/bench-gpu}
python=${PYTHON:-python3}

if [ "$provider" = cpu ]; then
  checkpoint=$folder/small shape=(--scale 0.14 --layers 2 --text-layers 2)
  sizes=256x1,128x2 side=256 options=(--calls 3)
else
  checkpoint=$folder/z-image-turbo-shapes shape=()
  sizes=1024x1,512x1,512x4,256x8 side=1024 options=(--calls 10 --compile)
fi
[ -f "$checkpoint/model_index.json" ] || node bench/gpu/full-size-checkpoint.mjs "$checkpoint" "${shape[@]}"

node bench/gpu/parity.mjs --provider "$provider" || echo 'PARITY IS OUT OF BOUNDS' >&2
node bench/gpu/transformer.mjs --checkpoint "$checkpoint" --provider "$provider" --sizes "$sizes" --python "$python" "${options[@]}"
[ "$provider" = cpu ] || node bench/batches.mjs --provider "$provider"
CUDA_LAUNCH_BLOCKING=1 node bench/gpu/profile.mjs --checkpoint "$checkpoint" --provider "$provider" --side "$side"
