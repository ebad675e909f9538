"""Every query finds what a scan of the whole export finds: filters, pages, times, exports, counts, messages."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

import events
from api import Api
from clocks import Clock
from events import Events
from reference import from_base64url

pytestmark = pytest.mark.queries

BATCH = 100
#: When entries come in, in hours from now: within an hour, across hours, days, a month and a new year.
HOURS = [0, 0, 1, 2, 26, 27, 50, 24 * 20, 24 * 20 + 5, 24 * 40, 24 * 41, 24 * 75, 24 * 75, 24 * 75 + 1]
QUERIES = 120
DIMENSIONS = ("sender", "kind", "oversight_mode", "outcome")
BUCKET_FORMS = {"hour": "%Y-%m-%dT%H:00:00Z", "day": "%Y-%m-%dT00:00:00Z", "month": "%Y-%m-01T00:00:00Z"}


@dataclass
class Known:
    """One entry as the export shows it, and what can be asked of it."""

    seq: int
    entry: dict[str, Any]
    recorded_at: datetime
    people: set[str]

    def values(self, name: str) -> set[str]:
        """The values under which a filter finds this entry."""
        if name == "recipient":
            return self.people
        if name == "sender_domain":
            return {each.rpartition("@")[2] for each in self.values("sender")}
        value = self.entry.get(name)
        if name == "actor":
            value = self.entry.get("actor", {}).get("id")
        elif name == "run_id":
            value = self.entry.get("workflow", {}).get("run_id")
        elif name == "sender" and value is not None:
            value = value.lower()
        return set() if value is None else {value}


@dataclass
class Scanned:
    """A ledger over many days, and all that its export holds."""

    clock: Clock
    known: list[Known]

    @property
    def api(self) -> Api:
        return self.clock.cluster.api

    def matching(self, query: dict[str, Any]) -> list[int]:
        """The entries that a query means: each filter must hold, one of its values suffices."""
        low, high = (datetime.fromisoformat(query[name]) if name in query else None for name in ("from_", "to"))
        filters = {name: set(values) for name, values in query.items() if name not in ("from_", "to")}
        return [each.seq for each in self.known
                if (low is None or each.recorded_at >= low) and (high is None or each.recorded_at < high)
                and all(wanted & each.values(name) for name, wanted in filters.items())]


class Crowded(Events):
    """Events that share people, messages and runs, so that filters find several."""

    def event(self, kind: str | None = None) -> dict[str, Any]:
        event = super().event(kind)
        shared: dict[str, Callable[[], Any]] = {
            "message_id": lambda: f"<{self.rng.randrange(60)}é/%?#+&=@acme.example>", "sender": self.address,
            "actor": lambda: {"type": "agent", "id": f"agent {self.rng.randrange(6)}&=%é"}}
        for name, make in shared.items():
            if name in event:
                event[name] = make()
        if "workflow" in event:
            event["workflow"]["run_id"] = f"run/{self.rng.randrange(25)}+%"
        return event

    def address(self) -> str:
        number = self.rng.randrange(15)
        return self.rng.choice([f"User.{number}+é@Acme{number % 4}.example", f"user.{number}+é@acme{number % 4}.example"])


@pytest.fixture(scope="module")
def scanned(request: pytest.FixtureRequest) -> Iterator[Scanned]:
    clock = Clock()
    try:
        api = clock.cluster.api
        maker = Crowded(random.Random(f"{request.config.option.seed}/queries"))
        for hours in HOURS:
            clock.set(f"+{hours}h")
            for _ in range(2):
                api.append([maker.event() for _ in range(BATCH)])
        known = []
        for each in map(json.loads, api.lines(disclosures="true")):
            entry = json.loads(each["line"])
            opened = [json.loads(from_base64url(disclosure)) for disclosure in each["disclosures"]]
            people = {value["address"] if name == "recipient" else value
                      for _, name, value in opened if name in ("recipient", "author")}
            known.append(Known(entry["seq"], entry, datetime.fromisoformat(entry["recorded_at"]),
                               {person.lower() for person in people}))
        yield Scanned(clock, known)
    finally:
        clock.close()


def random_query(scanned: Scanned, rng: random.Random) -> dict[str, Any]:
    """Some filters, mostly with values that occur together."""
    query: dict[str, Any] = {}
    names = ["message_id", "sender", "sender_domain", "kind", "oversight_mode", "outcome", "run_id", "actor",
             "recipient"]
    model = rng.choice(scanned.known)
    for name in rng.sample(names, rng.choice([1, 1, 2, 3])):
        values = sorted(model.values(name))
        others = sorted(rng.choice(scanned.known).values(name))
        if values:
            query[name] = [rng.choice(values)] + (others[:1] if rng.random() < 0.5 else [])
    for name in ("from_", "to"):
        if rng.random() < 0.3 or not query:
            query[name] = moment(rng.choice(scanned.known).recorded_at, rng)
    return query


def moment(recorded: datetime, rng: random.Random) -> str:
    """A time at, beside or around an entry's, in one of the forms of RFC 3339."""
    if rng.random() < 0.3:
        recorded = recorded.replace(minute=0, second=0, microsecond=0) + timedelta(hours=rng.choice([0, 1]))
    recorded += timedelta(microseconds=rng.choice([-1, 0, 0, 1]))
    return recorded.isoformat(timespec="microseconds").replace("+00:00", "Z")


