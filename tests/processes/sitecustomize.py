"""Run at the start of every Python process that the tests begin, of which the product knows nothing.

It lives on the day of the tests, and reaches this machine only.
"""

import os
import time

import time_machine
from loopback import refuse_other_hosts

time_machine.travel(time.time() + float(os.environ["CLOCK_AHEAD"]), tick=True).start()
refuse_other_hosts()
