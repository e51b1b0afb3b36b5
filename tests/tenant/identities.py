"""The managed identities of the tenant's directory, and which of them a request means."""

import json

from apps import as_list
from scopes import resource_id

# Exchanged for an application's token; one for each cloud.
EXCHANGE_AUDIENCES = ("api://AzureADTokenExchange", "api://AzureADTokenExchangeUSGov",
                      "api://AzureADTokenExchangeChina")
_MEMBERS = {"client_id": "client_id", "object_id": "object_id", "principal_id": "object_id",
            "msi_res_id": "resource_id", "mi_res_id": "resource_id"}


class NoIdentity(Exception):
    """`several`: there are some, but the request must name one."""

    def __init__(self, several=False):
        super().__init__()
        self.several = several


class Identities:
    def __init__(self, path):
        self._path = path

    @property
    def document(self):
        # At each use: the tenant changes the file when a test changes the directory.
        with open(self._path, encoding="utf-8") as file:
            return json.load(file)

    def named(self, parameter, value):
        """Ids and Azure resource ids are compared without case."""
        for identity in self.document.get("managed_identities", []):
            if str(identity.get(_MEMBERS[parameter], "")).lower() == value.lower():
                return identity
        raise NoIdentity()

    def default(self, system_only):
        """Whom a request without a selector means: the machine's own identity, else the only one there is."""
        found = self.document.get("managed_identities", [])
        system = [identity for identity in found if identity.get("system")]
        if system:
            return system[0]
        if len(found) == 1 and not system_only:
            return found[0]
        raise NoIdentity(several=len(found) > 1)

    def tenant_of(self, identity):
        name = as_list(identity["tenant"])[0].lower()
        return next(tenant for tenant in self.document["tenants"]
                    if name in (tenant["id"].lower(), *(domain.lower() for domain in tenant.get("domains", []))))

    def knows_resource(self, resource):
        return resource in EXCHANGE_AUDIENCES or resource_id(resource, self) is not None
