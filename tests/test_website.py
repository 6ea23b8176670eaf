"""The documentation as a site, built and opened in a browser."""

import functools
import http.server
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from certstrap.cli.app import SUMMARIES
from tests import programs
from tests.docs import GUIDES, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("mkdocs", reason="the extra site is not installed")
sync_api = pytest.importorskip("playwright.sync_api", reason="the extra site is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed"),
    pytest.mark.xdist_group("website"),
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


class Links(HTMLParser):
    """The links of a page, and what they can lead to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors.add(values.get("id") or "")
        if tag == "a" and values.get("href"):
            self.links.add(values["href"] or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = programs.run(
        *(sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)),
        folder=ROOT,
        environ={"NO_MKDOCS_2_WARNING": "1", "HOME": str(folder.parent)},
        seconds=120,
    )
    assert "WARNING" not in built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> list[str]:
    return sorted(
        str(path.relative_to(site)) for path in site.rglob("*.html") if path.name != "404.html"
    )


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(browser: "Browser", size: str) -> "Page":
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        permissions=["clipboard-read", "clipboard-write"],
    )
    return context.new_page()


@pytest.mark.parametrize("size", SIZES)
def test_no_page_is_wider_than_its_screen_and_no_picture_is_missing(
    size: str, browser: "Browser", address: str, pages: list[str]
) -> None:
    page = open_page(browser, size)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: problems.extend([answer.url] * (answer.status >= 400)))
    for name in pages:
        page.goto(address + name)
        width, shown = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= shown, name
        assert not page.evaluate("[...document.images].filter(i => !i.naturalWidth).length"), name
    assert problems == []
    page.context.close()


def test_every_link_leads_to_a_page_and_to_a_heading_of_it(site: Path, pages: list[str]) -> None:
    found = {name: Links((site / name).read_text(encoding="utf-8")) for name in pages}
    for name, page in found.items():
        for link in page.links:
            target = urlsplit(urljoin(f"http://site/{name}", link))
            if target.netloc != "site":
                continue
            path = unquote(target.path).lstrip("/") or "index.html"
            assert (site / path).is_file(), (name, link)
            if target.fragment and path in found:
                assert unquote(target.fragment) in found[path].anchors, (name, link)


def test_each_document_is_in_the_navigation() -> None:
    listed = re.findall(r"- ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert {path.name for path in GUIDES} <= set(listed)


def test_each_command_has_a_page_with_its_help(site: Path) -> None:
    for name, summary in SUMMARIES.items():
        text = (site / "commands" / f"{name}.html").read_text(encoding="utf-8")
        assert summary.rstrip(".") in re.sub("<[^>]*>", "", text).replace("&#39;", "'")


def test_the_page_of_a_command_has_the_groups_of_its_help(site: Path) -> None:
    text = (site / "commands" / "issue.html").read_text(encoding="utf-8")
    headings = re.findall(r'<h2 id="[^"]*">([^<]*)<', text)
    printed = programs.run(sys.executable, "-m", "certstrap", "issue", "--help").lines
    assert headings == [line[:-1] for line in printed if re.fullmatch(r"[A-Z]\w+:", line)]
    assert '<code class="short">-h, --help</code>' in text


def test_an_option_is_never_split_between_two_lines(browser: "Browser", address: str) -> None:
    page = open_page(browser, "phone")
    page.goto(address + "from-certstrap.html")
    options = page.locator("code", has_text=re.compile(r"^--[a-z-]{1,22}$"))
    lines = options.evaluate_all("found => found.map(each => each.getClientRects().length)")
    assert set(lines) == {1}
    page.context.close()


def test_a_copy_button_copies_commands_without_a_prompt(browser: "Browser", address: str) -> None:
    page = open_page(browser, "desktop")
    page.goto(address + "walkthrough.html")
    page.locator(".highlight").first.hover()
    page.locator(".highlight button[data-md-type=copy], .highlight .md-clipboard").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == 'certstrap init --common-name "Cert"'
    page.context.close()


def test_shells_are_tabs_and_search_finds_a_page(browser: "Browser", address: str) -> None:
    page = open_page(browser, "desktop")
    page.goto(address + "walkthrough.html")
    assert page.locator(".tabbed-labels").first.inner_text().split("\n") == [
        "bash, zsh", "PowerShell", "cmd",
    ]  # fmt: skip
    page.keyboard.press("/")
    page.keyboard.type("rotate", delay=20)
    page.locator(".md-search-result a[href$='/rotate.html']").first.wait_for()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_light_or_dark_as_the_system_is(
    scheme: Literal["light", "dark"], browser: "Browser", address: str
) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    shown = page.evaluate("document.body.getAttribute('data-md-color-scheme')")
    assert shown == {"light": "default", "dark": "slate"}[scheme]
    context.close()
