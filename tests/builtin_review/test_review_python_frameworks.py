"""Views of Python's web frameworks: what they are given, and what is no view."""

from __future__ import annotations

import pytest

VIEWS = {
    "a view of Django": ("injection.sql", """
        from django.db import connection
        def age(request):
            name = request.GET.get("name")
            with connection.cursor() as cursor:
                cursor.execute("SELECT age FROM people WHERE name = '%s'" % name)
    """),
    "a view that only its parts give away": ("injection.shell", """
        import os
        def ping(request):
            os.system("ping " + request.POST["host"])
    """),
    "what a class of the REST framework reads off the path": ("injection.shell", """
        import os
        from rest_framework.views import APIView
        class Files(APIView):
            def post(self, request, name):
                os.system("ls " + name)
                return request.data
    """),
    "a handler of aiohttp": ("injection.eval", """
        from aiohttp import web
        async def run(request):
            given = await request.json()
            return eval(given["code"])
    """),
    "a part of the path in aiohttp": ("injection.path", """
        from aiohttp import web
        async def read(request):
            return open("/data/" + request.match_info["name"]).read()
    """),
    "an endpoint of Starlette": ("injection.ssrf", """
        import httpx
        from starlette.requests import Request
        async def fetch(request: Request):
            return httpx.get(request.query_params["url"])
    """),
    "clauses that Django pastes in": ("injection.sql", """
        def ages(request):
            return Person.objects.extra(where=["name = '%s'" % request.GET["name"]])
    """),
    "columns that Django pastes in": ("injection.sql", """
        def ages(request):
            return Person.objects.extra(select={"a": "SELECT a FROM b WHERE c = %s" % request.GET["c"]})
    """),
}  # fmt: skip


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_s_request_is_the_caller_s(found, name):
    rule, text = VIEWS[name]
    assert rule in {rule for rule, _ in found("views.py", text)}


NO_VIEWS = {
    "a helper that only looks who asks": """
        from django.conf import settings
        def is_owner(request, thing):
            return request.user == thing.owner
    """,
    "a request of the program's own": """
        import boto3
        def keep(request):
            boto3.resource("dynamodb").Table("t").put_item(Item=request.data)
    """,
    "what a serializer has checked": """
        from rest_framework.views import APIView
        class Books(APIView):
            def post(self, request):
                serializer = BookSerializer(data=request.data)
                serializer.is_valid(raise_exception=True)
                Book.objects.create(**serializer.validated_data)
    """,
    "what a form has checked": """
        from django.shortcuts import redirect
        def add(request):
            form = BookForm(request.POST)
            if form.is_valid():
                Book.objects.create(title=form.cleaned_data["title"])
    """,
}


@pytest.mark.parametrize("name", NO_VIEWS)
def test_what_is_no_view_or_was_checked_is_quiet(found, name):
    assert found("views.py", NO_VIEWS[name], level=True) == set()


LATER = {
    "an executor": "loop.run_in_executor(None, exec, event['code'])",
    "a thread": "asyncio.to_thread(os.system, event['command'])",
    "a thread's target": "threading.Thread(target=os.system, args=(event['command'],)).start()",
}


@pytest.mark.parametrize("name", LATER)
def test_what_is_handed_over_to_be_called_is_a_call(found, name):
    text = f"import asyncio, os, threading\ndef handler(event, context):\n    {LATER[name]}\n"
    assert {rule for rule, line in found("a.py", text) if line == 3} & {"injection.eval", "injection.shell"}


FILLED = {
    '"https://{}/x".format(event["h"])': True,
    '"https://api.example.com/{}".format(event["h"])': False,
    '"https://%s/x" % event["h"]': True,
    '"https://api.example.com/%s?n=%d" % (event["h"], 3)': False,
    '"https://%(host)s/%(path)s" % {"host": "api.example.com", "path": event["h"]}': False,
    '"https://%(host)s/%(path)s" % {"host": event["h"], "path": "x"}': True,
    '"https://{host}/{path}".format(path="x", host=event["h"])': True,
    '"https://{1}/{0}".format(event["h"], "api.example.com")': False,
    '"https://{{x}}.example.com/{}".format(event["h"])': False,
}


@pytest.mark.parametrize("text", FILLED)
def test_a_text_is_filled_in_where_its_holes_are(found, text):
    hits = found("a.py", f"import requests\ndef handler(event, context):\n    requests.get({text})\n")
    assert ("injection.ssrf" in {rule for rule, _ in hits}) is FILLED[text]


def test_a_template_with_other_holes_than_values_is_kept_whole(found):
    text = "def handler(event, context):\n    cursor.execute('select * from t where a = %s and b = %s' % event['a'])\n"
    assert "injection.sql" in {rule for rule, _ in found("a.py", text)}
