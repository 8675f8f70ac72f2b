#!/usr/bin/env bash
# From a prompt to a picture on a fresh machine: scripts/quickstart.sh "PROMPT" [--once]
# Installs, builds, starts the whole service, makes one picture through the queue and saves it under out/. With --once it
# stops again, otherwise it keeps serving.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/prepare.sh

case "${1:-}" in
  '' | -h | --help)
    say 'usage: scripts/quickstart.sh "PROMPT" [--once]        e.g. scripts/quickstart.sh "red apple"'
    exit 2
    ;;
esac

require_node
install_packages
build
bash scripts/install-redis.sh
exec node dist/apps/cli/src/quickstart.js "$@"
