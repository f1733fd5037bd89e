"""Work on what strangers sent, done in a process of its own: bounded in memory and time.

The libraries that draw and repair PDF files are written in C and handed whatever was uploaded.
A file that makes one of them run for ever, fill the memory or crash ends that process, and
nothing else. It is given no setting of the site, and cannot write a file.

Run as a program, this module sets its limits, then becomes the module that it is told.
"""

import os
import resource
import runpy
import subprocess
import sys
from typing import IO

# Of memory, addresses included: two states of a page of `drawing.MAX_PIXELS`, in colours.
MAX_MEMORY = 1024**3
MAX_CPU_SECONDS = 20
# A busy machine gives less than one processor.
MAX_SECONDS = 40


class Failed(Exception):
    """The work could not be done within the limits, or the file made it crash."""


def run(module: str, *arguments: str, file: IO[bytes]) -> bytes:
    """Return what `module`, run as a program, writes on its output; `file` is its input.

    `file` is one that the system knows (with a descriptor), and is read from its start.
    Raises Failed.
    """
    descriptor = file.fileno()
    file.flush()  # What came from a bucket may be on its way to the disk.
    os.lseek(descriptor, 0, os.SEEK_SET)
    limits = f"{MAX_MEMORY} {MAX_CPU_SECONDS}"
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", __name__, limits, module, *arguments],
            stdin=descriptor,
            capture_output=True,
            timeout=MAX_SECONDS,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"more than {MAX_SECONDS} seconds") from None
    except subprocess.CalledProcessError as error:
        last_words = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise Failed(f"{error.returncode}: {last_words[:200]}") from None
    return done.stdout


def _confine(memory: int, cpu_seconds: int) -> None:
    """Set the limits of this process, for good."""
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
