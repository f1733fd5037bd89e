"""Processes that end together: told apart from one that only begins afresh."""

import os
import sys
import threading

from config.supervision import ending_together, wait_for_one

# As a worker whose own processes were killed: another program in the same process.
_AFRESH = "import os, sys; os.write(int(sys.argv[1]), b'.'); os.read(int(sys.argv[2]), 1)"


def test_a_process_that_begins_afresh_has_not_ended():
    told, tell = os.pipe()
    waits, free = os.pipe()
    for end in (tell, waits):
        os.set_inheritable(end, True)
    again = [sys.executable, "-c", _AFRESH, str(tell), str(waits)]
    with ending_together() as start:
        process = start(lambda: os.execv(sys.executable, again))
        try:
            assert os.read(told, 1) == b"."
            waiting = threading.Thread(target=wait_for_one, args=([process],), daemon=True)
            waiting.start()
            waiting.join(1)
            assert waiting.is_alive()
        finally:
            os.write(free, b".")
        waiting.join(30)
        assert not waiting.is_alive()
    for end in (told, tell, waits, free):
        os.close(end)
