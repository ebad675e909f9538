"""A headless browser with the page in it, and what a person does there."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

WAIT_SECONDS_MAX = 20


def launch() -> webdriver.Chrome:
    """Debian's Chromium, without a window."""
    browser, remote = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not remote:
        pytest.fail("chromium and chromedriver are missing: install Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--no-proxy-server"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(remote))
    driver.set_script_timeout(WAIT_SECONDS_MAX)
    return driver


class Page:
    """The page in the browser, with what a person does on it."""

    def __init__(self, driver: webdriver.Chrome, service: Any, artifacts: Path) -> None:
        self.driver, self.service, self.artifacts = driver, service, artifacts

    def open(self, fragment: str = "") -> None:
        """Loads the page anew, in the window it has."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.service.url}/{fragment}")

    def sign_in(self, token: str | None = None) -> None:
        self.one("#token").send_keys(token or self.service.admin_token, Keys.ENTER)
        self.settle()

    def go(self, fragment: str) -> None:
        """Follows an address within the page."""
        self.driver.execute_script("location.hash = arguments[0]", fragment)
        self.settle()

    def settle(self) -> None:
        """Waits until nothing is being asked any more."""
        quiet = "return new Promise((done) => setTimeout(() => done(!document.querySelector('[aria-busy=true]')), 40))"
        WebDriverWait(self.driver, WAIT_SECONDS_MAX).until(lambda driver: driver.execute_script(quiet))

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def every(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """The text of an element, also of one that is not in view."""
        return self.one(selector).get_property("textContent").strip()

    def submit(self, form: str, **fields: str) -> None:
        for name, value in fields.items():
            control = self.one(f"#{form} [name={name}]")
            if control.tag_name == "select":
                Select(control).select_by_visible_text(value)
            else:
                control.clear()
                control.send_keys(value)
        self.one(f"#{form} button:not([type=button])").click()
        self.settle()

    def resize(self, size: tuple[int, int], scheme: str = "light") -> None:
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.settle()

    def photograph(self, name: str) -> None:
        """Saves the whole page, however long, up to a limit."""
        width, height = self.driver.execute_script(
            "return [innerWidth, Math.min(document.documentElement.scrollHeight, 3000)]")
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {
            "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
        (self.artifacts / f"page-{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def complaints(self) -> list[str]:
        """What the browser's console holds: policy violations, errors of scripts, failed requests."""
        return [record["message"] for record in self.driver.get_log("browser") if record["level"] == "SEVERE"]
