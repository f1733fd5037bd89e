# shellcheck shell=bash
# Sourced by the other scripts: the Python that is there, system packages where they may be installed.

is_recent_python() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if is_recent_python "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# Ends with this script, however that ends (Linux).
bound() {
  if command -v setpriv >/dev/null; then
    setpriv --pdeathsig KILL "$@"
  else
    "$@"
  fi
}

# Install Debian packages as root or with a passwordless sudo; fails, silently, elsewhere.
install_packages() {
  local as_root=()
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  local log
  log=$(mktemp)
  echo "Installation de : $*"
  if { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install --yes --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
    rm -f "$log"
  else
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
  fi
}

find_chromium() {
  command -v chromium-headless-shell || command -v chromium || command -v chromium-browser ||
    command -v google-chrome
}
