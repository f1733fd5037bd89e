"""How the site is served, on a developer's machine and in production (docs/operations.md)."""

import os
import signal
from pathlib import Path

import environ

from config import listening
from jobs.processes import end_with_parent

# As the settings, which are read only once gunicorn listens.
environ.Env.read_env(os.environ.get("ENV_FILE", Path(__file__).with_name(".env")))

wsgi_app = "config.wsgi"
bind = listening.bindings()
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Who waits for the database, or sends slowly, leaves the process to the others.
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "8"))
# Of a process that gives no sign of life; no request is ended by it, a proxy's patience ends those.
timeout = 120
graceful_timeout = 20
# A worker keeps fonts and styles in memory; starting afresh now and then keeps it bounded.
max_requests = 2000
max_requests_jitter = 200
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "info")
control_socket_disable = True


def post_fork(server: object, worker: object) -> None:
    """A killed master takes its workers with it, rather than leave them on the port."""
    end_with_parent(signal.SIGTERM)
