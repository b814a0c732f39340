"""How the tests wait: for a process's end by its pidfd, for a program's word by a pipe; never by looking again."""

from __future__ import annotations

import os
import select

SOON = 100.0


def ended(*pids):
    """Wait until none of these processes runs any more."""
    for pid in pids:
        try:
            file = os.pidfd_open(int(pid))
        except ProcessLookupError:
            continue
        try:
            assert select.select([file], [], [], SOON)[0], f"process {pid} never ended"
        finally:
            os.close(file)


class Word:
    """A pipe with a name, into which a program says one line: that it is ready, or anything else."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self._file = os.open(path, os.O_RDWR)  # for writing too: a program need not wait for a reader, nor this for one

    def heard(self):
        """What was said first, once it was."""
        assert select.select([self._file], [], [], SOON)[0], "it never came to be"
        return os.read(self._file, 1000).decode()

    def close(self):
        os.close(self._file)
