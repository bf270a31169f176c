"""``make api-test``: asks every operation of the API so often with what fits, and as often with what does not."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.web.api.exploring import explore

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.web.api")
    parser.add_argument("--examples", type=int, default=100, help="of each kind, for each operation")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = explore(Path(folder), wanted.examples)
    statuses = Counter[int]()
    for (_, status), count in found.items():
        statuses[status] += count
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    operations = len({label for label, _ in found})
    sys.stdout.write(f"{operations} operations, {found.total():,} requests; {told}\n")
