"""Signing in with a browser: user name and password, then consent.

What the sign-in is for is a "purpose", an object with
    action            the path that the forms are sent to
    app_name          as shown
    hint              the user name to begin with
    check(name, password)    the user; raises Refused to show the page again. A password of None is not looked at.
    page(token, user)        what to ask the signed-in user, as a Response; None asks nothing
    done(user), declined(user)   the Response at the end
"""

import secrets

import pages
from entra_errors import EntraError


class Refused(Exception):
    """The text is shown on the sign-in page, which stays."""


class _Flow:
    def __init__(self, purpose):
        self.purpose, self.user = purpose, None


class SignIns:
    """The sign-ins under way. The hidden flow token is all that ties a form to its sign-in, so no other site can
    send one, and no cookie is needed."""

    def __init__(self):
        self._flows = {}

    def begin(self, purpose):
        token = secrets.token_urlsafe(32)
        self._flows[token] = _Flow(purpose)
        return pages.sign_in(purpose.action, token, purpose.app_name, purpose.hint, "")

    def step(self, form):
        """The next page for a form that was sent."""
        token = form.get("flowtoken", "")
        flow = self._flows.get(token)
        if flow is None:
            raise EntraError(50089)
        if flow.user is None:
            return self._password(token, flow, form)
        if form.get("decision") not in ("accept", "cancel"):
            return flow.purpose.page(token, flow.user)
        del self._flows[token]
        return (flow.purpose.done if form["decision"] == "accept" else flow.purpose.declined)(flow.user)

    def _password(self, token, flow, form):
        purpose, name = flow.purpose, form.get("login", "").strip()
        try:
            flow.user = purpose.check(name, form.get("password", ""))
        except Refused as refusal:
            return pages.sign_in(purpose.action, token, purpose.app_name, name, str(refusal))
        question = purpose.page(token, flow.user)
        if question is not None:
            return question
        del self._flows[token]
        return purpose.done(flow.user)


def play(purpose, upn, deny):
    """The whole sign-in at once, without password and pages, as a test asks for it."""
    try:
        user = purpose.check(upn, None)
    except Refused as refusal:
        raise ValueError(str(refusal)) from refusal
    return purpose.declined(user) if deny else purpose.done(user)
