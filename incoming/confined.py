"""Work on what strangers sent, done in a process of its own: bounded in memory and time.

The libraries that draw PDF files and unfold workbooks are written in C or Rust and handed
whatever was uploaded.
A file that makes one of them run for ever, fill the memory or crash ends that process, and
nothing else. It is given no setting of the site, cannot write a file, open a connection, start
a program or look into another.

Run as a program, this module sets its limits, then becomes the module that it is told.
"""

import ctypes
import errno
import logging
import os
import resource
import runpy
import subprocess
import sys
import tempfile
from threading import BoundedSemaphore
from typing import IO

from incoming.deadline import OutOfTime, seconds_left

logger = logging.getLogger(__name__)

# Of memory, addresses included: two states of a page of `drawing.MAX_PIXELS`, in colours.
MAX_MEMORY = 1024**3
MAX_CPU_SECONDS = 20
# A busy machine gives less than one processor.
MAX_SECONDS = 40
# For all the requests of one process of the site: each may take MAX_MEMORY.
AT_ONCE = 2
# What the work never asks of the system, and what took it over would.
_BARRED = (
    "socket",
    "execve",
    "execveat",
    "kill",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
)
# seccomp(3): what is not barred is allowed, what is answers EPERM.
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM

_places = BoundedSemaphore(AT_ONCE)


class Failed(Exception):
    """The work could not be done within the limits, or the file made it crash."""


def run(module: str, *arguments: str, file: IO[bytes]) -> bytes:
    """Return what `module`, run as a program, writes on its output; `file` is its input.

    `file` is one that the system knows (with a descriptor), and is read from its start.
    Waits while AT_ONCE others run. Raises Failed, or OutOfTime once the files of a request have
    had their time together.
    """
    if not _places.acquire(timeout=seconds_left()):
        raise OutOfTime
    try:
        return _run(module, *arguments, file=file)
    finally:
        _places.release()


def _run(module: str, *arguments: str, file: IO[bytes]) -> bytes:
    left = seconds_left()
    seconds = MAX_SECONDS if left is None else min(left, MAX_SECONDS)
    descriptor = file.fileno()
    file.flush()  # What came from a bucket may be on its way to the disk.
    os.lseek(descriptor, 0, os.SEEK_SET)
    limits = f"{MAX_MEMORY} {MAX_CPU_SECONDS}"
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", __name__, limits, module, *arguments],
            stdin=descriptor,
            capture_output=True,
            timeout=seconds,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
        )
    except subprocess.TimeoutExpired:
        seconds_left()
        raise Failed(f"more than {MAX_SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        last_words = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise Failed(f"{error.returncode}: {last_words[:200]}") from None
    if done.stderr:
        logger.warning("%s said: %r", module, done.stderr[:500])
    return done.stdout


def run_on(content: bytes, module: str, *arguments: str) -> bytes:
    """As `run`, on bytes. Raises Failed or OutOfTime."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        return run(module, *arguments, file=file)


def barrier() -> ctypes.CDLL | None:
    """Return libseccomp, by which system calls are barred; None where it is not installed."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_rule_add.argtypes = (ctypes.c_void_p, ctypes.c_uint32, *[ctypes.c_int] * 2)
    library.seccomp_load.argtypes = (ctypes.c_void_p,)
    return library


def _confine(memory: int, cpu_seconds: int) -> None:
    """Set the limits of this process, for good."""
    if library := barrier():
        calls = library.seccomp_init(_ALLOW)
        for name in _BARRED:
            number = library.seccomp_syscall_resolve_name(name.encode())
            library.seccomp_rule_add(calls, _REFUSE, number, 0)
        if library.seccomp_load(calls):
            raise OSError("System calls could not be barred.")
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    _, limits, *sys.argv = sys.argv
    _confine(*map(int, limits.split()))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
