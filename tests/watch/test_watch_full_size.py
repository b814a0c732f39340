"""The promises of the watch at the size they were made for. Longer than the test command allows."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tarfile

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture(autouse=True)
def patience(bench):
    """What is large takes longer."""
    bench.deadline = bench.sink.deadline = 900.0


def test_two_hundred_trees_made_in_a_hurry_are_found_whole(started, tmp_path, storm_of):
    with storm_of(lambda step: started.write(f"busy/{step % 50}.bin", str(step))) as busy:
        busy.reached(1)
        expected = _trees(started, tmp_path)
    assert started.told() == [(path, "created", "edit") for path in sorted(expected)]


def _trees(started, tmp_path):
    expected = []
    for number in range(200):
        deep = f"{number}/a/b/c/d"
        command = f"mkdir -p {deep} && for i in 1 2 3 4 5; do echo $i > {deep}/$i.txt; done"
        subprocess.run(["sh", "-c", command], cwd=started.root, check=True)
        expected += [f"{deep}/{i}.txt" for i in range(1, 6)]
    outside = tmp_path / "outside"
    for number in range(500):
        file = outside / f"d{number % 40}/e{number % 3}" / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(number))
    names = [str(file.relative_to(outside)) for file in outside.rglob("*.txt")]
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        tar.add(outside, ".")
    started.git("init", "-q", cwd=outside)
    started.git("add", ".", cwd=outside)
    started.git("commit", "-qm", "one", cwd=outside)
    for number in range(10):
        subprocess.run(["cp", "-r", str(outside), str(started.root / f"cp{number}")], check=True)
        (started.root / f"tar{number}").mkdir()
        subprocess.run(["tar", "xf", str(tmp_path / "t.tar")], cwd=started.root / f"tar{number}", check=True)
        started.git("clone", "-q", str(outside), f"clone{number}")
        shutil.copytree(outside, tmp_path / "aside")
        (tmp_path / "aside").rename(started.root / f"mv{number}")
        expected += [f"{how}{number}/{name}" for how in ("cp", "tar", "clone", "mv") for name in names]
    return expected


def test_fifty_thousand_events_are_drained_without_an_overflow(started):
    for number in range(12_500):
        started.write(f"d{number % 100}/{number}.txt", str(number))
    for number in range(12_500):
        started.write(f"d{number % 100}/{number}.txt", f"{number} again")
    told = {path for path, _, _ in started.told()}
    assert len(told) == 12_500
    assert started.watch.status().overflows == 0


def test_a_long_absence_is_caught_up_with_exactly(bench):
    for number in range(2000):
        bench.write(f"d{number % 90}/{number}.txt", f"text {number}")
    bench.start()
    bench.told()
    bench.crash()
    expected = []
    for number in range(300):
        bench.write(f"d{number % 90}/{number}.txt", f"edited {number}")
        expected.append((f"d{number % 90}/{number}.txt", "modified", "catch-up"))
    for number in range(300, 400):
        (bench.root / f"d{number % 90}/{number}.txt").unlink()
        expected.append((f"d{number % 90}/{number}.txt", "deleted", "catch-up"))
    for number in range(400, 450):
        (bench.root / f"d{number % 90}/{number}.txt").rename(bench.root / f"moved{number}.txt")
        expected.append((f"d{number % 90}/{number}.txt", "deleted", "catch-up"))
        expected.append((f"moved{number}.txt", "created", "catch-up"))
    for number in range(100):
        bench.write(f"new{number % 7}/{number}.txt")
        expected.append((f"new{number % 7}/{number}.txt", "created", "catch-up"))
    bench.start()
    assert bench.told() == sorted(expected)
    bench.crash()
    bench.start()
    assert bench.told() == []


def test_five_thousand_files_moved_by_git_are_no_edits_and_a_hand_s_edits_are(bench, tmp_path):
    for number in range(6000):
        bench.write(f"d{number % 100}/{number}.txt", f"text {number}\n")
    bench.git("init", "-q")
    bench.git("add", ".")
    bench.git("commit", "-qm", "one")
    bench.git("checkout", "-qb", "other")
    for number in range(5000):
        bench.write(f"d{number % 100}/{number}.txt", f"other {number}\n")
    bench.git("commit", "-qam", "two")
    bench.git("checkout", "-q", "main")
    bench.git("clone", "-q", str(bench.root), str(tmp_path / "clone"), cwd=tmp_path)
    bench.start()
    bench.told()

    def meanwhile(name, *arguments):
        with bench.git_halted_at("d50/50.txt", *arguments):
            bench.write(name, f"by hand during {arguments}\n")
        edits = [change for change in bench.told() if change[2] != "checkout"]
        assert [change[0] for change in edits] == [name], arguments

    meanwhile("d99/5999.txt", "checkout", "-q", "other")
    meanwhile("d98/5998.txt", "checkout", "-q", "main")
    for number in range(100):
        (tmp_path / "clone" / f"d{number}" / f"{number}.txt").write_text("colleague\n")
    bench.git("commit", "-qam", "colleague", cwd=tmp_path / "clone")
    meanwhile("by-hand-1.txt", "pull", "-q", "--no-rebase", str(tmp_path / "clone"), "main")
    bench.git("checkout", "-q", "d99", "d98")
    bench.told()
    for number in range(3000):
        bench.write(f"d{number % 100}/{number}.txt", f"unsaved {number}\n")
    bench.told()
    meanwhile("by-hand-2.txt", "stash", "-q")
    meanwhile("by-hand-3.txt", "stash", "pop", "-q")
    bench.git("checkout", "-q", ".")
    bench.git("checkout", "-qb", "twenty")
    for number in range(20):
        bench.write(f"twenty/{number}.txt", f"{number}\n")
        bench.git("add", "twenty")
        bench.git("commit", "-qm", str(number))
    bench.told()
    meanwhile("by-hand-4.txt", "rebase", "-q", "--onto", "other", "main")


def test_an_install_storm_of_twenty_thousand_files_hides_no_save(started, storm_of):
    def install_and_remove(step):
        for top in ("node_modules", "src"):
            base = started.root / top / f"p{step % 200}"
            if step % 400 >= 200:
                shutil.rmtree(base)
                continue
            for number in range(50):
                target = base / f"s{number % 5}" / f"{number}.js"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("x")

    with storm_of(install_and_remove) as storm:
        for number in range(100):
            storm.reached(4 * number)
            started.write(f"hand/{number}.txt")
    for number in range(100, 200):
        started.write(f"hand/{number}.txt")
    assert started.told() == sorted((f"hand/{number}.txt", "created", "edit") for number in range(200))


@pytest.mark.parametrize("seed", range(20))
def test_a_tree_moved_in_and_out_five_hundred_times_never_stops_the_reader(started, tmp_path, seed):
    chance = random.Random(seed)
    outside = tmp_path / "outside"
    outside.mkdir()
    for number in range(8):
        started.write(f"t{number}/a/b/{number}.txt", str(number))
    (started.root / "x/y").mkdir(parents=True)
    places = [started.root, started.root / "x", started.root / "x/y", outside]
    for _ in range(500):
        source, target = chance.choice(places), chance.choice(places)
        names = [entry for entry in os.listdir(source) if entry.startswith("t")]
        if names and not (target / (name := chance.choice(names))).exists():
            (source / name).rename(target / name)
    started.settle()
    assert started.watch.status().alive
    standing = {str(file.relative_to(started.root)) for file in started.root.rglob("*.txt")}
    assert set(started.ledger.entries(started.root)) == standing
    for path in standing:
        started.write(path, "by hand")
    assert started.told() == sorted((path, "modified", "edit") for path in standing)


def test_a_copy_of_two_gigabytes_with_pauses_is_one_change_at_its_end(bench, monkeypatch):
    """Each sentinel is told once the open file has been looked at, its settle time and its bound behind it."""
    monkeypatch.setattr("daemon.watch.examine.OPEN_LOOK", 0.01)
    bench.plan.times = (0.05, 0.05)
    bench.start()
    block = os.urandom(1 << 20) * 64
    with (bench.root / "big.txt").open("wb") as stream:
        for part in range(32):
            stream.write(block)
            if part % 8 == 0:
                assert bench.told_before(f"{part}.txt") == [f"{part}.txt"]
    assert bench.told() == [("big.txt", "created", "edit")]
    assert bench.ledger.get(bench.root, "big.txt").size == 2 << 30
    (bench.root / "big.txt").unlink()
