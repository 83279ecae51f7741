"""Tasks: a circuit in an environment, as data.

>>> from dualframe.task import task
>>> task("distal_reward").with_modulators("dopamine").modulators
('DA',)
"""

from dualframe.task.new_task import new_task
from dualframe.task.perturbation import Perturbation
from dualframe.task.section import TaskSection
from dualframe.task.task import Task, task, tasks

__all__ = ["Perturbation", "Task", "TaskSection", "new_task", "task", "tasks"]
