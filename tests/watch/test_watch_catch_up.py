"""What happened while nobody watched, what the sink refused, and what a new plan covers."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from daemon.watch import reading


def test_what_changed_while_stopped_is_told_once_with_its_kind_and_the_cause_catch_up(bench):
    for number in range(100):
        bench.write(f"d{number % 9}/{number}.txt", f"text {number}")
    bench.start()
    bench.told()
    bench.crash()
    expected = []
    for number in range(60):
        bench.write(f"d{number % 9}/{number}.txt", f"edited {number}")
        expected.append((f"d{number % 9}/{number}.txt", "modified", "catch-up"))
    for number in range(60, 80):
        (bench.root / f"d{number % 9}/{number}.txt").unlink()
        expected.append((f"d{number % 9}/{number}.txt", "deleted", "catch-up"))
    for number in range(80, 90):
        (bench.root / f"d{number % 9}/{number}.txt").rename(bench.root / f"moved{number}.txt")
        expected.append((f"d{number % 9}/{number}.txt", "deleted", "catch-up"))
        expected.append((f"moved{number}.txt", "created", "catch-up"))
    for number in range(20):
        bench.write(f"new/{number}.txt")
        expected.append((f"new/{number}.txt", "created", "catch-up"))
    for number in range(90, 95):
        os.utime(bench.root / f"d{number % 9}/{number}.txt")
    bench.start()
    assert bench.told() == sorted(expected)
    bench.crash()
    bench.start()
    assert bench.told() == []


def test_a_write_that_put_size_and_time_back_is_found_all_the_same(bench):
    file = bench.write("a.txt", "one")
    status = file.stat()
    bench.start()
    bench.told()
    bench.stop()
    while file.stat().st_ctime_ns == status.st_ctime_ns:  # until the clock of the file system has ticked
        file.write_text("two")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    bench.start()
    assert bench.told() == [("a.txt", "modified", "catch-up")]


def test_a_file_taken_as_read_and_changed_before_it_was_hashed_is_a_modification(bench, monkeypatch):
    file = bench.write("a.txt", "one")
    with monkeypatch.context() as unhurried:
        unhurried.setattr(reading, "hash_some", lambda *_, after, **__: after)
        bench.start()
        bench.stop()
    assert bench.ledger.get(bench.root, "a.txt").sha256 == ""
    file.write_text("other")
    bench.start()
    assert bench.told() == [("a.txt", "modified", "catch-up")]


def test_a_file_that_changes_between_its_reading_and_its_hashing_is_a_modification(bench, monkeypatch):
    file = bench.write("a.txt", "one")
    hash_some = reading.hash_some

    def late(*arguments, **options):
        if file.read_text() == "one":
            file.write_text("other")
        return hash_some(*arguments, **options)

    monkeypatch.setattr(reading, "hash_some", late)
    bench.start()
    assert bench.told() == [("a.txt", "modified", "edit")]


def test_what_the_sink_refuses_is_brought_again_and_not_acknowledged_before(started):
    started.sink.refusals = 2
    started.write("a.txt")
    assert started.told() == [("a.txt", "created", "edit")]
    assert started.sink.refusals == 0


def test_what_the_sink_refused_when_the_daemon_died_is_told_at_the_next_start(started):
    started.sink.refusals = 10_000
    started.write("a.txt")
    started.until(lambda: started.sink.refusals < 10_000)
    started.crash()
    started.sink.refusals = 0
    started.start()
    assert started.told() == [("a.txt", "created", "catch-up")]


def test_a_wider_plan_takes_what_it_newly_covers_as_read(bench, suffix_plan):
    for number in range(300):
        bench.write(f"d{number % 5}/{number}.md")
    bench.start()
    bench.write("a.txt")
    bench.told()
    bench.watch.replan(bench.root, suffix_plan(".txt", ".md"))
    assert bench.told() == []
    bench.write("d0/0.md", "more")
    bench.write("d0/new.md")
    assert bench.told() == [("d0/0.md", "modified", "edit"), ("d0/new.md", "created", "edit")]


def test_a_directory_no_longer_ignored_is_watched_and_its_files_are_taken_as_read(bench, suffix_plan):
    bench.write("node_modules/deep/a.txt")
    bench.start()
    bench.watch.replan(bench.root, suffix_plan(".txt", ignored=(".git",)))
    assert bench.told() == []
    bench.write("node_modules/deep/a.txt", "more")
    bench.write("node_modules/deep/b.txt")
    assert bench.told() == [
        ("node_modules/deep/a.txt", "modified", "edit"),
        ("node_modules/deep/b.txt", "created", "edit"),
    ]


def test_a_narrower_plan_gives_watches_back_and_a_later_wide_one_finds_nothing_new(bench, suffix_plan):
    bench.write("node_modules/deep/a.txt")
    wide, narrow = suffix_plan(ignored=(".git",)), suffix_plan()
    bench.start(wide)
    before = bench.watch.status().directories
    bench.watch.replan(bench.root, narrow)
    bench.told()
    assert bench.watch.status().directories == before - 2
    (bench.root / "node_modules/deep/a.txt").write_text("changed while ignored")
    bench.watch.replan(bench.root, wide)
    assert bench.told() == []


def test_a_plan_changed_while_stopped_takes_old_files_as_read_and_tells_new_ones(bench, suffix_plan):
    bench.write("old.md")
    bench.start(digest="one")
    bench.told()
    bench.stop()
    stopped = int(bench.ledger.note(bench.root, "alive"))
    while bench.write("made.md").stat().st_ctime_ns < stopped:
        pass  # the clock of the file system ticks more slowly
    bench.write("made.txt")
    bench.start(suffix_plan(".txt", ".md"), digest="two")
    assert bench.told() == [("made.md", "created", "catch-up"), ("made.txt", "created", "catch-up")]


def test_a_rule_file_that_changed_is_said_and_one_that_did_not_is_not(started):
    started.write(".gitignore", "dist\n")
    started.write(".kiro/settings/hooks.yaml", "hooks: []\n")
    started.told()
    assert sorted(started.sink.rules) == [".gitignore", ".kiro/settings/hooks.yaml"]
    started.write(".gitignore", "dist\n")
    started.write("a.txt")
    assert started.told() == [("a.txt", "created", "edit")]
    assert len(started.sink.rules) == 2


def test_the_sink_may_replan_from_within_the_news_of_a_rule_file(started, suffix_plan):
    started.write("a.md")
    started.sink.on_rules = lambda root, _: started.watch.replan(root, suffix_plan(".txt", ".md"))
    started.write(".gitignore", "dist\n")
    assert started.told() == []
    started.write("a.md", "more")
    assert started.told() == [("a.md", "modified", "edit")]


def test_what_our_own_apply_writes_concerns_nobody_and_a_person_s_edit_over_it_does(started):
    from hashlib import sha256

    file = started.write("a.txt", "one")
    started.told()
    hashes = [sha256(text.encode()).hexdigest() for text in ("one", "two")]
    started.ledger.expect(started.root, "a.txt", hashes)
    file.write_text("two")
    assert started.told() == []
    file.write_text("three")
    assert started.told() == [("a.txt", "modified", "edit")]
    file.write_text("two")
    assert started.told() == []
    started.ledger.unexpect(started.root, "a.txt")
    started.watch.catch_up()
    assert started.told() == [("a.txt", "modified", "catch-up")]


def test_an_expected_deletion_concerns_nobody_also_after_a_crash(bench):
    file = bench.write("a.txt")
    bench.start()
    bench.told()
    bench.ledger.expect(bench.root, "a.txt", [None])
    file.unlink()
    assert bench.told() == []
    bench.crash()
    bench.start()
    assert bench.told() == []


def kernel_watches():
    """How many watches the kernel keeps for this process."""
    count = 0
    for info in Path("/proc/self/fdinfo").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            count += info.read_text().count("inotify wd:")
    return count


def test_a_workspace_that_was_removed_is_silent_and_remembered(started):
    started.write("d/e/a.txt")
    started.write("a.txt")
    started.told()
    before = kernel_watches()
    started.watch.remove(started.root)
    assert started.told() == []
    assert before - kernel_watches() == 3
    started.write("a.txt", "two")
    assert started.told() == []
    assert started.watch.status().directories == 0
    started.watch.add(started.root, started.plan)
    assert started.watch.wait_ready(started.deadline)
    assert started.told() == [("a.txt", "modified", "catch-up")]


def test_two_workspaces_one_inside_the_other_are_told_apart(started, suffix_plan):
    inner = started.root / "packages/x"
    inner.mkdir(parents=True)
    started.watch.add(inner, suffix_plan())
    assert started.watch.wait_ready(started.deadline)
    started.write("packages/x/a.txt")
    assert started.told() == [("a.txt", "created", "edit"), ("packages/x/a.txt", "created", "edit")]
    started.watch.remove(inner)
    assert started.told() == []
    started.write("packages/x/a.txt", "two")
    assert started.told() == [("packages/x/a.txt", "modified", "edit")]


def test_a_root_that_was_a_mount_and_shows_its_mount_point_waits_and_nothing_counts_as_deleted(bench, tmp_path):
    bench.write("d/a.txt")
    bench.write("b.txt")
    bench.start()
    bench.told()
    bench.stop()
    bench.root.rename(tmp_path / "unmounted")
    bench.root.mkdir()
    bench.ledger.set_note(bench.root, "mount", "1")
    from daemon.watch.watch import Watch

    bench.watch = Watch(bench.ledger, bench.sink, probes=bench.home / "probes")
    bench.watch.start()
    bench.watch.add(bench.root, bench.plan)
    bench.until(lambda: bench.watch.status().workspaces[str(bench.root)].absent)
    assert bench.told() == []
    assert len(bench.ledger.entries(bench.root)) == 2
