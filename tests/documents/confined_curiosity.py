"""A program for `test_drawing`: does what a hostile file might have a library do."""

import os
import signal
import socket
import sys
import tempfile
import time


def spin():
    while True:
        pass


def wait():
    time.sleep(60)


def eat():
    bytearray(300 * 1024**2)


def look():
    print(dict(os.environ))


def write():
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(b"x")


def call():
    socket.socket()


def start():
    os.execv(sys.executable, [sys.executable, "-c", ""])


def kill():
    os.kill(os.getppid(), signal.SIGCONT)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
