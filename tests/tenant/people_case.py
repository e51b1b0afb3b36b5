"""What the tests of people's sign-ins have in common: a browser that is nothing but requests."""

import base64
import hashlib
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tenant_case import SCANNER, TenantCase, USER_SCOPE

ANNA, PASSWORD = "anna@contoso.com", "Correct-Horse+Battery&Staple"
REDIRECT = "http://localhost:4711"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
SCOPE = USER_SCOPE + " offline_access openid profile"


class Form(HTMLParser):
    """The one form of a page: where it goes and what it holds."""

    def __init__(self, answer):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(answer.text)
        self.url = urljoin(answer.url, self.action) if self.action else None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"]
        elif tag == "input":
            self.fields[given["name"]] = given.get("value", "")


def in_query(location):
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))


class PeopleCase(TenantCase):
    def browse(self, url):
        return self.tenant.http.get(url, allow_redirects=False, timeout=20)

    def submit(self, page, **fields):
        form = Form(page)
        return self.tenant.http.post(form.url, data={**form.fields, **fields}, allow_redirects=False, timeout=20)

    def sign_in(self, page, upn=ANNA, password=PASSWORD):
        return self.submit(page, login=upn, password=password)

    def walk(self, page, upn=ANNA, password=PASSWORD, decision="accept"):
        """From the sign-in page to the end, by the forms."""
        page = self.sign_in(page, upn, password)
        return self.submit(page, decision=decision) if 'name="decision"' in page.text else page

    def url(self, tenant="contoso.com", **changes):
        query = {"client_id": SCANNER, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPE,
                 "state": "s t&te", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **changes}
        query = {name: value for name, value in query.items() if value is not None}
        return f"{self.tenant.authority}/{tenant}/oauth2/v2.0/authorize?{urlencode(query)}"

    def play(self, url, upn=ANNA, **more):
        return self.tenant.control("authorize", {"url": url, "upn": upn, **more})

    def code(self, upn=ANNA, **changes):
        return in_query(self.play(self.url(**changes), upn)["location"])["code"]

    def redeem(self, code, tenant="contoso.com", **changes):
        form = {"grant_type": "authorization_code", "client_id": SCANNER, "code": code, "redirect_uri": REDIRECT,
                "code_verifier": VERIFIER, "scope": SCOPE, **changes}
        return self.tenant.ask_token(tenant, **{name: value for name, value in form.items() if value is not None})

    @staticmethod
    def s256(verifier):
        return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")

    def policies(self, **policies):
        self.tenant.control("apps", {"policies": policies})
