#!/usr/bin/env bash
# Everything that decides whether a change is good, on a bare machine with Node and npm: installs, builds, static checks,
# all test suites. The last line is "N passed, N failed". SUITES narrows the test suites, e.g. SUITES="unit redis"; ZIMAGE_NODE=22
# or 24 takes that release of Node.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/prepare.sh

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

# Each check and each suite leaves a report; sum-tests.mjs adds them up.
check() {
  say "== $1"
  if "${@:2}" >&2; then echo 1 0 >"$reports/$1.count"; else echo 0 1 >"$reports/$1.count"; fi
}

suites() {
  say "== $*"
  local projects=("${@/#/--selectProjects=}")
  npm run -s test -- "${projects[@]}" --maxWorkers=2 --json --outputFile "$reports/suites.json" >/dev/null ||
    [ -f "$reports/suites.json" ] || echo 0 1 >"$reports/suites.count"
}

if [ -n "${ZIMAGE_NODE:-}" ]; then PATH=$(bash scripts/install-node.sh "$ZIMAGE_NODE"):$PATH; fi
require_node
prepare() { install_packages && build && bash scripts/install-redis.sh && bash scripts/install-s3.sh && bash scripts/install-deploy-tools.sh; }
if ! (set -e; prepare) >&2; then
  echo '0 passed, 1 failed'
  exit 1
fi
# Each says itself what is missing; its tests are skipped then.
bash scripts/install-python-tools.sh >&2 || true
bash scripts/install-prometheus.sh >&2 || true
# Without one the tests of test/browser fail.
bash scripts/install-chromium.sh >&2 || true

# Says what it found, or that the registry answers no such question; no part of the count, which would change with the day.
bash scripts/audit.sh >&2 || true

check lint npm run -s lint &
check format npm run -s format:check
check types npm run -s types
check arrows npm run -s arrows
wait
# shellcheck disable=SC2086 # names of suites, one a word
suites ${SUITES:-unit contract redis parity fault e2e browser deploy}
node scripts/sum-tests.mjs "$reports"
