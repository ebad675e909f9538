"""The page in a headless browser: it shows what the ledger holds, and checks the proof instead of believing it."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from browser import WAIT_SECONDS_MAX, Page, launch
from service import wait_until

pytestmark = pytest.mark.page

PAGE_SIZE = 50
WIDE, NARROW = (1280, 900), (360, 740)
HOSTILE = "<script>window.injected = 1</script> \"'><img src=x onerror='window.injected = 1'> &amp; Invoice"
#: Replaces `fetch` by one that lets `spoil(answer, url)` change each JSON answer.
SPOIL = """
const real = window.fetch, spoil = new Function("answer", "url", arguments[0]);
window.fetch = async (url, options) => {
    const response = await real(url, options);
    if (!response.ok || !response.headers.get("content-type").includes("json")) return response;
    const answer = await response.json();
    spoil(answer, String(url));
    return new Response(JSON.stringify(answer), { status: response.status, headers: response.headers });
};
"""
#: What a lying service could change, and what the page must say of it.
LIES = {
    "a hash of the proof": (
        "if (url.includes('/proof')) answer.proof[0] = answer.proof[0].replace(/^./, (c) => (c === '0' ? '1' : '0'));",
        "The path leads to another root than the proof claims."),
    "a shorter proof": ("if (url.includes('/proof')) answer.proof.pop();", "does not have the length"),
    "a proof that is no hash": ("if (url.includes('/proof')) answer.proof[0] = '<b>0</b>';", "not a SHA-256 hash"),
    "the line": (
        "if (answer.line) answer.line = answer.line.replace('\"requested\"', '\"delivered\"');",
        "The line does not hash to the leaf hash given with it."),
    "the place in the line": (
        "if (answer.line) answer.line = answer.line.replace(/\"seq\":\\d+/, '\"seq\":0');",
        "The line says it is entry 0"),
    "the root of the proof": (
        "if (url.includes('/proof')) answer.root = '0'.repeat(64);", "another root than the proof claims"),
    "the root of the tree": (
        "if (url.includes('v1/tree')) answer.root = '0'.repeat(64);", "another root than the one it is held against"),
}


@dataclass
class Life:
    """One message from request to delivery, as it was posted and as the ledger numbered it."""

    message_id: str
    sender: str
    run_id: str
    entries: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)

    @property
    def seqs(self) -> list[int]:
        return [item["seq"] for item in self.items]


def ask(service: Any, path: str, token: str | None = None, **parameters: Any) -> Any:
    """The answer of a GET that must succeed."""
    headers = {"Authorization": f"Bearer {token or service.admin_token}"}
    answer = requests.get(service.url + path, headers=headers, params=parameters, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def all_entries(service: Any, **filters: Any) -> list[dict[str, Any]]:
    """Every item that fits, page by page."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask(service, "/v1/entries", limit=1000, **filters, **cursor)
        items += page["entries"]
        if "next_cursor" not in page:
            return items
        cursor = {"cursor": page["next_cursor"]}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots and downloads go."""
    folder = os.environ.get("COUNTERSIGN_ARTIFACTS")
    path = Path(folder) if folder else tmp_path_factory.mktemp("page")
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    driver = launch()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def life(service: Any) -> Life:
    """A message's life among others' entries, with a hostile subject and a hostile actor."""
    mark = secrets.token_hex(6)
    life = Life(f"<order-{mark}&amp;'\"@acme.example>", f"billing-{mark}@acme.example", f"run-{mark}")
    common = {"message_id": life.message_id, "sender": life.sender, "oversight_mode": "gated_send",
              "actor": {"type": "agent", "id": "<img src=x onerror='window.injected = 1'>"}}
    attempt = {"engine": "inngest", "run_id": life.run_id, "step_id": "send-reminder", "attempt": 1}
    personal = {"recipient": [f"kim-{mark}@customer.example", {"address": "jo@customer.example", "role": "cc"}],
                "subject": HOSTILE}
    life.entries = [
        {**common, "kind": "send", "outcome": "requested", "personal": personal},
        {**common, "kind": "send", "outcome": "held"},
        {**common, "kind": "decision", "outcome": "approved", "actor": {"type": "person", "id": f"usr-{mark}"}},
        {**common, "kind": "step_attempt", "outcome": "succeeded", "workflow": attempt},
        {**common, "kind": "send", "outcome": "sent"},
        {**common, "kind": "send", "outcome": "delivered"},
    ]
    service.post_entries([{"kind": "monitor", "outcome": "ok"} for _ in range(3)])
    service.post_entries(life.entries)
    service.post_entries([{"kind": "inbound", "outcome": "received", "sender": f"many-{mark}@acme.example"}
                          for _ in range(PAGE_SIZE + 7)])
    life.items = all_entries(service, message_id=life.message_id)
    assert len(life.items) == len(life.entries)
    return life


@pytest.fixture
def page(driver: webdriver.Chrome, service: Any, artifacts: Path, life: Life) -> Iterator[Page]:
    """The page freshly loaded and signed in; afterwards nothing hostile may have run."""
    page = Page(driver, service, artifacts)
    page.open()
    page.resize(WIDE)
    driver.execute_script("sessionStorage.clear()")
    page.open()
    page.complaints()
    page.sign_in()
    yield page
    assert driver.execute_script("return window.injected") is None


def test_the_page_needs_nothing_from_elsewhere_and_allows_no_inline_script(page: Page) -> None:
    policy = requests.get(page.service.url, timeout=60).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    loaded = page.driver.execute_script("return performance.getEntries().map((entry) => entry.name)")
    assert not [name for name in loaded if "://" in name and not name.startswith(page.service.url)]
    assert page.complaints() == []


def test_a_wrong_token_is_refused_with_the_next_step(page: Page) -> None:
    page.one("#sign-out").click()
    page.sign_in("mm_live_wrong")
    assert "Sign in with a live token" in page.text("#sign-in-result [role=alert]")
    assert not page.one("nav").is_displayed()
    page.photograph("sign-in")


def test_the_token_stays_in_the_tab_and_goes_with_it(page: Page, life: Life) -> None:
    page.go(f"#proof?seq={life.seqs[0]}")
    token = page.service.admin_token
    assert token not in page.driver.current_url and token not in page.driver.page_source
    assert page.driver.execute_script("return [localStorage.length, document.cookie]") == [0, ""]
    page.driver.refresh()
    page.settle()
    assert page.one("nav").is_displayed(), "the tab keeps its token over a reload"
    page.go("#message?id=" + requests.utils.quote(life.message_id, safe=""))
    page.one("#sign-out").click()
    assert page.driver.execute_script("return sessionStorage.length") == 0
    assert life.sender not in page.driver.page_source, "what was shown is gone"
    assert page.driver.current_url.split("#")[0] == page.driver.current_url


def test_an_identity_is_shown_with_what_was_found_and_what_to_do(page: Page) -> None:
    name = f"{secrets.token_hex(4)}.example"
    headers = {"Authorization": f"Bearer {page.service.admin_token}"}
    requests.put(f"{page.service.url}/v1/identities/{name}", json={"selectors": ["s1"]}, headers=headers, timeout=60)
    wait_until(lambda: "assessment" in ask(page.service, f"/v1/identities/{name}"), 60, "the first check", pause=0.2)
    page.go("#identities")
    assert name in page.text("#identities-result") and "indeterminate" in page.text("#identities-result")
    page.go(f"#identities?id={name}")
    shown = page.text("#identities-result")
    assert "Check again later" in shown and "not met: unknown" in shown
    assert len(page.every("#identities-result .timeline li")) == 1
    page.photograph("identity")
    assert page.complaints() == []


@pytest.mark.parametrize("by", ["kind", "outcome", "oversight_mode", "sender"])
def test_the_chart_counts_what_the_ledger_holds(page: Page, by: str) -> None:
    page.go(f"#overview?per=day&by={by}")
    expected = Counter(item["entry"].get(by, f"no {by}").replace("_", " " if by != "sender" else "_")
                       for item in all_entries(page.service))
    drawn: Counter[str] = Counter()
    for index, key in enumerate(page.every(".legend li")):
        name, number = key.get_property("textContent").strip().rsplit(" ", 1)
        bars = [int(bar.get_attribute("data-value")) for bar in page.every(f".column .s{index}")]
        assert sum(bars) == int(number.replace(",", "")), name
        assert all(bar.size["height"] > 0 for bar in page.every(f".column .s{index}"))
        drawn[name] = sum(bars)
    if "others" in drawn:
        expected["others"] = sum(number for name, number in expected.items() if name not in drawn)
        expected = Counter({name: expected[name] for name in drawn})
    assert drawn == expected
    foot = [cell.text.replace(",", "") for cell in page.every("tfoot td")]
    assert foot == [str(drawn.total()), *(str(number) for number in drawn.values())]
    assert page.text("#total").replace(",", "") == str(drawn.total())
    page.photograph(f"overview-{by}")


def test_the_chart_is_read_with_the_keyboard_and_the_pointer(page: Page) -> None:
    page.go("#overview?per=hour&by=kind")
    page.driver.execute_script("document.querySelector('.column[tabindex=\"0\"]').focus()")
    assert page.text(".reading") == page.driver.switch_to.active_element.get_attribute("aria-label")
    webdriver.ActionChains(page.driver).send_keys(Keys.ARROW_LEFT).perform()
    before_last = page.every(".column")[-2]
    assert page.driver.switch_to.active_element == before_last
    webdriver.ActionChains(page.driver).move_to_element(page.every(".column .hit")[-1]).perform()
    assert page.text(".reading") == page.every(".column")[-1].get_attribute("aria-label")


def test_the_timeline_shows_the_life_of_a_message(page: Page, life: Life) -> None:
    page.go("#message")
    page.submit("message-form", id=life.message_id)
    rows = page.every(".timeline > li")
    assert [int(row.get_attribute("data-seq")) for row in rows] == life.seqs
    for row, item, posted in zip(rows, life.items, life.entries, strict=True):
        text = row.get_property("textContent")
        assert row.find_element(By.CSS_SELECTOR, ".outcome").text == posted["outcome"]
        assert posted["kind"].replace("_", " ") in text and posted["actor"]["id"] in text
        assert item["leaf_hash"][:10] in text and f"seq {item['seq']}" in text
        assert row.find_element(By.TAG_NAME, "time").get_attribute("datetime") == item["entry"]["recorded_at"]
        assert posted["kind"] in row.get_attribute("class").split() or posted["kind"] == "send"
    facts = page.text("#message-result dl")
    assert "delivered" in facts and life.sender in facts and "gated send" in facts and life.message_id in facts
    assert "as claimed" in page.text(".timeline > .decision"), "a decision reported by a caller is a claim"
    assert "send-reminder, attempt 1" in page.text(".timeline > .step_attempt")
    assert life.run_id in page.text("[aria-label='Workflow attempts']")
    rows[0].find_element(By.TAG_NAME, "summary").click()
    details = rows[0].find_element(By.TAG_NAME, "details").text
    assert f'"nonce": "{life.items[0]["entry"]["nonce"]}"' in details and HOSTILE in details
    assert "jo@customer.example (cc)" in details
    page.photograph("message")
    page.resize(WIDE, "dark")
    page.photograph("message-dark")


def test_hostile_text_is_inert(page: Page, life: Life) -> None:
    for fragment in (f"#entries?sender={life.sender}", f"#proof?seq={life.seqs[0]}", "#message"):
        page.go(fragment)
        if fragment == "#message":
            page.submit("message-form", id=life.message_id)
            assert HOSTILE in page.text("#message-result dl")
        assert page.every("main img, main script, main [onerror]") == []
    assert page.driver.execute_script("return window.injected") is None
    assert page.complaints() == []


def test_a_token_without_the_right_sees_that_something_is_sealed(page: Page, life: Life) -> None:
    made = requests.post(f"{page.service.url}/v1/tokens", json={"name": "page reader", "scopes": ["read"]}, timeout=60,
                         headers={"Authorization": f"Bearer {page.service.admin_token}"})
    assert made.status_code == 201, made.text
    page.one("#sign-out").click()
    page.sign_in(made.json()["token"])
    page.go("#message")
    page.submit("message-form", id=life.message_id)
    assert "Sealed, and not disclosed to this token or erased: recipient, subject." in page.text(".timeline > li")
    assert "customer.example" not in page.text("main")
    page.go("#entries")
    page.submit("export-form")
    assert "Sign in with a token that has this scope" in page.text("#export-result [role=alert]")


def test_the_tree_is_the_one_of_the_interface(page: Page) -> None:
    page.go("#proof")
    tree = ask(page.service, "/v1/tree")
    assert page.text("#tree-size").replace(",", "") == str(tree["size"])
    assert page.text("#tree-root") == tree["root"]
    assert tree["ledger"] in page.text("#tree") and tree["ledger"] in page.text("#tree-line")


def test_the_proof_of_every_kind_of_place_holds(page: Page, life: Life) -> None:
    size = ask(page.service, "/v1/tree")["size"]
    for seq in (0, life.seqs[0], life.seqs[-1], size - 1):
        page.go("#proof")
        page.submit("proof-form", seq=str(seq))
        assert "This entry is in the tree" in page.text("#verdict.good"), seq
        path = ask(page.service, f"/v1/entries/{seq}/proof", size=size)["proof"]
        assert len(page.every(".steps li")) == len(path) + 1
        assert page.text("pre.line") == ask(page.service, f"/v1/entries/{seq}")["line"]
    page.photograph("proof")


@pytest.mark.parametrize("lie", LIES)
def test_a_tampered_answer_is_reported(page: Page, life: Life, lie: str) -> None:
    script, sentence = LIES[lie]
    page.driver.execute_script(SPOIL, script)
    page.go(f"#proof?seq={life.seqs[0]}")
    verdict = page.text("#verdict.bad[role=alert]")
    assert "not proved to be in the tree" in verdict and sentence in verdict
    assert page.every("#verdict.good") == []
    page.photograph(f"proof-{lie.replace(' ', '-')}")


def test_an_entry_is_held_against_a_root_that_was_kept(page: Page, life: Life) -> None:
    kept = ask(page.service, f"/v1/entries/{life.seqs[0]}/proof", size=life.seqs[1])
    page.go("#proof")
    page.submit("proof-form", seq=str(life.seqs[0]), size=str(kept["size"]), root=kept["root"].upper())
    assert "to the root you gave" in page.text("#verdict.good")
    page.submit("proof-form", root="0" * 64)
    assert "another root than the one it is held against" in page.text("#verdict.bad")


def test_entries_are_filtered_and_paged(page: Page, life: Life) -> None:
    page.go("#entries")
    page.submit("entries-form", run_id=life.run_id, kind="step attempt")
    assert [cell.text for cell in page.every("#entries-result tbody th")] == [str(life.seqs[3])]
    many = life.sender.replace("billing", "many")
    page.go("#entries?order=asc&sender=" + many)
    seen = []
    while True:
        seen += [int(cell.text) for cell in page.every("#entries-result tbody th")]
        following = page.every("#next")
        if not following:
            break
        following[0].click()
        page.settle()
    assert seen == [item["seq"] for item in all_entries(page.service, sender=many)] and len(seen) > PAGE_SIZE
    page.go("#entries?sender=nobody@nowhere.example")
    assert "No entry fits" in page.text("#entries-result")


def test_an_export_is_saved_byte_for_byte(page: Page, life: Life, tmp_path: Path) -> None:
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.go("#entries?sender=" + life.sender)
    page.submit("export-form")
    saved = WebDriverWait(page.driver, WAIT_SECONDS_MAX).until(lambda _: list(tmp_path.glob("*.jsonl")))[0].read_bytes()
    lines = [ask(page.service, f"/v1/entries/{seq}")["line"].encode() + b"\n" for seq in life.seqs]
    assert saved == b"".join(lines)


def test_a_failure_names_the_next_step_and_can_be_tried_again(page: Page) -> None:
    page.go("#message?id=nobody@nowhere.example")
    assert "Check what was entered" in page.text("#message-result [role=alert]")
    page.driver.execute_script("window.real = fetch; window.fetch = () => Promise.reject(new TypeError('down'))")
    page.go("#proof?seq=0")
    assert "The service did not answer" in page.text("#proof-result [role=alert]")
    page.photograph("failure")
    page.driver.execute_script("window.fetch = window.real")
    page.one("#proof-result button").click()
    page.settle()
    assert page.every("#verdict.good")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_needs_no_sideways_scrolling(page: Page, life: Life, scheme: str) -> None:
    page.resize(NARROW, scheme)
    for name, fragment in (("overview", "#overview?by=outcome"), ("message", "#message"), ("entries", "#entries"),
                           ("proof", f"#proof?seq={life.seqs[0]}")):
        page.go(fragment)
        if name == "message":
            page.submit("message-form", id=life.message_id)
            for summary in page.every(".timeline summary"):
                summary.click()
        widths = page.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1] == NARROW[0], name
        page.photograph(f"narrow-{name}-{scheme}")
