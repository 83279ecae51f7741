"""``python -m dualframe.cli``: the same as ``dualframe``."""

import sys

from dualframe.cli import main

sys.exit(main())
