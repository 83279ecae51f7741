"""Tries bad inputs and lists what came of them.

python -m bad_inputs [--only PATTERN] [--group GROUP] [--work FOLDER] [-v]   (in tests/corpus)
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from .attempts import attempt_case
from .groups import GROUPS, prepare_process
from .judgement import GOOD, judge_attempt, message_of


def main() -> int:
    """Try the cases that were chosen; return 1 if anything is bad."""
    parser = argparse.ArgumentParser(prog="python -m bad_inputs")
    parser.add_argument("--only", default="", help="regular expression of the cases' names")
    parser.add_argument("--group", choices=GROUPS, action="append")
    parser.add_argument("--work", type=Path, help="folder; default: a temporary one")
    parser.add_argument("--json", action="store_true", help="print name, kind and reason of all")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    place = (options.work or Path(tempfile.mkdtemp(prefix="bad_inputs_"))).absolute()
    prepare_process(place)
    outcomes = []
    for group in options.group or GROUPS:
        for case in GROUPS[group](place):
            if not re.search(options.only, case.id):
                continue
            attempt = attempt_case(case, place)
            kind, why = judge_attempt(case, attempt)
            outcomes.append((case.id, kind, why))
            if not options.json and (options.verbose or kind not in GOOD):
                said = message_of(attempt)[:260]
                sys.stdout.write(
                    f"{kind:9s} {case.id} [{attempt.seconds:.1f} s] {why[:160]!r} :: {said!r}\n"
                )
                sys.stdout.flush()
    if options.json:
        json.dump(outcomes, sys.stdout)
    counts = Counter(kind for _, kind, _ in outcomes)
    bad = sum(n for kind, n in counts.items() if kind not in GOOD)
    sys.stderr.write(f"{dict(counts)}: {bad} bad of {len(outcomes)}\n")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
