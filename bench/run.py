"""`python bench/run.py --help`: the benchmarks' front door."""

import sys

from harness.main import main

if __name__ == "__main__":
    sys.exit(main())
