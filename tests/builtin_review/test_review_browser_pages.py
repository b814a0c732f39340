"""What a page of a browser shows of its own address, or of what was typed into it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("const raw = location.hash;\ndocument.getElementById('out').innerHTML = raw;", "injection.html"),
        ("document.write(document.referrer);", "injection.html"),
        (
            "const input = document.querySelector('#name');\ndiv.innerHTML = `Welcome, ${input.value}`;",
            "injection.html",
        ),
        ("const q = window.location.search;\nout.insertAdjacentHTML('beforeend', '<b>' + q);", "injection.html"),
        ("$('#x').html(decodeURIComponent(location.hash.slice(1)));", "injection.html"),
        ("eval(new URLSearchParams(location.search).get('cb'));", "injection.eval"),
        ("out.textContent = location.hash;", None),
        ("const location = { hash: '' };\nout.innerHTML = location.hash;", None),
        ("out.innerHTML = DOMPurify.sanitize(location.hash);", None),
        ("fetch((location.href.includes('localhost') ? 'http://localhost' : 'https://a.example') + '/x');", None),
    ],
)
def test_what_a_page_is_opened_with(found, text, rule):
    assert {name for name, _ in found("page.js", text)} == ({rule} if rule else set())
