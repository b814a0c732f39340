from __future__ import annotations

import pytest

from daemon.agents.drivers.tools import Tools, WrongError


@pytest.fixture
def tools(root):
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("secret")
    (root / "node_modules" / "x").mkdir(parents=True)
    (root / "node_modules" / "x" / "index.js").write_text("key")
    return Tools(str(root))


def test_files_are_listed_searched_and_read_by_line(tools):
    assert tools.list() == "src/pay.ts"
    assert tools.search("k.y =") == "src/pay.ts:2: const key = 'secret';"
    assert tools.read_file("src/pay.ts", 2).startswith("2\tconst key")


def test_an_edit_changes_one_place_and_keeps_line_ends(tools, root):
    (root / "dos.txt").write_bytes(b"a\r\nb\r\n")
    tools.edit("dos.txt", "b", "c")
    assert (root / "dos.txt").read_bytes() == b"a\r\nc\r\n"
    tools.write("new/deep.txt", "x\n")
    assert (root / "new/deep.txt").read_text() == "x\n"


@pytest.mark.parametrize("old", ["", "a", "nowhere"])
def test_an_edit_whose_old_text_is_not_there_exactly_once_is_refused(tools, root, old):
    before = (root / "src/pay.ts").read_bytes()
    with pytest.raises(WrongError, match="exactly once"):
        tools.edit("src/pay.ts", old, "x")
    assert (root / "src/pay.ts").read_bytes() == before


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "link/x", "a\0b", ".git/config", "src/../.git/config", "out"])
def test_nothing_outside_the_root_nor_of_git_is_touched(tools, root, tmp_path, path):
    (root / "link").symlink_to(tmp_path)
    (root / "out").symlink_to(tmp_path / "x")
    for call in (lambda: tools.read_file(path), lambda: tools.write(path, "x"), lambda: tools.edit(path, "a", "b")):
        with pytest.raises(WrongError):
            call()
    assert not (tmp_path / "x").exists()


def test_what_is_no_text_or_no_file_or_no_expression_is_told(tools, root):
    (root / "blob").write_bytes(b"\xff\xfe")
    for call in (lambda: tools.read_file("blob"), lambda: tools.read_file("gone"), lambda: tools.search("(")):
        with pytest.raises(WrongError):
            call()
