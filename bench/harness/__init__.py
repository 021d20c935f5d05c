"""The benchmark harness: servers started on one core, the load generator on the other.

Run as `python bench/run.py`; the project itself is found beside bench/.
"""

import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[2]))
