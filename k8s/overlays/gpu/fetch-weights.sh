#!/bin/sh
# Brings the files that weights.txt lists ("sha256  path", one a line) from WEIGHTS_URL to /weights; what is there and right is
# left alone, so that a node's disk fills once. A file whose sum is wrong ends the pod's start.
set -eu
cd /weights
while read -r sum path; do
  case "$sum" in '#'* | '') continue ;; esac
  if [ -f "$path" ] && echo "$sum  $path" | sha256sum -c - >/dev/null 2>&1; then continue; fi
  mkdir -p "$(dirname "$path")"
  curl --fail --silent --show-error --location --retry 5 --retry-all-errors --continue-at - --output "$path.part" "$WEIGHTS_URL/$path"
  echo "$sum  $path.part" | sha256sum -c - || { rm -f "$path.part"; exit 1; }
  mv "$path.part" "$path"
done < /fetch/weights.txt
