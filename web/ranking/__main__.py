"""`python -m web.ranking`: the ranking process. Its standard input is a socket of the server
that started it; when that ends, it ends. Nobody starts it by hand.
"""

import signal

# Ctrl-C reaches the whole group, also while we import; the server drains first and then lets
# us go.
signal.signal(signal.SIGINT, signal.SIG_IGN)

from web.ranking.worker import main

raise SystemExit(main())
