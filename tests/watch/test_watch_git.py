"""What git moves about is no edit, and what a person does meanwhile is one."""

from __future__ import annotations

import subprocess

import pytest


@pytest.fixture
def repository(bench):
    """Two branches, 60 files apart: half of them changed, some only in one of the two."""
    for number in range(80):
        bench.write(f"d{number % 8}/{number}.txt", f"text {number}\n")
    bench.git("init", "-q")
    bench.git("add", ".")
    bench.git("commit", "-qm", "one")
    bench.git("checkout", "-qb", "other")
    for number in range(40):
        bench.write(f"d{number % 8}/{number}.txt", f"other text {number}\n")
    for number in range(40, 50):
        bench.git("rm", "-q", f"d{number % 8}/{number}.txt")
    for number in range(10):
        bench.write(f"only/{number}.txt", f"only {number}\n")
    bench.git("add", ".")
    bench.git("commit", "-qm", "two")
    bench.git("checkout", "-q", "main")
    bench.start()
    bench.told()
    return bench


def edits(bench):
    return [change for change in bench.told() if change[2] != "checkout"]


def test_a_checkout_there_is_no_edit_and_there_and_back_is_nothing(repository):
    repository.git("checkout", "-q", "other")
    told = repository.told()
    assert len(told) == 60
    assert {cause for _, _, cause in told} == {"checkout"}
    with repository.held():
        repository.git("checkout", "-q", "main")
        repository.git("checkout", "-q", "other")
    assert repository.told() == []


def test_a_hand_edit_in_the_midst_of_a_checkout_is_told(repository, monkeypatch):
    monkeypatch.setattr("daemon.watch.causes.HOLD", repository.deadline)
    with repository.git_halted_at("d4/4.txt", "checkout", "-q", "other"):
        assert (repository.root / "d0/0.txt").read_text() == "other text 0\n"
        assert (repository.root / "d5/5.txt").read_text() == "text 5\n"
        repository.write("d0/0.txt", "by hand\n")
        repository.write("d7/79.txt", "by hand\n")
        repository.write("by-hand.txt", "by hand\n")
        repository.until(lambda: repository.workspace._retry)  # what is due is held back
        assert repository.sink.take() == []
    told = repository.told()
    assert [change for change in told if change[2] != "checkout"] == [
        ("by-hand.txt", "created", "edit"),
        ("d0/0.txt", "modified", "edit"),
        ("d7/79.txt", "modified", "edit"),
    ]
    assert len(told) == 62


def test_a_hand_edit_over_what_was_just_checked_out_is_told(repository):
    repository.git("checkout", "-q", "other")
    repository.write("d0/0.txt", "by hand\n")
    assert edits(repository) == [("d0/0.txt", "modified", "edit")]


def test_a_save_that_is_committed_at_once_is_an_edit_all_the_same(repository):
    with repository.held():
        repository.write("d0/0.txt", "saved and committed\n")
        repository.write("fresh.txt", "saved and added\n")
        repository.git("add", ".")
        repository.git("commit", "-qm", "at once")
    assert repository.told() == [("d0/0.txt", "modified", "edit"), ("fresh.txt", "created", "edit")]


def test_a_reset_a_restore_and_a_detached_head_are_no_edits(repository):
    repository.write("d0/0.txt", "by hand\n")
    repository.told()
    repository.git("restore", "d0/0.txt")
    assert repository.told() == [("d0/0.txt", "modified", "checkout")]
    repository.git("checkout", "-q", "--detach", "other")
    assert edits(repository) == []
    repository.git("reset", "-q", "--hard", "main")
    assert edits(repository) == []


def test_stash_and_pop_are_no_edits(repository):
    repository.write("d0/0.txt", "by hand\n")
    repository.write("d1/1.txt", "by hand\n")
    repository.write("staged.txt", "by hand\n")
    repository.git("add", "staged.txt")
    repository.told()
    repository.git("stash", "-q")
    assert repository.told() == [
        ("d0/0.txt", "modified", "checkout"),
        ("d1/1.txt", "modified", "checkout"),
        ("staged.txt", "deleted", "checkout"),
    ]
    repository.git("stash", "pop", "-q")
    assert edits(repository) == []


