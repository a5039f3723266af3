"""The pages that need no login: files that ship with the app, and no others."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest

from chalicelib.container import Container, wired
from chalicelib.core.errors import NotFoundError
from chalicelib.web import pages
from chalicelib.web.static_files import FOLDER, Pages
from tests.world import HttpAnswer, as_anonymous, load_app
from tools import docs_page

ROOT: Final = Path(__file__).parents[2]
PATHS: Final = ("/openapi.json", "/docs", "/docs/docs.js", "/docs/swagger-ui-bundle.js")


class Links(HTMLParser):
    """What a page loads, and what stands in it that a strict policy would not let run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: set[str] = set()
        self.inline: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self._in_script = tag == "script" and "src" not in given
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag in ("script", "link"):
            self.loaded.add(str(given.get("src") or given.get("href")))

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.inline.append(data)


def opened(path: str, **headers: str) -> HttpAnswer:
    app = as_anonymous(load_app())
    return app("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})


@pytest.fixture(autouse=True)
def nothing_set() -> Any:
    """An app without a single setting: a page touches nothing."""
    container = Container(environment={})
    wired.put(container)
    before = set(vars(container))
    yield
    assert set(vars(container)) == before
    wired.put(None)


def test_the_document_is_served_as_it_is_committed() -> None:
    answer = opened("/openapi.json")
    assert answer.status == 200
    assert answer.text == (ROOT / "openapi.json").read_text()
    assert answer.headers["Content-Type"] == "application/json"


def test_the_page_loads_nothing_but_what_is_served_beside_it() -> None:
    page = opened("/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    links = Links(page.text)
    assert links.inline == []
    assert links.loaded - {"data:,"} == {
        "docs/swagger-ui.css",
        "docs/docs.css",
        "docs/swagger-ui-bundle.js",
        "docs/docs.js",
    }
    for each in links.loaded - {"data:,"}:
        assert opened(f"/{each}").status == 200


def test_the_page_draws_the_document_and_sends_nothing() -> None:
    script = opened("/docs/docs.js").text
    assert 'url: "openapi.json"' in script
    assert "supportedSubmitMethods: []" in script
    assert "validatorUrl: null" in script  # Swagger's own would send the address to swagger.io


@pytest.mark.parametrize("path", PATHS)
def test_the_policy_lets_a_browser_load_and_run_nothing_from_elsewhere(path: str) -> None:
    headers = opened(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*", policy)
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_the_browser_has_already_is_not_sent_again(path: str) -> None:
    tag = opened(path).headers["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = opened(path, If_None_Match=known)
        assert (answer.status, answer.text) == (304, "")
        assert answer.headers["ETag"] == tag
        kept = "no-cache" if path == "/openapi.json" else "public, max-age=3600"
        assert answer.headers["Cache-Control"] == kept
    assert opened(path, If_None_Match='"other"').status == 200


@pytest.mark.parametrize(
    "name", ["LICENSE", "..", "openapi.json", "%2e%2e", "docs.js%00", "DOCS.JS", "nothing"]
)
def test_nothing_is_served_that_is_not_named(name: str) -> None:
    answer = opened(f"/docs/{name}")
    assert (answer.status, answer.code) == (404, "FileNotFound")
    with pytest.raises(NotFoundError):
        pages.DOCS.reply(f"../{name}")


def test_a_page_may_let_a_browser_keep_its_files() -> None:
    kept = Pages("docs", frozenset({"docs.css"}), kept_seconds=600)
    assert kept.reply("docs.css").headers["Cache-Control"] == "public, max-age=600"


def test_what_is_served_of_the_library_fits_into_an_answer_of_a_function() -> None:
    largest = max((FOLDER / "docs" / name).stat().st_size for name in pages.DOCS.names)
    assert largest < 5_000_000  # Lambda: 6 MB, as JSON


def test_the_library_ships_with_its_licence() -> None:
    assert "Apache License" in (FOLDER / "docs" / "LICENSE").read_text()
    assert (FOLDER / "docs" / "NOTICE").exists()


def test_the_library_is_taken_from_the_pinned_archive_only() -> None:
    with pytest.raises(ValueError, match="not the archive"):
        docs_page.files_in(b"another archive")


def test_the_document_has_an_example_of_every_code() -> None:
    document = json.loads(opened("/openapi.json").text)
    codes = document["components"]["schemas"]["ErrorCode"]["enum"]
    assert set(document["components"]["examples"]) == set(codes)
