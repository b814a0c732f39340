"""Directories that come, go, move and turn into something else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile


def test_files_written_before_the_watch_of_their_directory_stood_are_found_once(started):
    expected = []
    for number in range(40):
        deep = f"{number}/a/b/c/d"
        subprocess.run(
            ["sh", "-c", f"mkdir -p {deep} && for i in 1 2 3 4 5; do echo $i > {deep}/$i.txt; done"],
            cwd=started.root,
            check=True,
        )
        expected += [f"{deep}/{i}.txt" for i in range(1, 6)]
    assert started.told() == [(path, "created", "edit") for path in sorted(expected)]


def test_cp_tar_clone_and_a_renamed_in_directory_give_each_file_once(started, tmp_path):
    outside = tmp_path / "outside"
    for number in range(60):
        file = outside / f"d{number % 7}" / f"e{number % 3}" / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(number))
    names = sorted(str(file.relative_to(outside)) for file in outside.rglob("*.txt"))
    subprocess.run(["cp", "-r", str(outside), str(started.root / "copied")], check=True)
    with tarfile.open(tmp_path / "t.tar", "w") as tar:
        tar.add(outside, "unpacked")
    subprocess.run(["tar", "xf", str(tmp_path / "t.tar")], cwd=started.root, check=True)
    started.git("init", "-q", cwd=outside)
    started.git("add", ".", cwd=outside)
    started.git("commit", "-qm", "one", cwd=outside)
    started.git("clone", "-q", str(outside), "cloned")
    shutil.copytree(outside, tmp_path / "other")
    (tmp_path / "other").rename(started.root / "moved")
    told = started.told()
    assert [path for path, _, _ in told] == sorted(
        f"{top}/{name}" for top in ("copied", "unpacked", "cloned", "moved") for name in names
    )
    assert {(kind, cause) for _, kind, cause in told} == {("created", "edit")}


def test_a_directory_moved_out_takes_its_files_with_it(started, tmp_path):
    started.write("d/e/a.txt")
    started.told()
    (started.root / "d").rename(tmp_path / "elsewhere")
    assert started.told() == [("d/e/a.txt", "deleted", "edit")]
    (tmp_path / "elsewhere/e/a.txt").write_text("nobody cares here")
    assert started.told() == []


def test_a_directory_renamed_within_is_followed_by_reading_it_again(started):
    started.write("d/e/a.txt")
    started.told()
    (started.root / "d").rename(started.root / "f")
    assert started.told() == [("d/e/a.txt", "deleted", "edit"), ("f/e/a.txt", "created", "edit")]
    started.write("f/e/a.txt", "more")
    assert started.told() == [("f/e/a.txt", "modified", "edit")]


def test_two_directories_that_trade_places_are_told_apart(started):
    started.write("a/f.txt", "of a")
    started.write("b/f.txt", "of b")
    started.told()
    with started.held():
        (started.root / "a").rename(started.root / "c")
        (started.root / "b").rename(started.root / "a")
        (started.root / "c").rename(started.root / "b")
    assert started.told() == [("a/f.txt", "modified", "edit"), ("b/f.txt", "modified", "edit")]
    started.write("a/f.txt", "new")
    assert started.told() == [("a/f.txt", "modified", "edit")]


def test_a_directory_replaced_by_a_link_or_a_file_has_lost_its_files(started, tmp_path):
    for name in ("d", "e"):
        started.write(f"{name}/a.txt")
    started.told()
    (started.root / "d").rename(tmp_path / "outside")
    (started.root / "d").symlink_to(tmp_path / "outside")
    shutil.rmtree(started.root / "e")
    (started.root / "e").write_text("a file now")
    assert started.told() == [("d/a.txt", "deleted", "edit"), ("e/a.txt", "deleted", "edit")]
    (tmp_path / "outside/a.txt").write_text("seen through the link")
    assert started.told() == []


def test_links_to_files_are_no_files_and_hard_links_are(started):
    file = started.write("a.txt")
    (started.root / "soft.txt").symlink_to(file)
    os.link(file, started.root / "hard.txt")
    assert started.told() == [("a.txt", "created", "edit"), ("hard.txt", "created", "edit")]


def test_names_that_are_not_utf_8_come_through(started):
    raw = os.fsencode(started.root) + b"/\xff\xfe"
    os.mkdir(raw)
    with open(raw + b"/\xe9.txt", "w") as file:
        file.write("x")
    assert started.told() == [("\udcff\udcfe/\udce9.txt", "created", "edit")]
    entry = started.ledger.get(started.root, "\udcff\udcfe/\udce9.txt")
    assert entry is not None
    shutil.rmtree(raw)
    assert started.told() == [("\udcff\udcfe/\udce9.txt", "deleted", "edit")]


def test_a_rename_that_only_changes_the_case_is_a_deletion_and_a_creation(started):
    started.write("readme.txt")
    started.told()
    (started.root / "readme.txt").rename(started.root / "README.txt")
    assert started.told() == [("README.txt", "created", "edit"), ("readme.txt", "deleted", "edit")]


def test_a_very_deep_directory_is_watched(started):
    deep = "/".join(["d"] * 150)
    started.write(f"{deep}/a.txt")
    assert started.told() == [(f"{deep}/a.txt", "created", "edit")]
    started.write(f"{deep}/a.txt", "more")
    assert started.told() == [(f"{deep}/a.txt", "modified", "edit")]


def test_ignored_directories_are_not_watched_and_cost_nothing(started):
    before = started.watch.status().directories
    for number in range(50):
        started.write(f"node_modules/{number}/x/a.txt")
    assert started.told() == []
    assert started.watch.status().directories == before


def test_a_root_that_is_deleted_and_made_again_is_compared_and_watched_again(started, tmp_path):
    started.write("keep/a.txt", "a")
    started.write("lost.txt", "b")
    started.told()
    started.root.rename(tmp_path / "aside")
    started.until(lambda: started.watch.status().workspaces[str(started.root)].absent)
    assert started.sink.take() == []
    (tmp_path / "aside/lost.txt").unlink()
    (tmp_path / "aside").rename(started.root)
    started.watch.catch_up()
    assert [change[:2] for change in started.told()] == [("lost.txt", "deleted")]
    started.write("keep/a.txt", "new")
    assert started.told() == [("keep/a.txt", "modified", "edit")]