def test_stash_and_pop_with_untracked_files_are_no_edits(repository):
    repository.write("untracked.txt", "by hand\n")
    repository.told()
    repository.git("stash", "-q", "-u")
    assert edits(repository) == []
    repository.git("stash", "pop", "-q")
    assert edits(repository) == []


def test_a_rebase_of_many_commits_is_no_edit_and_a_save_after_it_is(repository):
    repository.git("checkout", "-q", "other")
    for number in range(12):
        repository.write(f"r/{number}.txt", "r\n")
        repository.git("add", ".")
        repository.git("commit", "-qm", str(number))
    repository.git("checkout", "-q", "main")
    repository.write("main-only.txt", "m\n")
    repository.git("add", ".")
    repository.git("commit", "-qm", "main")
    repository.git("checkout", "-q", "other")
    repository.told()
    repository.git("rebase", "-q", "main")
    repository.write("d7/79.txt", "by hand\n")
    assert edits(repository) == [("d7/79.txt", "modified", "edit")]


def test_a_pull_is_no_edit(repository, tmp_path):
    repository.git("clone", "-q", str(repository.root), str(tmp_path / "clone"), cwd=tmp_path)
    (tmp_path / "clone/d0/0.txt").write_text("by a colleague\n")
    (tmp_path / "clone/d0/new.txt").write_text("by a colleague\n")
    repository.git("add", ".", cwd=tmp_path / "clone")
    repository.git("commit", "-qm", "colleague", cwd=tmp_path / "clone")
    repository.git("pull", "-q", "--no-rebase", str(tmp_path / "clone"), "main")
    assert repository.told() == [("d0/0.txt", "modified", "checkout"), ("d0/new.txt", "created", "checkout")]


def test_a_merge_conflict_written_by_git_is_no_edit_and_its_resolution_is(repository):
    repository.write("d0/0.txt", "main text\n")
    repository.git("commit", "-qam", "main")
    repository.told()
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "-q", "other")
    assert edits(repository) == []
    repository.write("d0/0.txt", "resolved\n")
    assert edits(repository) == [("d0/0.txt", "modified", "edit")]


def test_git_rm_is_a_person_s_wish(repository):
    repository.git("rm", "-q", "d0/0.txt")
    assert repository.told() == [("d0/0.txt", "deleted", "edit")]


def test_git_apply_is_an_edit(repository, tmp_path):
    repository.write("d0/0.txt", "patched\n")
    patch = repository.git("diff")
    repository.git("checkout", "-q", "d0/0.txt")
    repository.told()
    (tmp_path / "patch").write_text(patch)
    repository.git("apply", str(tmp_path / "patch"))
    assert repository.told() == [("d0/0.txt", "modified", "edit")]


def test_line_ends_and_filters_do_not_hide_a_checkout(bench):
    bench.write("a.txt", "one\ntwo\n")
    bench.write(".gitattributes", "*.txt eol=crlf\n")
    bench.git("init", "-q")
    bench.git("add", ".")
    bench.git("commit", "-qm", "one")
    bench.git("checkout", "-qb", "other")
    bench.write("a.txt", "three\r\nfour\r\n")
    bench.git("commit", "-qam", "two")
    bench.start()
    bench.told()
    bench.git("checkout", "-q", "main")
    assert bench.told() == [("a.txt", "modified", "checkout")]


