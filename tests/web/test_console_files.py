"""The console's files: what a browser is given, and what it may do with them."""

import re
from collections.abc import Callable
from typing import Final

import pytest

from chalicelib.web import pages
from chalicelib.web.static_files import FOLDER
from tests.world import World, as_anonymous

SIGN_IN: Final = "https://payouts.auth.ap-southeast-2.amazoncognito.com"


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    return new_world(COGNITO_DOMAIN=SIGN_IN, COGNITO_CLIENT_ID="4cl1ent1d")


def test_the_page_loads_nothing_but_what_is_served_beside_it(world: World) -> None:
    page = world.anonymous.get("/console")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    loaded = set(re.findall(r'(?:src|href)="([^"]+)"', page.text))
    assert loaded == {f"console/{name}" for name in pages.CONSOLE_FILES - {"index.html"}}
    for each in loaded:
        assert world.anonymous.get(f"/{each}").status == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page.text)


def test_all_that_is_in_the_folder_is_served_and_nothing_else(world: World) -> None:
    assert {path.name for path in (FOLDER / "console").iterdir()} == pages.CONSOLE_FILES
    answer = world.anonymous.get("/console/app.js")
    assert (answer.status, answer.code) == (404, "FileNotFound")


def test_its_scripts_may_call_this_api_and_the_sign_in_page_alone(world: World) -> None:
    for path in ("/console", "/console/console.js"):
        policy = world.anonymous.get(path).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert policy.endswith(f"; connect-src 'self' {SIGN_IN}")
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy


def test_it_is_given_the_address_of_the_sign_in_page(world: World) -> None:
    answer = world.anonymous.get("/console/config.json")
    assert answer.status == 200
    assert answer.json == {
        "apiBase": ".",
        "signInUrl": SIGN_IN,
        "userPoolClientId": "4cl1ent1d",
        "timeZone": "Australia/Sydney",
        "idleMinutes": 0,
    }


def test_without_a_user_pool_the_page_is_served_and_says_so(
    new_world: Callable[..., World],
) -> None:
    world = new_world()
    assert as_anonymous(world.app).get("/console/config.json").json["signInUrl"] == ""
    assert (
        world.anonymous.get("/console")
        .headers["Content-Security-Policy"]
        .endswith("connect-src 'self'")
    )


def test_nothing_that_comes_from_outside_is_ever_parsed_as_html() -> None:
    script = (FOLDER / "console" / "console.js").read_text()
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert sink not in script
    assert "localStorage" not in script
