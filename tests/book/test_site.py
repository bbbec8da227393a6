"""The built site in a real browser: what a reader sees, on a desktop and on a phone.

The tests look at `_build/html`, so they come after `mindgap book site`. They skip where
there is no site, or no Chromium with its driver.
"""

import base64
import functools
import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest

from mindgap.book import playground

HTML = Path(__file__).parents[2] / "_build" / "html"
PAGES = sorted(str(path.relative_to(HTML)) for path in HTML.glob("*.html"))
READ = [  # what authors wrote: no search page, no index
    page for page in PAGES if [*(HTML / "_sources").glob(f"{Path(page).stem}.*")]
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
DRIVER = shutil.which("chromedriver")
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not PAGES, reason="no site: run `mindgap book site` first"),
]
needs_browser = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no Chromium with chromedriver on the PATH"
)

FIGURES = """
return [...document.querySelectorAll('article .mg-figure')].map(figure => {
  const texts = [...figure.querySelectorAll('svg text')]
    .filter(text => text.getClientRects().length && text.textContent.trim());
  const sizes = texts.map(text => parseFloat(getComputedStyle(text).fontSize)
    * text.ownerSVGElement.getScreenCTM().a);
  return {words: figure.getAttribute('aria-label'), wide: figure.scrollWidth,
    texts: texts.length, least: Math.min(...sizes)};
});"""
"""Of each figure its words, its width, and its smallest text, in pixels."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    options.set_capability(
        "goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"}
    )
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        # Nothing but this machine has an address: what a page asks for elsewhere
        # fails, and so shows in the console too.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={tmp_path_factory.mktemp('browser')}",
    ):
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


def opened(browser: Any, url: str, width: str) -> list[str]:
    """Open a page, wait until it has settled, and return the addresses it asked for."""
    across, down = WIDTHS[width]
    size = {"width": across, "height": down, "deviceScaleFactor": 1}
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {**size, "mobile": width == "phone"}
    )
    browser.get("about:blank")
    # Every visit is a first one: nothing cached, no choice of a theme remembered.
    origin = {"origin": urljoin(url, "/").rstrip("/"), "storageTypes": "all"}
    browser.execute_cdp_cmd("Storage.clearDataForOrigin", origin)
    browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    for log in ("performance", "browser"):
        browser.get_log(log)  # reading empties it
    browser.set_script_timeout(120)
    browser.get(url)
    browser.execute_async_script(
        "const done = arguments[0];"
        "const math = window.MathJax?.startup?.promise ?? Promise.resolve();"
        "math.then(() => document.fonts.ready).then(() => setTimeout(done, 200));"
    )
    events = [
        json.loads(entry["message"])["message"]
        for entry in browser.get_log("performance")
    ]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


@needs_browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_page(browser: Any, address: str, page: str, width: str) -> None:
    asked = opened(browser, address + page, width)
    local = (address, "data:", "blob:", "about:", "chrome:")
    assert [url for url in asked if not url.startswith(local)] == []

    complaints = [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] in ("SEVERE", "WARNING")
        # browsers may ask for this before they have read which icon a page names
        and not entry["message"].startswith(address + "favicon.ico")
    ]
    assert complaints == []

    # Images that are loaded lazily, or hidden by a theme, have no size yet: load them.
    broken = browser.execute_async_script(
        "const done = arguments[0];"
        "Promise.all([...document.images].map(image => {"
        "  const again = new Image(); again.src = image.src;"
        "  return again.decode().then(() => null, () => image.src);"
        "})).then(all => done(all.filter(source => source)));"
    )
    assert broken == []

    unnamed = browser.execute_script(
        "return [...document.querySelectorAll('article img:not([alt])')]"
        ".map(image => image.src)"
    )
    assert unnamed == []

    figures = browser.execute_script(FIGURES)
    assert [figure["words"] for figure in figures if len(figure["words"]) < 40] == []
    least = {"desktop": 9, "phone": 7}[width]
    assert [figure for figure in figures if figure["least"] < least] == []
    column = {"desktop": 700, "phone": 390}[width]
    assert [figure for figure in figures if figure["wide"] > column] == []

    raw, bad = browser.execute_script(
        "const math = [...document.querySelectorAll('.math')];"
        "return [math.filter(m => !m.querySelector('mjx-container')).length,"
        "        document.querySelectorAll('mjx-merror').length]"
    )
    assert (raw, bad) == (0, 0), "math that was not rendered, or with an error"

    wide, inner = browser.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert wide <= inner, "the page scrolls sideways"
    assert inner == WIDTHS[width][0]

    if width == "desktop" and page in READ:
        for theme in ("light", "dark"):
            assert faults_for_some(browser, theme) == [], theme


def faults_for_some(browser: Any, theme: str) -> list[Any]:
    """Rules of axe-core for WCAG 2.1, A and AA, that the text breaks; dark, contrast.

    Left out are the theme's frame around the text; code, whose colours are the theme's
    own high-contrast ones; Sphinx's list of citations, which has wrong roles; and the
    inside of drawings, which are images with words. That is removed before: axe-core
    weighs all elements of a page to judge one.
    """
    axe = pytest.importorskip("axe_core_python")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
    rules = {
        "light": {"type": "tag", "values": levels},
        "dark": {"type": "rule", "values": ["color-contrast"]},
    }
    browser.execute_script(
        "document.documentElement.dataset.theme = arguments[0];", theme
    )
    browser.execute_script(script)
    browser.execute_script(
        "document.querySelectorAll('.mg-figure svg').forEach(s => s.replaceChildren());"
    )
    return browser.execute_async_script(
        "const [rules, done] = arguments;"
        "const what = {include: [['article']],"
        "  exclude: [['.highlight'], ['.citation-list'], ['.mg-figure svg']]};"
        "axe.run(what, {runOnly: rules, resultTypes: ['violations']}).then("
        "  found => done(found.violations.map(broken =>"
        "    [broken.id, broken.nodes.slice(0, 3).map(node => node.html)])),"
        "  error => done([String(error)]));",
        rules[theme],
    )


@needs_browser
def test_search_finds_a_chapter(browser: Any, address: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    opened(browser, address + "search.html?q=seeds", "desktop")
    WebDriverWait(browser, 20).until(
        lambda b: b.find_elements(By.CSS_SELECTOR, "#search-results li a")
    )


IN_THE_PLAYGROUND = {*playground.SHOWN} - {
    "strongly_connected_components",
    "articulation_points",
    "find_maximum_subarray_kadane",
}
"""Those that are loaded and run within seconds."""


@needs_browser
@pytest.mark.skipif("playground.html" not in PAGES, reason="no such page")
@pytest.mark.parametrize("name", sorted(IN_THE_PLAYGROUND))
def test_every_algorithm_runs_in_the_playground(browser: Any, address, name) -> None:
    """Step by step to the end, without a tie on the first graph, and with one after."""
    from selenium.webdriver.support.ui import Select, WebDriverWait

    opened(browser, address + "playground.html", "phone")
    said = "return document.querySelector('.pg-said').textContent"

    def says(words):
        return lambda _: words in browser.execute_script(said)

    press = (
        "[...document.querySelectorAll('.pg button')]"
        ".find(button => button.textContent === arguments[0]).click();"
    )
    WebDriverWait(browser, 20).until(says("Step 0"))
    Select(browser.find_element("css selector", ".pg select")).select_by_value(name)
    loaded = "return Boolean(mindgapPlayground.tasks[arguments[0]])"
    WebDriverWait(browser, 20).until(lambda b: b.execute_script(loaded, name))
    WebDriverWait(browser, 20).until(says("Step 0"))
    for _ in range(120):
        browser.execute_script(press, "Step")
        assert "A tie" not in browser.execute_script(said)
        if "The run is over." in browser.execute_script(said):
            break
    assert "The run is over." in browser.execute_script(said)
    browser.execute_script(press, "Back")
    assert "The run is over." not in browser.execute_script(said)
    assert not [e for e in browser.get_log("browser") if e["level"] == "SEVERE"]
    if name == "bellman_ford":
        browser.execute_script(press, "Make a tie")
        browser.execute_script(press, "Step")
        browser.execute_script(press, "Step")
        assert "A tie: node 3" in browser.execute_script(said)


class Links(HTMLParser):
    """Collects what a page points at, and the places in it that can be pointed at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.targets.add(value)
            if name in ("id", "name") and value:
                self.places.add(value)