def pages(api: Api, query: dict[str, Any], limit: int | None, order: str | None) -> list[int]:
    """The `seq` of everything that a query gives, page by page."""
    found: list[int] = []
    cursor = None
    for _ in range(10_000):
        page = api.json("/v1/entries", **query, limit=limit, order=order, cursor=cursor)
        assert len(page["entries"]) <= (limit or 100)
        found += [item["seq"] for item in page["entries"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            return found
    raise AssertionError("a query without end")


def test_every_filter_finds_what_a_scan_finds(
    scanned: Scanned, rng: random.Random, report: Callable[[str], None],
) -> None:
    hits: Counter[str] = Counter()
    empty = 0
    last = len(scanned.known)
    for _ in range(QUERIES):
        query = random_query(scanned, rng)
        order, limit = rng.choice([None, "asc", "desc"]), rng.choice([None, 1, 7, 1000])
        expected = scanned.matching(query)
        if limit == 1:
            expected = expected[:10] if order != "desc" else expected[-10:]
            query["from_" if order == "desc" else "to"] = bound(scanned, expected, order)
            expected = scanned.matching(query)
        # The exports of this file are entries too, later than what was scanned.
        found = [seq for seq in pages(scanned.api, query, limit, order) if seq < last]
        assert found == (expected[::-1] if order == "desc" else expected), (query, order, limit)
        empty += not expected
        hits.update(dict.fromkeys(query, 1) if expected else {})
    assert empty < QUERIES // 2 and set(hits) >= {"message_id", "sender", "sender_domain", "kind", "oversight_mode",
                                                   "outcome", "run_id", "actor", "recipient", "from_", "to"}, hits
    report(f"{QUERIES} queries over {last} entries, {empty} of them empty; with hits: "
           + ", ".join(f"{name.rstrip('_')} {count}" for name, count in sorted(hits.items())))


def bound(scanned: Scanned, seqs: list[int], order: str | None) -> str:
    """A time that keeps a query to about these entries."""
    at = scanned.known[(seqs[0] if order == "desc" else seqs[-1]) if seqs else 0].recorded_at
    at += timedelta(0 if order == "desc" else 1e-6)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_ids_are_found_in_any_form_that_means_them(scanned: Scanned) -> None:
    model = next(each for each in scanned.known if each.entry.get("message_id") and each.people
                 and each.entry.get("sender"))
    message_id, person = model.entry["message_id"], min(model.people)
    for query, same in (({"message_id": message_id.strip("<>")}, {"message_id": [message_id]}),
                        ({"sender": model.entry["sender"].upper().replace("É", "é")},
                         {"sender": [model.entry["sender"].lower()]}),
                        ({"sender_domain": "ACME1.example"}, {"sender_domain": ["acme1.example"]}),
                        ({"recipient": person.upper().replace("É", "é")}, {"recipient": [person]})):
        expected = scanned.matching(same)
        assert expected and pages(scanned.api, query, 1000, None) == expected, query


def test_pages_stay_as_they_were_while_entries_come_in(scanned: Scanned) -> None:
    page = scanned.api.json("/v1/entries", kind="send", limit=50)
    expected, found, size = scanned.matching({"kind": ["send"]}), [], page["size"]
    while True:
        found += [item["seq"] for item in page["entries"]]
        if "next_cursor" not in page:
            break
        scanned.api.append([{"kind": "send", "outcome": "sent"}] * 3)
        page = scanned.api.json("/v1/entries", kind="send", limit=50, cursor=page["next_cursor"])
        assert page["size"] == size
    assert [seq for seq in found if seq < len(scanned.known)] == expected and max(found) < size


def test_a_filtered_export_is_a_part_of_the_whole_one(scanned: Scanned, rng: random.Random) -> None:
    whole = scanned.api.lines()
    for _ in range(15):
        query = random_query(scanned, rng)
        lines = [line for line in scanned.api.lines(**query) if line in whole[:len(scanned.known)]]
        assert lines == [whole[seq] for seq in scanned.matching(query)], query


def counted(known: list[Known], dimensions: tuple[str, ...], form: str) -> Counter[tuple[Any, ...]]:
    """How often each combination occurs in each bucket."""
    return Counter((each.recorded_at.strftime(form), *(next(iter(each.values(name)), None) for name in dimensions))
                   for each in known)


@pytest.mark.parametrize("bucket", BUCKET_FORMS)
def test_counts_are_those_of_a_scan(scanned: Scanned, rng: random.Random, bucket: str) -> None:
    starts = sorted({each.recorded_at.replace(minute=0, second=0, microsecond=0) for each in scanned.known})
    # Later tests write into the last hours, so the counts end before the newest entry that was scanned.
    end = starts[-1]
    for _ in range(12):
        dimensions = tuple(rng.sample(DIMENSIONS, rng.randrange(1, 5)))
        low = rng.choice([None, *starts[:-1]])
        high = rng.choice([end, *[start for start in starts if low is None or start > low]])
        answer = scanned.api.json("/v1/stats", by=",".join(dimensions), bucket=bucket, to=hour(high),
                                  from_=None if low is None else hour(low))
        found = {(each["start"], *(count.get(name) for name in dimensions)): count["count"]
                 for each in answer["buckets"] for count in each["counts"]}
        inside = [each for each in scanned.known if each.recorded_at < high and (low is None or each.recorded_at >= low)]
        assert found == counted(inside, dimensions, BUCKET_FORMS[bucket]), (dimensions, low, high)
        order = [each["start"] for each in answer["buckets"]]
        assert order == sorted(set(order))


def hour(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:00:00Z")


def test_a_messages_life_holds_all_of_its_entries_in_order(scanned: Scanned) -> None:
    ids = sorted({each.entry["message_id"] for each in scanned.known if "message_id" in each.entry})
    for message_id in ids[:12]:
        answer = scanned.api.json("/v1/messages/" + quote(message_id, safe=""))
        timeline = [item["seq"] for item in answer["timeline"]]
        own = scanned.matching({"message_id": [message_id]})
        assert timeline == sorted(timeline) and set(own) <= set(timeline), message_id
        for item in answer["timeline"]:
            if item["seq"] not in own:
                assert names(item["entry"], message_id, answer), f"{message_id}: what is {item['entry']} doing here?"
        sends = [each.entry["outcome"] for each in scanned.known if each.seq in own and each.entry["kind"] == "send"]
        assert answer.get("state") == furthest(sends)


#: What may follow what, as Format.md has it.
NEXT = {
    "requested": {"held", "scheduled", "sent", "failed", "rejected", "cancelled", "refused", "suppressed", "expired",
                  "unknown"},
    "held": {"scheduled", "sent", "failed", "rejected", "cancelled", "refused", "suppressed", "expired", "unknown"},
    "scheduled": {"held", "sent", "failed", "cancelled", "refused", "suppressed", "expired", "unknown"},
    "unknown": {"sent", "delivered", "bounced", "complained", "failed"}, "sent": {"delivered", "bounced", "complained"},
    "delivered": {"bounced", "complained"}, "bounced": {"complained"}}


def follows(later: str, earlier: str, seen: frozenset[str] = frozenset()) -> bool:
    steps = NEXT.get(earlier, set()) - seen
    return later in steps or any(follows(later, step, seen | steps) for step in steps)


def furthest(outcomes: list[str]) -> str | None:
    """The last of the outcomes that no other of them comes behind."""
    ends = [one for one in outcomes if not any(
        other != one and follows(other, one) and not follows(one, other) for other in outcomes)]
    return ends[-1] if ends else None


def names(entry: dict[str, Any], message_id: str, answer: dict[str, Any]) -> bool:
    """Whether an entry of another message belongs to this one: it links to it, or is an attempt of one of its runs."""
    runs = {item["entry"]["workflow"]["run_id"] for item in answer["timeline"] if "workflow" in item["entry"]
            and item["entry"].get("message_id") == message_id}
    links = [link["id"] for link in entry.get("data", {}).get("links", [])]
    return message_id in map(events.bracketed, links) or (
        entry["kind"] in ("step_attempt", "run_outcome") and entry["workflow"]["run_id"] in runs)


def test_the_ledger_over_many_days_is_intact(scanned: Scanned) -> None:
    verdict = scanned.clock.cluster.verify()
    assert verdict.is_intact, str(verdict)
    days = {re.sub("T.*", "", each.entry["recorded_at"]) for each in scanned.known}
    assert len(days) >= 7, days
