"""Programs that run as processes: one, or several of the blocks of one network.

Several take turns, half a second of a core each, so that they reach the end together, and an
interrupt finds all of them at about the same time: at the end of a turn a program waits for a byte
on its standard input.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dualframe.core.errors import BuildError
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.unstable_states import UnstableState, environments_among, instability_text

NOT_FINITE, PROGRESS = "not finite: ", "progress "
_BUFFER = 65536  # bytes
_RESULTS, _DATA = "results", "static_arrays"


@dataclass(eq=False, kw_only=True)
class _Program:
    """A program, from before its start to its end."""

    executable: Path
    process: Any = None
    text: str = ""  # a line that is not whole yet
    reached: float = 0.0  # s
    is_interrupted: bool = False
    complaints: list[str] = field(default_factory=list)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def execute_programs(
    executables: Sequence[Path], lowered: LoweredNetwork, options: RunOptions, cores: int = 1
) -> tuple[list[float], set[str]]:
    """Run programs; return the fraction of the time that each simulated, and who is unstable.

    An interrupt ends them early, results kept; a second one does not wait for them.

    Parameters
    ----------
    executables
        The programs, each in the folder of its data.
    lowered
        The network, or one of its blocks.
    options
        How to run them.
    cores
        How many run at a time.

    Raises
    ------
    BuildError
        If one stops with an error.
    """
    crew = _Crew(executables, lowered, options, cores)
    try:
        crew.run_to_the_end()
    finally:
        crew.stop()
    for program in crew.programs:
        if program.process.returncode != 0:
            raise BuildError(
                f"the program of network stopped with code {program.process.returncode}: "
                + (program.complaints[-1] if program.complaints else "it gave no reason")
            )
    return [_completed_fraction(path.parent) for path in executables], crew.unstable


class _Crew:
    """Programs, of which some run, and the others wait for their turn."""

    def __init__(
        self, executables: Sequence[Path], lowered: LoweredNetwork, options: RunOptions, cores: int
    ) -> None:
        self.programs = [_Program(executable=path) for path in executables]
        self.unstable = set[str]()
        self._lowered, self._options, self._free = lowered, options, cores
        self._takes_turns = len(executables) > 1
        self._waiting = deque(self.programs)
        self._interrupted = False
        self._selector = selectors.DefaultSelector()

    def run_to_the_end(self) -> None:
        """Hand out turns and follow the messages of the programs until all have ended."""
        while self._waiting or self._selector.get_map():
            try:
                while self._waiting and self._free:
                    self._give_turn(self._waiting.popleft())
                for key, _ in self._selector.select():
                    self._read_messages(key.data)
            except KeyboardInterrupt:
                if self._interrupted:
                    raise
                self._interrupted = True
                for program in self.programs:
                    self._interrupt(program)

    def stop(self) -> None:
        """End what still runs."""
        for program in self.programs:
            if program.is_running():
                program.process.kill()
            if program.process is not None:
                program.process.wait()
                self._close_pipes(program)
        self._selector.close()

    def _give_turn(self, program: _Program) -> None:
        self._free -= 1
        if program.process is None:
            self._start(program)
        else:
            with suppress(BrokenPipeError, ValueError):  # it has ended, or needs no turns any more
                program.process.stdin.write(b"\n")
                program.process.stdin.flush()

    def _start(self, program: _Program) -> None:
        # threads that spin while they wait take the cores from each other on a busy machine
        environment = {"OMP_WAIT_POLICY": "passive", **os.environ, "LD_BIND_NOW": "1"}
        environment["DUALFRAME_PARENT"] = str(os.getpid())
        if self._takes_turns or self._options.progress is not None:
            environment["DUALFRAME_PROGRESS"] = "1"
        if self._takes_turns:
            environment["DUALFRAME_TURNS"] = "1"
        results = results_folder(program.executable.parent).name
        program.process = subprocess.Popen(
            [str(program.executable), "--results_dir", results],
            cwd=program.executable.parent,
            env=environment,
            stdin=subprocess.PIPE if self._takes_turns else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches us first, and we pass it on once
        )
        self._selector.register(program.process.stderr, selectors.EVENT_READ, program)

    def _interrupt(self, program: _Program) -> None:
        """Let a program end with its results; one that takes turns once it has begun."""
        has_begun = program.reached > 0 or not self._takes_turns
        if program.is_running() and has_begun and not program.is_interrupted:
            program.is_interrupted = True
            program.process.send_signal(signal.SIGINT)
            if self._takes_turns:
                program.process.stdin.close()  # all turns are its own

    def _close_pipes(self, program: _Program) -> None:
        for pipe in (program.process.stdin, program.process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _read_messages(self, program: _Program) -> None:
        data = os.read(program.process.stderr.fileno(), _BUFFER)
        *lines, program.text = (program.text + data.decode(errors="replace")).split("\n")
        for line in lines if data else [*lines, program.text]:
            self._take_message(program, line)
        if not data:
            self._selector.unregister(program.process.stderr)
            program.process.wait()
            if program in self._waiting:  # it was interrupted there
                self._waiting.remove(program)
            else:
                self._free += 1
            self._report(program, self._lowered.duration)

    def _take_message(self, program: _Program, line: str) -> None:
        if line.startswith(PROGRESS):
            self._report(program, float(line.split()[1]))
            if self._takes_turns:
                self._free += 1
                self._waiting.append(program)
            if self._interrupted:
                self._interrupt(program)
        elif line.startswith(NOT_FINITE):
            self._notify_of_instability(line)
        elif line:
            program.complaints.append(line.strip())

    def _report(self, program: _Program, reached: float) -> None:
        program.reached = reached
        if self._options.progress is not None:
            mean = sum(each.reached for each in self.programs) / len(self.programs)
            self._options.progress(min(1.0, mean / self._lowered.duration))

    def _notify_of_instability(self, line: str) -> None:
        """Warn of a population whose state is not finite while the program runs."""
        population, variable, seconds = line.removeprefix(NOT_FINITE).split()
        if population not in self.unstable:
            self.unstable.add(population)
            state = UnstableState(population=population, variable=variable)
            environments = environments_among(self._lowered.groups, self.unstable)
            when = f"at {float(seconds):.3g} s"
            self._options.notify(instability_text(state, when, self._lowered.dt, environments))


def results_folder(project: Path) -> Path:
    """Return where a program leaves its results: in a folder for them, else beside its data.

    Parameters
    ----------
    project
        Folder of the program.
    """
    own = project / _RESULTS
    return own if own.is_dir() else project / _DATA


def _completed_fraction(project: Path) -> float:
    info = results_folder(project) / "last_run_info.txt"
    return float(info.read_text().split()[1]) if info.exists() else 1.0