@pytest.mark.parametrize("page", READ)
def test_data_of_figures_lies_in_the_page(page: str) -> None:
    found = Links((HTML / page).read_text("utf-8"))
    for target in found.targets:
        if target.startswith("data:text/csv"):
            text = base64.b64decode(target.split("base64,")[1]).decode()
            lines = text.splitlines()
            assert len(lines) > 1 and "," in lines[0]
            assert len(text) < 300_000


def test_internal_links_resolve() -> None:
    links = {page: Links((HTML / page).read_text("utf-8")) for page in PAGES}
    broken = []
    for page, found in links.items():
        for target in found.targets:
            if urlparse(target).scheme or target.startswith("//"):
                continue
            path, place = urldefrag(unquote(urljoin(page, target)))
            path = urlparse(path).path or page
            if not (HTML / path).exists():
                broken.append(f"{page} -> {target}: no such file")
            elif place and path in links and place not in links[path].places:
                broken.append(f"{page} -> {target}: no such place")
    assert broken == []


def test_chapters_link_to_colab_and_to_their_source() -> None:
    for page in PAGES:
        if (HTML / "_sources" / page).with_suffix(".ipynb").exists():
            text, stem = (HTML / page).read_text("utf-8"), Path(page).stem
            assert f"/blob/main/book/{stem}.ipynb" in text, "no Colab button"
            assert f"/edit/main/book/{stem}.py" in text, "no edit link to the source"
