# ruff: noqa: SIM105 - contextlib alone would take longer to import than all that is needed here
"""Finds and kills what a program left behind: the part of the keeper (``daemon.reaper``) that ends a run.

Nothing is stopped first: what has got SIGKILL forks no more, is woken by no friend, and is not left standing by whoever
dies in between. Imports built-in modules and nothing else, as the keeper does.
"""

import _signal as signal  # type: ignore[import-not-found] # see daemon.reaper
import os


class Hunt:
    """Kills everything below this process, which must be a subreaper with a single thread, look by look.

    A look can miss what is born while it lasts. So only the kernel's word, that no child is left to wait for, ends a
    hunt, and two things see to it that it ends: a process group is killed in one stroke that no fork can pass by, so
    that a storm of forks ends with its groups, however fast it is; and a look takes less time for a process than the
    birth of one, so that even a storm that leaves its group at every fork is caught up with.

    Nobody else is touched. The number of a child, and that of its group, is no other's until the child is waited for;
    whoever is further down is held by a pidfd and looked at again before the stroke.
    """

    def __init__(self) -> None:
        self._me = os.getpid()
        self._children: set[int] = set()  # killed, and not waited for
        self._further: dict[int, int] = {}  # killed further down: number and time of birth
        self._strangers: set[str] = set()  # names in /proc that are nobody of ours

    @property
    def held(self) -> int:
        """How many children were killed and not waited for."""
        return len(self._children)

    def waited_for(self, pid: int) -> None:
        """A child is gone, and its number may be another's from now on."""
        self._children.discard(pid)

    def look(self) -> bool:
        """Kill everything that is found; whether any of it was new."""
        groups = {0, os.getpgrp()}  # ours is the program's too, until it has begun its session
        unknown = []
        fresh = False
        for name in reversed(os.listdir("/proc")):  # the newest first: it has forked least
            if name in self._strangers:
                continue
            if not name.isdigit():
                self._strangers.add(name)
            elif not _is_child(int(name)):
                unknown.append(int(name))
            elif int(name) not in self._children and _kill_with_group(int(name), groups):
                self._children.add(int(name))
                fresh = True
        fresh = self._look_further(unknown) or fresh
        if not fresh:
            self._strangers.clear()  # a stranger's number may have become one of ours
        return fresh

    def _look_further(self, unknown: list[int]) -> bool:
        """Kill what of these is below our children, parents before their own children."""
        births: dict[int, int] = {}
        below: dict[int, list[int]] = {}
        for pid in unknown:
            parent, births[pid] = _parent_and_birth(pid)
            below.setdefault(parent, []).append(pid)
        known, self._further = self._further, {}
        fresh = False
        todo = [self._me, *self._children]
        for parent in todo:
            for pid in below.pop(parent, ()):
                if known.get(pid) != births[pid]:
                    if not self._kill_further(pid, births[pid], parent, births.get(parent)):
                        continue
                    fresh = True
                self._further[pid] = births[pid]
                todo.append(pid)
        self._set_apart(below)
        return fresh

    def _kill_further(self, pid: int, birth: int, parent: int, parents_birth: int | None) -> bool:
        """Kill it if it is still who it was and is below us; whether it is. A parent that has no birth given is our
        child or ourselves. Where there are no pidfds nobody is killed here, but later, when his parents are dead and
        he is our child.
        """
        try:
            fd = os.pidfd_open(pid)
        except (OSError, AttributeError):  # not every build of Python has it
            return False
        try:
            now = _parent_and_birth(pid)
            if now not in ((self._me, birth), (parent, birth)):
                return False
            if now[0] == parent and parents_birth not in (None, _parent_and_birth(parent)[1]):
                return False  # that number is another's now
            signal.pidfd_send_signal(fd, signal.SIGKILL)
        except OSError:
            pass  # dead, or another user's
        finally:
            os.close(fd)
        return True

    def _set_apart(self, below: dict[int, list[int]]) -> None:
        """Remember who is below a stranger. Whose parent is not seen at all may be ours: the parent died meanwhile."""
        todo = [parent for parent in below if parent == 0 or str(parent) in self._strangers]
        for parent in todo:
            for pid in below.pop(parent, ()):
                if pid != self._me:
                    self._strangers.add(str(pid))
                    todo.append(pid)


def _is_child(pid: int) -> bool:
    """Whether it is a child of ours, dead or alive; asked without waiting for it."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _kill_with_group(pid: int, groups: set[int]) -> bool:
    """Kill a child of ours and, unless that is in ``groups``, which it then joins, its process group; whether the child
    could be killed.
    """
    killed = True
    try:
        os.kill(pid, signal.SIGKILL)
    except PermissionError:
        killed = False
    group = os.getpgid(pid)
    if group not in groups:
        groups.add(group)
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    return killed


def _parent_and_birth(pid: int) -> tuple[int, int]:
    """Its parent, and when it was born, in ticks since the start of the machine; (-1, -1) when it is gone."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            words = os.read(fd, 1024).rpartition(b")")[2].split()
        finally:
            os.close(fd)
    except OSError:
        return -1, -1
    return int(words[1]), int(words[19])
