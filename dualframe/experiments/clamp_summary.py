"""What a cell does in a current clamp: its survey, and its response to the f-I range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.cell_survey import COPIES, DELAY, CellSurvey, Clamp, survey_cell
from dualframe.experiments.response import Response

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClampSummary:
    """A cell's survey, and its response to a grid of currents."""

    survey: CellSurvey
    response: Response

    @property
    def rates(self) -> Floats:
        """Firing rates (Hz) by current."""
        return np.asarray(measures.firing_rate(self.response))


def summarise_clamp(clamp: Clamp, fi_range: CellSurvey | None = None) -> ClampSummary:
    """Survey a cell, and measure its responses to an f-I range.

    Parameters
    ----------
    clamp
        ``clamp(currents, **options)`` returns its `Response`.
    fi_range
        The survey that states the range; the default is the cell's own.
    """
    survey = survey_cell(clamp)
    return ClampSummary(survey, respond_to_fi_range(clamp, fi_range or survey))


def respond_to_fi_range(clamp: Clamp, survey: CellSurvey) -> Response:
    """Return the responses to the f-I range of a survey; one of about 20 Hz is recorded.

    Parameters
    ----------
    clamp, survey
        The cell, and the survey that states the range.
    """
    currents = survey.fi_currents(COPIES)
    middle = int(np.argmin(np.abs(np.asarray(currents) - float(survey.middle))))
    return clamp(currents, record=[middle, COPIES - 1], delay=DELAY)
