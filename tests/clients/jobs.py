"""The sign-ins that are compared, and the person who is there for some of them."""

import re
from urllib.parse import parse_qsl, urljoin, urlsplit

from tenant_case import APP_SCOPE, RELAY, SCANNER, SECRET, USER_SCOPE

TENANT = "contoso.onmicrosoft.com"
ANNA, PASSWORD = "anna@contoso.com", "Correct-Horse+Battery&Staple"
SECRETS = (SECRET,)

# What the table calls a request: the sign-in's name, and where it takes several, which of them.
REQUESTS = {"secret": ["secret"], "certificate": ["certificate"], "refresh": ["refresh"],
            "refresh-secret": ["refresh-secret"], "device": ["device: devicecode", "device: token"],
            "code": ["code: authorize", "code: token"]}


def make(name, tenant, certificate):
    """The job for a client: a dictionary that JSON can hold."""
    job = {"flow": name, "client_id": SCANNER, "scopes": [USER_SCOPE], "authority": f"{tenant.authority}/{TENANT}",
           "login_hint": ANNA}
    if name in ("secret", "certificate"):
        job.update(flow="app", client_id=RELAY, scopes=[APP_SCOPE])
    if name == "certificate":
        job["certificate"] = {"sha1": certificate.sha1.hex(), "sha256": certificate.sha256.hex(),
                              "key": certificate.private_key, "pem": certificate.certificate}
    if name == "refresh-secret":
        job.update(flow="refresh", client_id=RELAY)
    if name in ("secret", "refresh-secret"):
        job["secret"] = SECRET
    if job["flow"] == "refresh":
        scope = f"{USER_SCOPE} offline_access openid profile"
        job["refresh_token"] = tenant.control("mint_refresh_token", {
            "client_id": job["client_id"], "upn": ANNA, "scope": scope})["refresh_token"]
    return job


def sort(name, records):
    """{request's name: log line} of a sign-in, of several polls the last; and the paths of all other requests."""
    several, found, others = len(REQUESTS[name]) > 1, {}, []
    for record in records:
        last = record["path"].rpartition("/")[2]
        request = f"{name}: {last}" if several else name
        if last in ("token", "devicecode") or (last == "authorize" and record["method"] == "GET"):
            found[request] = record
        elif last != "login":  # the person's
            others.append(f"{record['method']} {record['path']}")
    return found, others


class Person:
    """Anna, with a browser that is nothing but requests."""

    def __init__(self, tenant):
        self._tenant = tenant

    def approve(self, user_code):
        self._tenant.control("device", {"user_code": user_code, "upn": ANNA})

    def _submit(self, page, **fields):
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        action = re.search(r'<form[^>]*action="([^"]+)"', page.text)[1]
        return self._tenant.http.post(urljoin(page.url, action), data={**hidden, **fields}, allow_redirects=False,
                                      timeout=20)

    def browse(self, url, arrive=False):
        """Signs in at an authorize URL; the answer that the browser carries back, which it also delivers."""
        page = self._tenant.http.get(url, allow_redirects=False, timeout=20)
        page = self._submit(page, login=ANNA, password=PASSWORD)
        if "Location" not in page.headers:
            page = self._submit(page, decision="accept")
        location = page.headers["Location"]
        if arrive:
            self._tenant.http.get(location, timeout=20)
        return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))
