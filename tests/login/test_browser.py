"""sasl-entra login with a real browser: Chromium signs in at the stand-in's page and lands on ours."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import login_case  # noqa: E402
from login_case import ANNA, CAROL, PASSWORD, LoginCase  # noqa: E402
from agent_case import BUILD  # noqa: E402

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError as error:
    print(f"1..0 # SKIP {error}")
    sys.exit(0)

DRIVER, BROWSER = shutil.which("chromedriver"), shutil.which("chromium")
if not DRIVER or not BROWSER:
    print("1..0 # SKIP there is no Chromium with its driver")
    sys.exit(0)
SHOTS = os.path.join(BUILD, "screenshots")


def key_hash(path):
    """What --ignore-certificate-errors-spki-list wants: the one server that Chromium is to trust."""
    with open(path, "rb") as file:
        key = x509.load_pem_x509_certificate(file.read()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


class Browser(LoginCase):
    def open(self, dark=False, size="1000,800"):
        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        home = self.directory("browser")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                         f"--user-data-dir={home}", f"--window-size={size}", "--no-first-run", "--no-proxy-server",
                         f"--ignore-certificate-errors-spki-list={key_hash(self.tenant.path('server.pem'))}"):
            options.add_argument(argument)
        if dark:
            options.add_argument("--force-dark-mode")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(service=Service(DRIVER, log_output=subprocess.DEVNULL), options=options)
        self.addCleanup(driver.quit)
        driver.set_page_load_timeout(30)
        return driver

    def sign_in(self, driver, url, upn=ANNA, password=PASSWORD):
        driver.get(url)
        name = driver.find_element(By.NAME, "login")
        name.clear()
        name.send_keys(upn)
        driver.find_element(By.NAME, "password").send_keys(password)
        driver.find_element(By.TAG_NAME, "button").click()
        WebDriverWait(driver, 15).until(lambda d: d.find_elements(By.NAME, "decision") or "/done" in d.current_url)
        for button in driver.find_elements(By.CSS_SELECTOR, "button[value=accept]"):
            button.click()
        WebDriverWait(driver, 15).until(lambda d: "/done" in d.current_url)

    def keep(self, driver, name):
        os.makedirs(SHOTS, exist_ok=True)
        driver.save_screenshot(os.path.join(SHOTS, name))

    def begin(self):
        login = self.login(ANNA, "--json")
        return login, login.event("address")["url"]

    def test_works(self):
        """typed in the browser: our page at the end, with its style, and no code in the history"""
        login, url = self.begin()
        driver = self.open()
        self.sign_in(driver, url)
        self.assertEqual(driver.title, "You are signed in - sasl-entra")
        self.assertIn(ANNA, driver.find_element(By.CLASS_NAME, "who").text)
        self.assertEqual([item.text for item in driver.find_elements(By.TAG_NAME, "li")],
                         ["anna (smtp, imap)", "scanner (smtp, imap)"])
        width = driver.find_element(By.TAG_NAME, "main").size["width"]
        self.assertTrue(400 < width < 600, width)  # the style passed the policy
        self.keep(driver, "signed-in.png")
        self.assertEqual(login.exit(), 0, login.text)
        self.assertEqual([entry for entry in driver.get_log("browser") if "Content Security" in entry["message"]], [])
        history = driver.execute_cdp_cmd("Page.getNavigationHistory", {})["entries"]
        self.assertFalse([entry["url"] for entry in history if "code=" in entry["url"].replace("response_type=code", "")
                          and "localhost:%s/" % driver.current_url.split(":")[2].split("/")[0] in entry["url"]])
        self.token(ANNA)

    def test_failure(self):
        """somebody else, in the dark, on a telephone: the sentence fits the page"""
        login, url = self.begin()
        driver = self.open(dark=True)
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.sign_in(driver, url, CAROL, "x")
        self.assertEqual(driver.title, "The sign-in did not work - sasl-entra")
        self.assertIn(f"{CAROL} signed in", driver.find_element(By.TAG_NAME, "main").text)
        self.assertLessEqual(driver.execute_script("return document.documentElement.scrollWidth"), 390)
        self.keep(driver, "somebody-else.png")
        self.assertEqual(login.exit(), 1)
        self.assert_nothing_kept()


if __name__ == "__main__":
    sys.exit(login_case.main())
