#!/usr/bin/env bash
# Puts prometheus and promtool, which the deploy suite checks alerts and dashboard with, into .tools/prometheus: those on the
# path, else Debian's package, unpacked without root.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/unpack-debian.sh

target=.tools/prometheus
if [ -x "$target/promtool" ] && "$target/promtool" --version >/dev/null 2>&1; then
  echo "prometheus: $target (already there)"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; then
  from=$(command -v prometheus)
  from=${from%/*}
elif unpack_debian "$work" prometheus; then
  from=$work/usr/bin
else
  echo "Alerts and dashboard are NOT run by a Prometheus: there is none on the path, and apt-get has none. Put prometheus and" >&2
  echo "promtool (2.40 or newer) into $target/, or on the path, and run scripts/install-prometheus.sh again." >&2
  exit 1
fi
mkdir -p "$target"
for program in prometheus promtool; do
  cp -L "$from/$program" "$target/$program.new"
  mv "$target/$program.new" "$target/$program"
done
echo "prometheus: $target"
