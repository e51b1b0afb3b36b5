"""The tenant's directory: tenants, app registrations and users, as one JSON document.

The document lives in DIR/apps.json, so that a stopped and restarted tenant knows what it knew.
"""

import copy
import json
import os
import re
from datetime import datetime, timezone

from jwt import PyJWTError

import app_credentials
from entra_errors import EntraError
from plumbing import write_json_atomically

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
CONTOSO_TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
SHARED_AUTHORITIES = ("common", "organizations", "consumers")

DEFAULT_DOCUMENT = {
    "tenants": [
        {"id": CONTOSO_TENANT, "name": "Contoso", "domains": ["contoso.onmicrosoft.com", "contoso.com"]},
        {"id": PERSONAL_TENANT, "name": "Microsoft accounts", "domains": [], "personal": True}],
    "apps": [
        {"client_id": "00001111-aaaa-2222-bbbb-3333cccc4444", "name": "relay", "tenant": CONTOSO_TENANT,
         "object_id": "11112222-bbbb-3333-cccc-4444dddd5555", "roles": ["SMTP.SendAsApp"],
         "secrets": [{"value": "Zx8~+q/&k%=e 9=_relay.SECRET"}]},
        {"client_id": "55556666-dddd-7777-eeee-8888ffff9999", "name": "scanner",
         "tenant": [CONTOSO_TENANT, PERSONAL_TENANT], "public": True,
         "object_id": "66667777-eeee-8888-ffff-9999aaaa0000"}],
    "users": [
        {"upn": "anna@contoso.com", "name": "Anna Example", "tenant": CONTOSO_TENANT,
         "password": "Correct-Horse+Battery&Staple",
         "oid": "22223333-cccc-4444-dddd-5555eeee6666"},
        {"upn": "someone@outlook.com", "name": "Some One", "tenant": PERSONAL_TENANT,
         "password": "Tr0ub4dor & 3 = \u20ac%7",
         "oid": "00000000-0000-0000-22aa-bb33cc44dd55"}],
    "managed_identities": [
        {"client_id": "77778888-ffff-9999-aaaa-0000bbbb1111", "name": "machine", "tenant": CONTOSO_TENANT,
         "object_id": "88889999-aaaa-0000-bbbb-1111cccc2222", "system": True, "roles": ["SMTP.SendAsApp"],
         "resource_id": "/subscriptions/12345678-1234-1234-1234-123456789abc/resourceGroups/mail/providers/"
                        "Microsoft.Compute/virtualMachines/machine"}],
    "policies": {},
    "resources": {},
    "revoked": {}}

_KEYS = {"tenants": "id", "apps": "client_id", "users": "upn", "managed_identities": "client_id"}
_POLICIES = {"block_secrets", "block_device_code", "require_admin_consent"}
_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.I)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.I)

# For people's sign-ins (README). The generic server is no part of Entra, so its apps and users have no tenant.
_KEYS.update(generic_apps="client_id", generic_users="upn")
DEFAULT_DOCUMENT.update(
    generic_apps=[{"client_id": "1234567890-abc.apps.googleusercontent.com", "name": "desktop",
                   "secrets": [{"value": "GOCSPX-Desk+top/Secret=1"}]}],
    generic_users=[{"upn": "gina@gmail.com", "name": "Gina Example", "password": "Zebra=Violin+&9"}])
_PEOPLE = {"consents": [], "device": {}, "policies": {}, "sessions": []}


class BadDocument(Exception):
    """The document given by a test is not one; the text says why."""


def moment(value):
    """A time in the document: seconds since 1970, or ISO 8601 text."""
    if isinstance(value, (int, float)):
        return float(value)
    parsed = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)).timestamp()


def as_list(value):
    return value if isinstance(value, list) else [value]


