"""Tasks: what a network of the task-driven branch learns, as data.

>>> from dualframe.task import task
>>> task("distal_reward").with_modulators("DA").modulators
('DA',)
"""

from dualframe.task.sections import SECTIONS, Section
from dualframe.task.task import Task
from dualframe.task.toml_reader import task, tasks

__all__ = ["SECTIONS", "Section", "Task", "task", "tasks"]
