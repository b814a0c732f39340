from __future__ import annotations

import pytest

from tests.contract.memory_queue import MemoryQueue
from tests.contract.queue_contract import QueueContract


class TestMemoryQueue(QueueContract):
    @pytest.fixture
    def queue(self) -> MemoryQueue:
        return MemoryQueue()
