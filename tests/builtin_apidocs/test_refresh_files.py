"""The skill on real files: what it writes, what it refuses, what it says."""

from __future__ import annotations

import os

import pytest

from daemon.agents.builtin.apidocs import refresh
from daemon.agents.builtin.apidocs.project import Project
from hooks.model import Cause, Change, ChangeKind

ACTION = (
    "Review the changed controller and update the corresponding entry in docs/api-reference.md to reflect any new, "
    "modified, or removed endpoints."
)
CONTROLLER = """import { Controller, Get, Post } from '@nestjs/common';
@Controller('users')
export class UsersController {
  @Get()
  list(): Promise<User[]> {}

  /** Make a user. */
  @Post()
  add(@Body() user: NewUser): Promise<User> {}
}
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "src/controllers").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "src/controllers/users.ts").write_text(CONTROLLER)
    (tmp_path / "docs/api-reference.md").write_text("# Our API\n\n## GET /users\n\nLists users.\n")
    return tmp_path


def run(root, *paths, action=ACTION, mode="advisory", document=None):
    changes = [{"path": path, "kind": "modified"} for path in paths or ("src/controllers/users.ts",)]
    return refresh(root, changes=changes, action=action, mode=mode, document=document)


def test_the_endpoint_missing_from_the_document_is_named_with_file_and_line(project):
    result = run(project)
    (finding,) = result.findings
    assert (finding.rule, finding.category, finding.file, finding.line) == (
        "api-docs/missing",
        "api-docs",
        "src/controllers/users.ts",
        9,
    )
    assert "POST /users is missing from docs/api-reference.md" in finding.message
    text = (project / "docs/api-reference.md").read_text()
    assert text.startswith("# Our API\n\n## GET /users\n\nLists users.\n<!-- kiro-hookd:endpoint POST /users ")
    assert "Make a user." in text


def test_a_second_run_leaves_the_file_untouched(project):
    run(project)
    path = project / "docs/api-reference.md"
    before = (path.read_bytes(), path.stat().st_ino)
    result = run(project)
    assert (path.read_bytes(), path.stat().st_ino) == before
    assert result.findings == ()
    assert "nothing to change" in result.summary


def test_changes_are_taken_as_values_too(project):
    change = Change(path="src/controllers/users.ts", kind=ChangeKind.MODIFIED, cause=Cause.EDIT)
    assert len(refresh(project, changes=(change,), action=ACTION, mode="auto-fix", document=None).findings) == 1


def test_the_endpoints_of_a_deleted_controller_are_struck_through(project):
    run(project)
    (project / "src/controllers/users.ts").unlink()
    result = run(project)
    assert {one.rule for one in result.findings} == {"api-docs/removed"}
    assert "~~`POST /users`~~" in (project / "docs/api-reference.md").read_text()


def test_a_removed_entry_is_deleted_only_when_the_action_asks(project):
    before = (project / "docs/api-reference.md").read_text()
    run(project)
    (project / "src/controllers/users.ts").write_text(CONTROLLER.replace("@Post()", ""))
    run(project, action="Update docs/api-reference.md and delete the entries of endpoints that are gone.")
    assert (project / "docs/api-reference.md").read_text() == before


@pytest.mark.parametrize(
    "action",
    [
        ACTION,
        "Update docs/api-reference.md. Do not delete entries.",
        "Keep docs/api-reference.md; never remove stale entries",
    ],
)
def test_no_other_words_delete_anything(project, action):
    run(project)
    (project / "src/controllers/users.ts").write_text(CONTROLLER.replace("@Post()", ""))
    run(project, action=action)
    assert "~~`POST /users`~~" in (project / "docs/api-reference.md").read_text()


def test_a_file_that_does_not_parse_takes_nothing_out_of_the_document(project):
    run(project)
    before = (project / "docs/api-reference.md").read_text()
    (project / "src/controllers/users.ts").write_text(
        "import { Controller } from '@nestjs/common';\n@Controller( class {{{ = ;\n"
    )
    result = run(project)
    assert (project / "docs/api-reference.md").read_text() == before
    assert result.findings == ()
    assert any(note.startswith("src/controllers/users.ts:") and "parse" in note for note in result.notes)


def test_without_a_document_one_is_made_with_every_endpoint(project):
    (project / "docs/api-reference.md").unlink()
    (project / "src/controllers/pets.ts").write_text(CONTROLLER.replace("users", "pets"))
    result = run(project)
    text = (project / "docs/api-reference.md").read_text()
    assert text.startswith("# API reference\n\n<!-- Entries between markers")
    assert text.index("endpoint GET /pets ") < text.index("endpoint POST /pets ") < text.index("endpoint GET /users ")
    assert text.count("### `") == 4
    assert "was made with 4 endpoints" in result.summary


def test_a_usual_document_is_found_when_the_action_names_none(project):
    (project / "docs/api-reference.md").rename(project / "docs/api.md")
    run(project, action="Refresh the API docs.")
    assert "POST /users" in (project / "docs/api.md").read_text()
    assert not (project / "docs/api-reference.md").exists()


def test_the_folder_of_a_new_document_is_made(project):
    run(project, action="Keep documentation/http/api.md up to date")
    assert (project / "documentation/http/api.md").exists()


def test_a_project_without_endpoints_is_left_alone(tmp_path):
    (tmp_path / "a.ts").write_text("export const x = 1;\n")
    result = run(tmp_path, "a.ts")
    assert result.findings == ()
    assert "No endpoints were recognised" in result.summary
    assert os.listdir(tmp_path) == ["a.ts"]


def test_crlf_and_a_byte_order_mark_are_kept(project):
    path = project / "docs/api-reference.md"
    path.write_bytes(b"\xef\xbb\xbf# API\r\n\r\ntext\r\n")
    run(project)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf# API\r\n\r\ntext\r\n<!-- ")
    assert content.count(b"\n") == content.count(b"\r\n")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_other_encodings_come_back_as_they_were(project, encoding):
    path = project / "docs/api-reference.md"
    original = "# Überblick\n\nGrün.\n".encode(encoding)
    path.write_bytes(original)
    (project / "src/controllers/users.ts").write_text(CONTROLLER.replace("Make a user.", "Größe."))
    run(project)
    content = path.read_bytes()
    assert content.startswith(original)
    assert "POST /users" in content.decode(encoding)
    run(project)
    assert path.read_bytes() == content


def test_the_mode_of_the_file_is_kept(project):
    path = project / "docs/api-reference.md"
    path.chmod(0o640)
    run(project)
    assert path.stat().st_mode & 0o777 == 0o640


def test_nothing_is_written_through_a_link_to_a_file(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.md"
    outside.write_text("# Mine\n")
    (project / "docs/api-reference.md").unlink()
    (project / "docs/api-reference.md").symlink_to(outside)
    result = run(project)
    assert outside.read_text() == "# Mine\n"
    assert "not refreshed" in result.summary


def test_nothing_is_written_through_a_link_to_a_folder(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (project / "linked").symlink_to(outside)
    result = run(project, document="linked/api.md")
    assert os.listdir(outside) == []
    assert "not refreshed" in result.summary


@pytest.mark.parametrize("path", ["../x.md", "/tmp/x.md", ".git/x.md", "docs/../../x.md"])
def test_a_document_outside_the_workspace_is_refused(project, path):
    assert "not refreshed" in run(project, document=path).summary


def test_sources_behind_links_are_not_read(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "c.ts").write_text(CONTROLLER.replace("users", "secret"))
    (project / "src/controllers/c.ts").symlink_to(outside / "c.ts")
    (project / "src/more").symlink_to(outside)
    run(project, "src/controllers/c.ts", "src/more/c.ts")
    assert "secret" not in (project / "docs/api-reference.md").read_text()


def test_a_changed_prefix_concerns_every_endpoint_below_it(project):
    main = project / "src/main.ts"
    main.write_text("import { NestFactory } from '@nestjs/core';\nconst app = x(); app.setGlobalPrefix('v1');\n")
    (project / "docs/api-reference.md").write_text("# API\n")
    run(project, "src/main.ts")
    assert "POST /v1/users" in (project / "docs/api-reference.md").read_text()
    main.write_text(main.read_text().replace("v1", "v2"))
    result = run(project, "src/main.ts")
    text = (project / "docs/api-reference.md").read_text()
    assert "### `POST /v2/users`" in text
    assert "### ~~`POST /v1/users`~~" in text
    assert {one.rule for one in result.findings} == {"api-docs/missing", "api-docs/removed"}


def test_a_hand_written_entry_that_no_code_answers_any_more_is_told(project):
    (project / "docs/api-reference.md").write_text("# API\n\n## GET /users\n\n## POST /users\n\n## DELETE /users/:id\n")
    (finding,) = run(project).findings
    assert (finding.rule, finding.file, finding.line) == ("api-docs/stale", "docs/api-reference.md", 7)


def test_the_drift_of_an_openapi_document_is_reported_and_it_is_not_written(project):
    (project / "docs/api-reference.md").unlink()
    spec = project / "openapi.yaml"
    spec.write_text(
        "openapi: 3.0.0\nservers:\n  - url: https://x.test/\npaths:\n  /users:\n    get: {}\n    delete: {}\n"
    )
    before = spec.read_bytes()
    result = run(project, action="Keep the API documentation in step.")
    assert {(one.rule, one.file, one.line) for one in result.findings} == {
        ("api-docs/openapi-missing", "src/controllers/users.ts", 9),
        ("api-docs/openapi-stale", "openapi.yaml", 7),
    }
    assert spec.read_bytes() == before
    assert not (project / "docs/api-reference.md").exists()


def test_fingerprints_stay_when_lines_move(project):
    before = (project / "docs/api-reference.md").read_text()
    first = run(project).findings
    (project / "docs/api-reference.md").write_text(before)
    (project / "src/controllers/users.ts").write_text("// more\n\n" + CONTROLLER)
    second = run(project).findings
    assert [one.fingerprint for one in first] == [one.fingerprint for one in second]
    assert first[0].line != second[0].line


def test_a_large_project_is_read_only_where_it_concerns_the_change(project, monkeypatch):
    from daemon.agents.builtin.apidocs import collect

    monkeypatch.setattr(collect, "MAX_WHOLE", 3)
    for index in range(6):
        (project / f"src/controllers/c{index}.ts").write_text(CONTROLLER.replace("users", f"c{index}"))
    (project / "src/app.module.ts").write_text("import { UsersController } from './controllers/users';\n@nestjs/\n")
    result = run(project)
    assert [one.message.split(" is ")[0] for one in result.findings] == ["POST /users"]
    assert any("large" in note for note in result.notes)


def test_a_router_whose_mount_is_not_seen_can_still_lose_endpoints(tmp_path):
    source = tmp_path / "users.js"
    source.write_text("const r = require('express').Router();\nr.get('/a', h);\nr.get('/b', h);\nmodule.exports = r;\n")
    run(tmp_path, "users.js")
    source.write_text("const r = require('express').Router();\nr.get('/a', h);\nmodule.exports = r;\n")
    result = run(tmp_path, "users.js")
    assert [one.rule for one in result.findings] == ["api-docs/removed"]
    assert any("no mount" in note for note in result.notes)


def test_a_document_that_is_no_markdown_is_never_written(project):
    spec = project / "spec.yaml"
    spec.write_text("openapi: 3.0.0\npaths: {}\n")
    before = spec.read_bytes()
    result = run(project, action="Update spec.yaml", document="spec.yaml")
    assert spec.read_bytes() == before
    assert {one.rule for one in result.findings} == {"api-docs/openapi-missing"}
    assert "kiro-hookd" not in (project / "docs/api-reference.md").read_text()


def test_mdx_is_compared_but_not_written(project):
    page = project / "docs/api.mdx"
    page.write_text("# API\n")
    result = run(project, document="docs/api.mdx")
    assert page.read_text() == "# API\n"
    assert len(result.findings) == 2
    assert any("MDX" in note for note in result.notes)


def test_routes_of_a_changed_test_are_no_endpoints(project):
    (project / "src/app.test.ts").write_text("import express from 'express'\nexpress().get('/only-in-a-test', h)\n")
    result = run(project, "src/app.test.ts")
    assert "only-in-a-test" not in (project / "docs/api-reference.md").read_text()
    assert result.findings == ()


@pytest.mark.parametrize("folder", ["node_modules", "dist", "cdk.out", "cdk.out.deploy", ".aws-sam"])
def test_what_was_made_of_the_code_is_not_listed(tmp_path, folder):
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "a.js").write_text("x")
    (tmp_path / "b.js").write_text("x")
    assert Project(tmp_path).files == {"b.js"}
