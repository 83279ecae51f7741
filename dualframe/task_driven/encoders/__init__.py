"""Encoders: populations whose spikes say where a world is. One agent each."""

from dualframe.task_driven.encoders.place_cells import grid, place_cells

__all__ = ["grid", "place_cells"]
