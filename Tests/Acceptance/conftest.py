"""Fixtures and options that all acceptance suites share."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator

import pytest

from api import Api
from go_verifier import GoVerifier
from name_server import NameServer
from paths import BINARY
from service import DataDirectory


#: See `mail_seed`.
MAIL_SEED = 29192


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("countersign")
    group.addoption("--seed", type=int, default=None, help="repeat a run: the seed that it printed")
    group.addoption("--kills", type=int, default=20, help="how often the crash suite kills each of its victims")
    group.addoption("--entries", type=int, default=10_000, help="random entries of the differential suite")
    group.addoption("--examples", type=int, default=60, help="calls of the contract suite for each operation")
    group.addoption("--long", action="store_true", help="the long snapshot lasts 60,000 commits")


def pytest_configure(config: pytest.Config) -> None:
    # Under xdist the controller's choice reaches the workers with the other options.
    if not hasattr(config.option, "has_own_seed"):
        config.option.has_own_seed = config.option.seed is not None
    if config.option.seed is None:
        config.option.seed = secrets.randbelow(2**32)
    if not BINARY.exists() and not config.option.collectonly:
        pytest.exit(f"{BINARY} is missing: run `swift build`, or set COUNTERSIGN_BINARY", returncode=3)


def pytest_report_header(config: pytest.Config) -> str:
    return f"countersign: {BINARY}, seed {config.option.seed}"


@pytest.fixture(scope="module")
def mail_seed(request: pytest.FixtureRequest) -> int:
    """The seed of what is compared with other people's mail software: always the same, for a habit of theirs that
    nobody has met yet must not stop a change that has nothing to do with it. Another one with --seed or --long."""
    option = request.config.option
    return option.seed if option.has_own_seed or option.long else MAIL_SEED


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The run's seed."""
    return request.config.option.seed


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Randomness that depends only on the run's seed and the test's name."""
    return random.Random(f"{request.config.option.seed}/{request.node.name}")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Puts a text under the test's name into the summary at the end of the run."""
    return lambda text: request.node.user_properties.append(("report", text))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reports in terminalreporter.stats.values():
        for each in reports:
            # Of each test the end, for a fixture may say something then.
            if getattr(each, "when", "") != "teardown":
                continue
            texts = [text for name, text in each.user_properties if name == "report"]
            if not texts:
                continue
            terminalreporter.section(each.nodeid, sep="-")
            for text in texts:
                terminalreporter.write_line(text)


@pytest.fixture(scope="module")
def service() -> Iterator[DataDirectory]:
    """One running service that the tests of a file share."""
    directory = DataDirectory()
    try:
        directory.serve()
        yield directory
    finally:
        directory.close()


@pytest.fixture
def own_directory() -> Iterator[DataDirectory]:
    """A data directory for one test, nothing started yet."""
    directory = DataDirectory()
    try:
        yield directory
    finally:
        directory.close()


@pytest.fixture
def target() -> Iterator[DataDirectory]:
    """Where a backup is restored to: nothing is there yet."""
    directory = DataDirectory()
    try:
        yield directory
    finally:
        directory.close()


@pytest.fixture
def own_service(own_directory: DataDirectory) -> DataDirectory:
    """A running service for one test that may break it."""
    own_directory.serve()
    return own_directory


@pytest.fixture(scope="session")
def go() -> Iterator[GoVerifier]:
    """Go's own judgement over notes and proofs."""
    verifier = GoVerifier()
    yield verifier
    verifier.close()


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    """A name server whose zone a test may change: what it says holds for no time."""
    server = NameServer(ttl=0)
    yield server
    server.close()


@pytest.fixture(scope="module")
def api(names: NameServer) -> Iterator[Api]:
    """A caller of a service that asks `names` and keeps no answer. A silent one costs it 300 ms."""
    directory = DataDirectory()
    try:
        directory.serve(arguments=["--resolver", names.address, "--dns-timeout", "300ms", "--dns-cache-time", "1ms"])
        yield directory.api()
    finally:
        directory.close()
