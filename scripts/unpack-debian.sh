# Sourced by the install scripts: Debian packages without root.

# unpack_debian FOLDER PACKAGE…: downloads the packages with apt's state in a folder of our own and unpacks them into FOLDER.
unpack_debian() {
  command -v apt-get >/dev/null 2>&1 && command -v dpkg >/dev/null 2>&1 || return 1
  local folder=$1 work status=1
  shift
  work=$(mktemp -d)
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/debs"
  local apt=(apt-get -qq -o "Dir::State=$work/state" -o "Dir::Cache=$work/cache" -o Dir::State::status=/var/lib/dpkg/status
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
  # The system's own clean-up hooks complain here, of folders that are root's; what counts is whether the packages come.
  "${apt[@]}" update >/dev/null 2>&1 || true
  if (cd "$work/debs" && "${apt[@]}" download "$@" >/dev/null 2>&1); then
    status=0
    for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$folder" || status=1; done
  fi
  rm -rf "$work"
  return "$status"
}
