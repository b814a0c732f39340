import pytest

from daemon.agents.builtin.apidocs.endpoint import anonymous, normal_path, parameter_names


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("", "/"),
        ("/", "/"),
        ("users/", "/users"),
        ("//users//:id/", "/users/{id}"),
        ("/users/:id(\\d+)", "/users/{id}"),
        ("/users/:id([0-9]{1,3}(?:a|b))/x", "/users/{id}/x"),
        ("/users/:id?", "/users/{id}"),
        ("/a/:x-:y", "/a/{x}-{y}"),
        ("/files/*", "/files/{wildcard}"),
        ("/files/(.*)", "/files/{wildcard}"),
        ("/files/*rest", "/files/{rest}"),
        ("/users{/:id}", "/users/{id}"),
        ("/users/<int:user_id>", "/users/{user_id}"),
        ("/users/<name>", "/users/{name}"),
        ("/files/{path:path}", "/files/{path}"),
        ("/a/{proxy+}", "/a/{proxy+}"),
        ("/a.json", "/a.json"),
    ],
)
def test_every_way_to_write_a_path_has_one_normal_form(written, normal):
    assert normal_path(written) == normal


def test_prefixes_are_joined_with_single_slashes():
    assert normal_path("/api/", "v1", "", "/users") == "/api/v1/users"


def test_endpoints_are_the_same_whatever_their_parameters_are_called():
    assert anonymous("/users/{id}/x") == anonymous("/users/{userId}/x") == "/users/{}/x"


def test_the_plus_of_a_greedy_parameter_is_no_part_of_its_name():
    assert parameter_names("/a/{proxy+}/{id}") == ["proxy", "id"]
