"""`python -m web.ranking`: the ranking process. Its standard input is a socket of the server
that started it; when that ends, it ends. Nobody starts it by hand.
"""

import logging
import os
import signal

# Ctrl-C reaches the whole group, also while we import; the server drains first and then lets
# us go.
signal.signal(signal.SIGINT, signal.SIG_IGN)

from web.ranking.worker import main

code = main()
logging.shutdown()
# Threads may be in native code: taking the interpreter apart beneath them ends in abort().
os._exit(code)
