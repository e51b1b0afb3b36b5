"""Who has consented to what: `consents` in the directory, {"client_id", "upn" or "*", "scope"}."""

from scopes import OIDC_SCOPES, resource_id


def _normal(token, directory):
    """One spelling for one permission: a resource has several URIs."""
    audience, slash, permission = token.rpartition("/")
    resource = slash and resource_id(audience, directory)
    return f"{resource or audience}/{permission}".lower()


def missing(directory, client_id, upn, scope):
    """The permissions in the scope that still need the user's consent."""
    given = [entry for entry in directory.document["consents"]
             if entry["client_id"].lower() == client_id.lower() and entry["upn"].lower() in ("*", upn.lower())]
    granted = {_normal(token, directory) for entry in given for token in entry["scope"].split()}
    # OpenID's own scopes come along with any consent.
    return [token for token in scope.split()
            if _normal(token, directory) not in granted and not (given and token in OIDC_SCOPES)]


def remember(directory, client_id, upn, scope):
    if missing(directory, client_id, upn, scope):
        directory.document["consents"].append({"client_id": client_id, "upn": upn, "scope": scope})
        directory.save()
