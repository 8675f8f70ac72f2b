#!/usr/bin/env bash
# Puts schemathesis, which fuzzes the API by its OpenAPI document, into .tools/schemathesis. Needs python3 with pip; no root.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.5
target=.tools/schemathesis
if [ "$(cat "$target/version" 2>/dev/null)" = "$version" ]; then
  echo "schemathesis: $target $version (already there)"
  exit 0
fi

if ! python3 -m pip --version >/dev/null 2>&1; then
  echo "The API is NOT fuzzed: install python3 with pip (Debian: apt-get install python3-pip) and run" >&2
  echo "scripts/install-schemathesis.sh again." >&2
  exit 1
fi

mkdir -p .tools
work=$(mktemp -d .tools/schemathesis.XXXXXX)
trap 'rm -rf "$work"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$work/new" "schemathesis==$version"
echo "$version" >"$work/new/version"
rm -rf "$target"
mv "$work/new" "$target"
echo "schemathesis: $target $version"
