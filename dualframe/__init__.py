"""One cell-type catalogue and two branches: dendritic microcircuits and trained point neurons."""

from dualframe import biological
from dualframe.distributions import GaussianKernel, LogNormal, Normal, Uniform
from dualframe.errors import DualframeError
from dualframe.network import (
    CurrentInput,
    Network,
    PoissonInput,
    Population,
    Projection,
    Recording,
    SpikeInput,
)
from dualframe.quantity import quantity
from dualframe.results import Results
from dualframe.run import run
from dualframe.targets.capability import check, targets

__version__ = "0.1.0"
