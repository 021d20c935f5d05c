"""`python -m web.ranking`: the ranking process. Its standard input is a socket of the server
that started it; when that ends, it ends. Nobody starts it by hand.
"""

from web.ranking.worker import main

raise SystemExit(main())
