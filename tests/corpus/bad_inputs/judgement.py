"""Names what came of an attempt. Everything but the first two is bad::

clear     refused in a line that names the culprit and says what was expected; nothing written
works     accepted, rightly (the case says that it is legal, and what must come out)
unclear   refused, but culprit or remedy are missing, or the internals of a library show
wrote     refused, but files were left behind
refused   legal input that was refused
traceback a Python traceback (command line), or an exception that is no DualframeError (API)
crash     the process or its program died of a signal
silent    accepted, and wrong
hang      more than the limit of time
lost      the user's data were lost
executed  code in the input was executed
"""

from __future__ import annotations

import re

from .attempts import CLEAR, OK, Attempt, Case

GOOD = ("clear", "works")
LONGEST_MESSAGE = 1200  # characters
_INTERNALS = re.compile(
    r"Object was created here|codeobject|Traceback|_ArrayMemoryError|site-packages|"
    r"\[Errno|Parsing failed: $|object at 0x|mappingproxy|ufunc|IndexError|KeyError\("
)
_REMEDY = re.compile(
    r"expected|Did you mean|Known:|\b(add|give|write|use|choose|name|put|check|install|set|run|"
    r"rename|remove|restore|upgrade|build|calibrate|free|draw|state|save|train|allow|move|"
    r"leave out|drop|pass|widen|scale|needs?|must|takes?|between|at least|at most|only|is not a|"
    r"invalid choice|choose from|required|missing|unrecognized|there is no|is no|cannot be)\b",
    re.IGNORECASE,
)


def judge_attempt(case: Case, attempt: Attempt) -> tuple[str, str]:
    """Return what came of an attempt, and why."""
    if attempt.executed:
        return "executed", "the canary exists"
    if attempt.hung:
        return "hang", f"more than {case.limit} s"
    if case.lost is not None and (loss := case.lost(attempt.folder)):
        return "lost", loss
    if attempt.status < 0:
        return "crash", f"signal {-attempt.status}"
    message = message_of(attempt)
    if "Traceback (most recent call last)" in attempt.err:
        return "traceback", message
    if attempt.status == 0:
        return _judge_acceptance(case, attempt)
    return _judge_refusal(case, attempt, message)


def message_of(attempt: Attempt) -> str:
    """Return what the user was told."""
    lines = [line for line in attempt.err.splitlines() if line.strip()]
    marks = [
        k for k, line in enumerate(lines) if re.match(r"dualframe( \w+)?: error:|ERROR ", line)
    ]
    if marks:
        return "\n".join(lines[marks[-1] :])
    return (lines or attempt.out.strip().splitlines() or [""])[-1]


def _judge_acceptance(case: Case, attempt: Attempt) -> tuple[str, str]:
    if case.expect == CLEAR:
        return "silent", "accepted"
    wrong = case.verify(attempt.folder, attempt.out, attempt.err) if case.verify else ""
    return ("silent", wrong) if wrong else ("works", "")


def _judge_refusal(case: Case, attempt: Attempt, message: str) -> tuple[str, str]:
    if case.expect == OK:
        return "refused", message
    if re.search(r"code -(11|6|9|4|8)\b", message):
        return "crash", message
    if case.culprit and not any(re.search(c, message, re.DOTALL) for c in case.culprit):
        return "unclear", f"none of {case.culprit} is named: {message}"
    if _INTERNALS.search(message) or len(message) > LONGEST_MESSAGE:
        return "unclear", f"internals show: {message}"
    if not _REMEDY.search(message):
        return "unclear", f"no remedy: {message}"
    if attempt.written and not case.writes:
        return "wrote", ", ".join(attempt.written[:5])
    return "clear", ""
