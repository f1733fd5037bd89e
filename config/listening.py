"""Where the site listens: HOST and PORT. Nothing of Django, so that any Python may ask at once.

`python3 -m config.listening` says in a French sentence why the site cannot, or nothing.
"""

import contextlib
import errno
import logging
import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (what is said about them)
OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")
_LISTENING = "0A"  # In /proc/net/tcp.


def port() -> str:
    return os.environ.get("PORT") or "8000"


def hosts() -> list[str]:
    """Return HOST, or this machine's own addresses: of the two families, where it has both."""
    if host := os.environ.get("HOST", "").strip("[]"):
        return [host]
    return [host for host in ("127.0.0.1", "::1") if _is_here(host)]


def bindings() -> list[str]:
    """Return what to listen on, as gunicorn writes it."""
    return [f"{in_address(host)}:{port()}" for host in hosts()]


def names() -> list[str]:
    """Return the names by which this machine reaches the site; HOST first, where it is one."""
    named = [in_address(host) for host in hosts() if host not in EVERYWHERE]
    return list(dict.fromkeys([*named, *OWN_NAMES]))


def in_address(host: str) -> str:
    """Write a host as addresses have it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def refusal() -> str:
    """Return why the site cannot listen here, and what to do; "" when it can."""
    if not (port().isdecimal() and 0 < int(port()) < 65536):
        return (
            f"PORT={port()} : un port est un nombre entre 1 et 65535. Essayez : {_another_port()}"
        )
    for host in hosts():
        try:
            _listen(host, port())
        except socket.gaierror:
            return f"HOST={host} ne désigne aucune machine : donnez une adresse, ou retirez HOST."
        except OSError as error:
            return _explain(error, host)
    return ""


class UnknownName(logging.Filter):
    """Says in a sentence that the site was asked for by a name that it does not answer to."""

    def filter(self, record: logging.LogRecord) -> bool:
        name = re.search(r"header: '([^']*)'", record.getMessage())
        record.msg, record.args, record.exc_info = (
            "Le site a été demandé sous le nom %s, qui n'est pas le sien : s'il doit y répondre, "
            "ajoutez-le à ALLOWED_HOSTS.",
            (name[1] if name else "?",),
            None,
        )
        return True


def _is_here(host: str) -> bool:
    try:
        _listen(host, "0")
    except OSError:
        return False
    return True


def _listen(host: str, service: str) -> None:
    """Listen for a moment on a port, as gunicorn will; raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, service, type=socket.SOCK_STREAM)[
        0
    ]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()


def _explain(error: OSError, host: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{_who_listens()} Pour un autre port : {_another_port()}"
    if error.errno == errno.EACCES:
        return (
            f"Le port {port()} est réservé à l'administrateur de la machine. "
            f"Pour un autre port : {_another_port()}"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"HOST={host} n'est pas une adresse de cette machine : « hostname -I » les donne ; "
            "sans HOST, le site ne répond qu'à cette machine."
        )
    return f"Le site ne peut pas répondre sur {in_address(host)}:{port()} : {error.strerror}."


def _another_port() -> str:
    return "PORT=8001 script/server" if port() != "8001" else "PORT=8002 script/server"


def _who_listens() -> str:
    pid = next(_listeners(), None)
    if pid is None:
        return f"Le port {port()} est déjà pris par un autre programme."
    if _folder_of(pid) == FOLDER:
        return (
            f"Ce site tourne déjà (processus {pid}) : ouvrez http://{names()[0]}:{port()}/, ou "
            f"arrêtez-le par Ctrl-C dans son terminal, ou par « kill {pid} »."
        )
    return f"Le port {port()} est déjà pris par le processus {pid} ({_command_of(pid)})."


def _listeners() -> Iterator[int]:
    """Yield the processes that listen on the port, where /proc tells this person (Linux)."""
    sockets = set()
    for table in Path("/proc/net").glob("tcp*"):
        for line in table.read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == int(port()):
                sockets.add(f"socket:[{inode}]")
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(descriptor) in sockets:
                yield int(descriptor.parts[2])


def _folder_of(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except OSError:
        return None


def _command_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    command = " ".join(words).strip()
    return command if len(command) <= 60 else f"{command[:60]}…"


if __name__ == "__main__":
    sys.exit(refusal() or 0)
