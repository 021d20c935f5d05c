"""`python -m web`: gevent is patched first, then the server is imported and run."""

from gevent import monkey

monkey.patch_all()

import sys

from web.start import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
