# shellcheck shell=bash
# Sourced by script/setup, script/check and script/test: system packages, installed where allowed.

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
