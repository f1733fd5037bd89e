# shellcheck shell=bash
# Sourced by scripts that need a PostgreSQL for their own time: found, started, stopped.
# Set before: `work`, a temporary folder; `postgres_options`, what the server is started with.

find_postgres() {
  PATH=$PATH:$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1) command -v initdb
}

# PostgreSQL refuses to run as root.
as_unprivileged() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  elif id postgres >/dev/null 2>&1; then
    runuser -u postgres -- "$@"
  else
    runuser -u nobody -- "$@"
  fi
}

# A server of its own in a temporary folder, reached by its socket there: no port, no password.
start_postgres() {
  local bin
  bin=$(dirname "$(readlink -f "$(find_postgres)")")
  chmod 711 "$work"
  postgres_folder=$work/postgres
  mkdir "$postgres_folder"
  if [ "$(id -u)" -eq 0 ]; then chown "$(as_unprivileged id -u)" "$postgres_folder"; fi
  as_unprivileged "$bin/initdb" --pgdata="$postgres_folder/data" --username=tests --auth=trust \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$work/initdb.log" 2>&1 &&
    as_unprivileged "$bin/pg_ctl" --pgdata="$postgres_folder/data" --wait --silent \
      --log="$postgres_folder/log" start \
      -o "-k $postgres_folder -c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off $postgres_options" ||
    { cat "$work/initdb.log" "$postgres_folder/log" >&2 2>/dev/null; return 1; }
  postgres_control=$bin/pg_ctl
  postgres_url="postgres://tests@/postgres?host=$postgres_folder"
}

stop_postgres() {
  [ -z "${postgres_control:-}" ] || as_unprivileged "$postgres_control" \
    --pgdata="$postgres_folder/data" --mode=immediate --silent stop || true
}