def _check(document):
    if not isinstance(document, dict):
        raise BadDocument("the document must be an object")
    for name, empty in _PEOPLE.items():
        if type(document.setdefault(name, copy.copy(empty))) is not type(empty):
            raise BadDocument(f"'{name}' is of the wrong type")
    for collection, key in _KEYS.items():
        for entry in document.setdefault(collection, []):
            if not isinstance(entry, dict) or key not in entry:
                raise BadDocument(f"every one of '{collection}' needs a '{key}'")
            if collection in ("apps", "users") and "tenant" not in entry:
                raise BadDocument(f"{entry[key]}: 'tenant' is missing")
    for app in document["apps"]:
        for secret in app.get("secrets", []):
            if not secret.get("value") or "\n" in secret["value"]:
                raise BadDocument(f"{app['client_id']}: a secret must be one non-empty line")
            if "expires" in secret:
                moment(secret["expires"])
        if app.get("expires_in_form", "int") not in ("int", "string", "absent"):
            raise BadDocument(f"{app['client_id']}: expires_in_form is int, string or absent")
        try:
            app_credentials.check(app)
            for record in app.get("federated", []):
                moment(record.get("available_after", 0))
        except (AttributeError, OSError, PyJWTError, TypeError, ValueError) as error:
            raise BadDocument(f"{app['client_id']}: {error}") from error
    if set(document.setdefault("policies", {})) - _POLICIES:
        raise BadDocument(f"the policies are {', '.join(_POLICIES)}")
    document.setdefault("resources", {})
    document.setdefault("revoked", {})


class Directory:
    def __init__(self, path, given, learn_secret):
        """`given`: a file named on the command line; `learn_secret` is called with every secret value."""
        self._path, self._learn_secret = path, learn_secret
        source = given or (path if os.path.exists(path) else None)
        if source:
            with open(source, encoding="utf-8") as file:
                self.replace(json.load(file))
        else:
            self.replace(copy.deepcopy(DEFAULT_DOCUMENT))

    def replace(self, document):
        _check(document)
        self.document = document
        for app in document["apps"] + document["generic_apps"]:
            for secret in app.get("secrets", []):
                self._learn_secret(secret["value"])
        for user in document["users"] + document["generic_users"]:
            if user.get("password"):
                self._learn_secret(user["password"])
        self.save()

    def merge(self, changes):
        """Update members of the entries named, add entries that are new; null removes a member."""
        if not isinstance(changes, dict):
            raise BadDocument("the changes must be an object")
        document = copy.deepcopy(self.document)
        for collection, entries in changes.items():
            if collection not in _KEYS:
                document[collection] = entries
                continue
            for change in entries:
                self._merge_entry(document[collection], _KEYS[collection], change)
        self.replace(document)

    @staticmethod
    def _merge_entry(entries, key, change):
        if not isinstance(change, dict) or key not in change:
            raise BadDocument(f"an entry without '{key}'")
        found = next((e for e in entries if e[key].lower() == change[key].lower()), None)
        if found is None:
            found = {}
            entries.append(found)
        found.update(change)
        for name in [name for name, value in found.items() if value is None]:
            del found[name]

    def save(self):
        write_json_atomically(self._path, self.document, 0o600)

    # What the token endpoint asks

    def tenant(self, name):
        """The tenant of a path; None for common and organizations, where the grant decides."""
        wanted = name.lower()
        if wanted == "consumers":
            wanted = PERSONAL_TENANT
        elif wanted in SHARED_AUTHORITIES:
            return None
        for tenant in self.document["tenants"]:
            if wanted == tenant["id"].lower() or wanted in [d.lower() for d in tenant.get("domains", [])]:
                return tenant
        if _GUID.fullmatch(name) or _DOMAIN.fullmatch(name):
            raise EntraError(90002, tenant=name)
        raise EntraError(900023, tenant=name)

    def app(self, client_id, tenant):
        """The registration, if that tenant has it (any tenant, where none is given)."""
        for app in self.document["apps"]:
            if app["client_id"].lower() == client_id.lower() and (tenant is None or self._within(app, tenant)):
                if app.get("disabled"):
                    raise EntraError(7000112, client_id=client_id, app_name=app.get("name", ""))
                return app
        raise EntraError(700016, client_id=client_id, tenant=tenant["name"] if tenant else "Microsoft")

    def secrets_blocked(self, app):
        return app.get("secrets_blocked", self.document["policies"].get("block_secrets", False))

    @staticmethod
    def _within(entry, tenant):
        names = {tenant["id"].lower(), *(d.lower() for d in tenant.get("domains", []))}
        return any(t == "*" or t.lower() in names for t in as_list(entry["tenant"]))

    def has_user(self, user, tenant):
        return self._within(user, tenant)

    def user(self, upn):
        return next((u for u in self.document["users"] if u["upn"].lower() == upn.lower()), None)

    def home_tenant(self, user):
        return self.tenant(as_list(user["tenant"])[0])
