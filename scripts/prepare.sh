# Sourced by quickstart.sh and test.sh: everything between a fresh clone and a built project, skipping what is done.

say() { printf '%s\n' "$*" >&2; }

require_node() {
  local found
  if ! found=$(node -p 'process.versions.node' 2>/dev/null); then
    say 'Node.js 20.19 or newer is needed (https://nodejs.org); no node was found on the path.'
    exit 1
  fi
  if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    say "Node.js 20.19 or newer is needed (https://nodejs.org); this is $found."
    exit 1
  fi
}

install_packages() {
  # npm writes this file last: an interrupted install leaves an older one, or none.
  if [ node_modules/.package-lock.json -nt package-lock.json ]; then return; fi
  say 'installing packages (npm ci; a minute or two the first time)'
  npm ci --loglevel=error --no-update-notifier >&2
}

build() {
  local stamp=dist/.built
  if [ -f "$stamp" ] && [ -z "$(find apps libs package-lock.json tsconfig.json tsconfig.build.json nest-cli.json -newer "$stamp" -print -quit)" ]; then
    return
  fi
  say 'building'
  npm run -s build >&2
  touch "$stamp"
}