def test_a_linked_worktree_and_a_submodule_are_judged_by_their_own_git_directory(bench, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "lib.txt").write_text("1\n")
    bench.git("init", "-q", cwd=library)
    bench.git("add", ".", cwd=library)
    bench.git("commit", "-qm", "1", cwd=library)
    (library / "lib.txt").write_text("2\n")
    bench.git("commit", "-qam", "2", cwd=library)
    main = tmp_path / "main"
    main.mkdir()
    (main / "a.txt").write_text("1\n")
    bench.git("init", "-q", cwd=main)
    bench.git("add", ".", cwd=main)
    bench.git("commit", "-qm", "1", cwd=main)
    bench.git("branch", "other", cwd=main)
    (main / "a.txt").write_text("2\n")
    bench.git("commit", "-qam", "2", cwd=main)
    bench.git("submodule", "--quiet", "add", str(library), "sub", cwd=main)
    bench.git("commit", "-qam", "3", cwd=main)
    bench.root.rmdir()
    bench.git("worktree", "add", "-q", "--detach", str(bench.root), "main", cwd=main)
    bench.git("submodule", "--quiet", "update", "--init")
    bench.start()
    bench.told()
    bench.git("checkout", "-q", "HEAD~1", cwd=bench.root / "sub")
    assert bench.told() == [("sub/lib.txt", "modified", "checkout")]
    bench.git("checkout", "-q", "--detach", "other~0")
    assert {cause for path, _, cause in bench.told() if path == "a.txt"} == {"checkout"}
    bench.write("a.txt", "by hand\n")
    assert bench.told() == [("a.txt", "modified", "edit")]


def test_a_workspace_inside_a_repository_is_judged_by_it(bench):
    bench.write("packages/x/a.txt", "1\n")
    bench.git("init", "-q")
    bench.git("add", ".")
    bench.git("commit", "-qm", "1")
    bench.git("checkout", "-qb", "other")
    bench.write("packages/x/a.txt", "2\n")
    bench.git("commit", "-qam", "2")
    top, bench.root = bench.root, bench.root / "packages/x"
    bench.start()
    bench.told()
    bench.git("checkout", "-q", "main", cwd=top)
    assert bench.told() == [("a.txt", "modified", "checkout")]


def test_a_checkout_while_the_daemon_was_down_is_a_checkout_and_a_commit_is_not(repository):
    repository.stop()
    repository.write("d7/79.txt", "mine\n")
    repository.git("commit", "-qam", "mine")
    repository.write("d6/78.txt", "uncommitted\n")
    repository.git("checkout", "-q", "other")
    repository.start()
    told = repository.told()
    assert [change for change in told if change[2] != "checkout"] == [("d6/78.txt", "modified", "catch-up")]
    assert len(told) == 61


def test_a_commit_while_the_daemon_was_down_is_an_edit(repository):
    repository.stop()
    repository.write("d7/79.txt", "mine\n")
    repository.git("commit", "-qam", "mine")
    repository.start()
    assert repository.told() == [("d7/79.txt", "modified", "catch-up")]


def test_packed_refs_and_a_repository_s_own_wishes_do_not_matter(repository):
    marker = repository.home / "ran"
    wishes = ("core.fsmonitor", "core.pager", "filter.x.clean", "filter.x.smudge")
    for key in wishes:
        repository.git("config", key, f"touch {marker}; cat")
    (repository.root / ".git/info").mkdir(exist_ok=True)
    (repository.root / ".git/info/attributes").write_text("* filter=x\n")
    repository.git("pack-refs", "--all")
    repository.git("gc", "-q")
    repository.git("status")
    assert marker.exists(), "whoever is not deaf to them does as they say"
    repository.told()
    marker.unlink()
    repository.git(*(word for key in wishes for word in ("-c", f"{key}=")), "checkout", "-q", "other")
    told = repository.told()
    assert len(told) == 60
    assert {cause for _, _, cause in told} == {"checkout"}
    assert not marker.exists()


def test_a_change_of_git_s_own_excludes_is_a_change_of_rules(repository):
    exclude = repository.root / ".git/info/exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("dist\n")
    repository.told()
    assert repository.sink.rules == [".git/info/exclude"]
    repository.git("status")
    repository.watch.catch_up()
    repository.told()
    assert repository.sink.rules == [".git/info/exclude"]
