"""One file at a time: what each way of writing is called."""

from __future__ import annotations

import os
import subprocess


def test_a_new_file_is_created_once_and_a_second_save_is_a_modification(started):
    started.write("a.txt", "one")
    assert started.told() == [("a.txt", "created", "edit")]
    started.write("a.txt", "two")
    assert started.told() == [("a.txt", "modified", "edit")]


def test_files_that_stood_before_the_first_start_are_no_news(bench):
    bench.write("a.txt")
    bench.start()
    assert bench.told() == []
    bench.write("a.txt", "y")
    assert bench.told() == [("a.txt", "modified", "edit")]


def test_a_rename_over_a_known_file_is_one_modification(started):
    started.write("a.txt", "one")
    started.told()
    started.write("a.tmp", "two")
    os.replace(started.root / "a.tmp", started.root / "a.txt")
    assert started.told() == [("a.txt", "modified", "edit")]


def test_a_rename_is_a_deletion_and_a_creation(started):
    started.write("a.txt")
    started.told()
    (started.root / "a.txt").rename(started.root / "b.txt")
    assert started.told() == [("a.txt", "deleted", "edit"), ("b.txt", "created", "edit")]


def test_a_touch_and_a_save_of_the_same_text_are_no_news_and_only_refresh_the_ledger(started):
    file = started.write("a.txt", "one")
    started.told()
    os.utime(file, ns=(1, 1))
    file.write_text("one")
    assert started.told() == []
    entry = started.ledger.get(started.root, "a.txt")
    assert entry.mtime_ns == file.stat().st_mtime_ns
    assert len(entry.sha256) == 64


def test_a_file_no_hook_concerns_is_no_news(started):
    started.write("a.bin")
    assert started.told() == []


def test_a_shell_redirect_and_a_copy_are_one_creation_each(started):
    with started.held():
        subprocess.run(["sh", "-c", "echo one > a.txt; cp a.txt b.txt; mv b.txt c.txt"], cwd=started.root, check=True)
    assert started.told() == [("a.txt", "created", "edit"), ("c.txt", "created", "edit")]


def test_an_empty_new_file_is_said_to_be_empty_and_its_first_content_to_be_the_first(started):
    started.write("a.txt", "")
    (change,) = started.settle()
    assert (change.kind, change.empty, change.first_content) == ("created", True, False)
    assert started.ledger.get(started.root, "a.txt").born_empty
    started.write("a.txt", "one")
    (change,) = started.settle()
    assert (change.kind, change.empty, change.first_content) == ("modified", False, True)
    started.write("a.txt", "two")
    (change,) = started.settle()
    assert not change.first_content
    assert not started.ledger.get(started.root, "a.txt").born_empty
