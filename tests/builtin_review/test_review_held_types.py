"""What the types of a route's parameters say where a framework holds them against what came in."""

from __future__ import annotations

import pytest

HEAD = """\
from typing import Annotated, Literal, Optional
from fastapi import Depends, FastAPI
from pydantic import BaseModel, EmailStr
from app.schemas import OrderCreate
from sqlalchemy.orm import Session
app = FastAPI()

class Base(BaseModel):
    number: int

class Account(Base):
    name: str
    mail: EmailStr
    kind: Literal["a", "b"]
    note: Optional[str] = None

class Plain:
    pass

"""
ROUTE = (
    HEAD
    + """\
@app.post("/a")
async def create({parameter}):
    connection.execute(f"SELECT * FROM a WHERE b = '{{{value}}}'")
"""
)


def _told(found, parameter: str, value: str) -> bool:
    text = ROUTE.format(parameter=parameter, value=value)
    return "injection.sql" in {rule for rule, _ in found("a.py", text)}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("account: Account", "account.name"),
        ("account: Account", "account.note"),
        ("account: Annotated[Account, 'who']", "account.name"),
        ("account: Account | None", "account.name"),
        ("order: OrderCreate", "order.title"),
        ("name: str", "name"),
        ("name: Optional[str]", "name"),
        ("name: str | None", "name"),
        ("names: list[str]", "names"),
    ],
)
def test_a_text_is_still_any_text(found, parameter, value):
    assert _told(found, parameter, value)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("account: Account", "account.number"),
        ("account: Account", "account.mail"),
        ("account: Account", "account.kind"),
        ("order: OrderCreate", "order.quantity"),
        ("page: Optional[int]", "page"),
        ("session: Session", "session.name"),
        ("plain: Plain", "plain.name"),
        ("account: Account = Depends(who)", "account.name"),
    ],
)
def test_numbers_words_and_what_is_injected_are_harmless(found, parameter, value):
    assert not _told(found, parameter, value)


def test_a_model_is_a_check_of_its_shape(found):
    text = (
        HEAD
        + """\
@app.post("/a")
async def create(account: Account):
    table.put_item(Item={"name": account.name})
"""
    )
    assert not {rule for rule, _ in found("a.py", text)}


@pytest.mark.parametrize(
    "parameters",
    ["post_id, post_service: PostService = Provide[Container.posts]", "user, post_id, post_service=None"],
)
def test_what_no_path_of_flask_names_is_injected(found, parameters):
    """A service that does something with the body, and no part of the request itself."""
    text = f"""\
from flask import Blueprint, request
blueprint = Blueprint("a", __name__)
@blueprint.route("/<post_id>", methods=["PUT"])
@auth_required()
def update({parameters}):
    data = request.get_json()
    return post_service.update_post(post_id, data)
"""
    assert "input.unvalidated" in {rule for rule, _ in found("a.py", text)}


@pytest.mark.parametrize("parameters", ["name", "name, connection=None"])
def test_what_a_path_of_flask_names_is_part_of_the_request(found, parameters):
    text = f"""\
from flask import Flask
app = Flask(__name__)
@app.route("/<name>")
def show({parameters}):
    return connection.execute(f"SELECT * FROM a WHERE b = '{{name}}'")
"""
    assert "injection.sql" in {rule for rule, _ in found("a.py", text)}
