#!/usr/bin/python3
"""A stand-in for Exchange Online PowerShell: what an administrator types to give an app its rights. See README.md."""

import argparse
import json
import os
import re
import sys

from plumbing import write_json_atomically

TOKEN = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|(\((?:[^()"']|"[^"]*"|'[^']*')*\)\.\w+)|([^\s"'()]+))""")
GRAPH_ID = re.compile(r"""\(Get-MgServicePrincipal -Filter ["']appId eq '([0-9a-fA-F-]+)'["']\)\.Id$""")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.I)
SWITCHES = {"$true": True, "$false": False, "$null": None}


class Refused(Exception):
    """What the shell would print in red."""


class Exchange:
    """mailboxes.json of the submission server, and apps.json of the tenant."""

    def __init__(self, directory, tenant):
        self._path = os.path.join(directory, "mailboxes.json")
        self._apps = os.path.join(tenant, "apps.json")
        with open(self._path, encoding="utf-8") as file:
            self.entries = json.load(file)

    def save(self):
        write_json_atomically(self._path, self.entries)

    def mailbox(self, name):
        """The entry of a mailbox, made from the pattern that holds for it now."""
        if name not in self.entries:
            domain = "*" + name[name.rfind("@"):]
            pattern = self.entries.get(domain, self.entries.get("*"))
            if "@" not in name or pattern is None:
                raise Refused(f"The operation couldn't be performed because object '{name}' couldn't be found.")
            self.entries[name] = json.loads(json.dumps(pattern))
        return self.entries[name]

    def enterprise_application(self, app):
        with open(self._apps, encoding="utf-8") as file:
            for known in json.load(file)["apps"]:
                if known["client_id"].lower() == app.lower():
                    return known["object_id"]
        raise Refused(f"Get-MgServicePrincipal: no service principal of app {app}")

    def app_of(self, user):
        """The client id behind what -User or -App names: a client id, or the object id that was registered."""
        for app, object_id in self.entries.get("service_principals", {}).items():
            if user.lower() in (app.lower(), object_id.lower()):
                return app
        if "@" in user:
            return None
        raise Refused(f"Couldn't find the user \"{user}\". Has New-ServicePrincipal been run?")


def new_service_principal(exchange, words):
    if not GUID.match(words["AppId"]) or not GUID.match(words["ObjectId"]):
        raise Refused("New-ServicePrincipal: AppId and ObjectId must be GUIDs")
    principals = exchange.entries.setdefault("service_principals", {})
    if words["AppId"] in principals:
        raise Refused(f"The service principal of {words['AppId']} exists already.")
    principals[words["AppId"]] = words["ObjectId"]


def remove_service_principal(exchange, words):
    del exchange.entries["service_principals"][exchange.app_of(words["Identity"])]


def get_service_principal(exchange, _words):
    for app, object_id in exchange.entries.get("service_principals", {}).items():
        print(f"{app} {object_id}")


def add_mailbox_permission(exchange, words):
    if words["AccessRights"] != "FullAccess":
        raise Refused("Add-MailboxPermission: only FullAccess lets an app submit")
    app, entry = exchange.app_of(words["User"]), exchange.mailbox(words["Identity"])
    entry.setdefault("apps" if app else "users", []).append(app or words["User"])


def add_recipient_permission(exchange, words):
    if words["AccessRights"] != "SendAs":
        raise Refused("Add-RecipientPermission: -AccessRights is SendAs")
    exchange.app_of(words["Trustee"])
    exchange.mailbox(words["Identity"])


def set_cas_mailbox(exchange, words):
    entry = exchange.mailbox(words["Identity"])
    entry["smtp_auth_disabled"] = words["SmtpClientAuthenticationDisabled"]
    if entry["smtp_auth_disabled"] is None:
        del entry["smtp_auth_disabled"]


def set_transport_config(exchange, words):
    exchange.entries.setdefault("tenant", {})["smtp_auth_disabled"] = words["SmtpClientAuthenticationDisabled"]


def new_management_scope(exchange, words):
    exchange.entries.setdefault("service_principals", {})
    if not words["RecipientRestrictionFilter"]:
        raise Refused("New-ManagementScope: the filter is empty")


def new_management_role_assignment(exchange, words):
    if words["Role"] != "Application SMTP.SendAsApp":
        raise Refused(f"The role '{words['Role']}' doesn't exist or lets no app submit.")
    app = exchange.app_of(words["App"])
    for name, entry in exchange.entries.items():
        if name not in ("tenant", "service_principals"):
            entry["rbac"] = [app]


def nothing(_exchange, _words):
    """Connects, disconnects or only shows."""


# Cmdlet: what it does, the parameters it needs, the ones it takes.
CMDLETS = {
    "Connect-ExchangeOnline": (nothing, "", "ExchangeEnvironmentName UserPrincipalName Organization"),
    "Connect-MgGraph": (nothing, "", "Scopes Environment TenantId"),
    "Install-Module": (nothing, "", "Name Scope"),
    "Test-ServicePrincipalAuthorization": (nothing, "Identity", "Resource"),
    "Set-Mailbox": (nothing, "Identity", "CustomAttribute1"),
    "Get-CASMailbox": (nothing, "Identity", ""),
    "Get-ServicePrincipal": (get_service_principal, "", "Identity"),
    "New-ServicePrincipal": (new_service_principal, "AppId ObjectId", "DisplayName"),
    "Remove-ServicePrincipal": (remove_service_principal, "Identity", "Confirm"),
    "Add-MailboxPermission": (add_mailbox_permission, "Identity User AccessRights", "AutoMapping InheritanceType"),
    "Add-RecipientPermission": (add_recipient_permission, "Identity Trustee AccessRights", "Confirm"),
    "Set-CASMailbox": (set_cas_mailbox, "Identity SmtpClientAuthenticationDisabled", ""),
    "Set-TransportConfig": (set_transport_config, "SmtpClientAuthenticationDisabled", ""),
    "New-ManagementScope": (new_management_scope, "Name RecipientRestrictionFilter", ""),
    "New-ManagementRoleAssignment": (new_management_role_assignment, "Role App", "CustomResourceScope Name"),
}


def value(exchange, variables, groups):
    double, single, expression, bare = groups
    if expression is not None:
        found = GRAPH_ID.match(expression)
        if not found:
            raise Refused(f"{expression}: not an expression that is understood")
        return exchange.enterprise_application(found.group(1))
    text = next(part for part in (double, single, bare) if part is not None)
    if bare is not None and bare.startswith("$"):
        if bare.lower() in SWITCHES:
            return SWITCHES[bare.lower()]
        if bare not in variables:
            raise Refused(f"The variable '{bare}' cannot be retrieved because it has not been set.")
        return variables[bare]
    return text


def parameters(exchange, variables, text):
    words, at, name, first = {}, 0, None, None
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if not found:
            raise Refused(f"cannot read: {text[at:].strip()}")
        at = found.end()
        bare = found.group(4)
        if bare and re.match(r"-[A-Za-z][A-Za-z0-9]*(:\S+)?$", bare):
            name, _, rest = bare[1:].partition(":")
            words[name] = SWITCHES.get(rest.lower(), rest) if rest else True
        elif name:
            words[name], name = value(exchange, variables, found.groups()), None
        elif first is None:
            first = value(exchange, variables, found.groups())
        else:
            raise Refused(f"A positional parameter cannot be found that accepts argument '{bare}'.")
    if first is not None:
        words.setdefault("Identity", first)
    return words


def run(exchange, variables, line):
    assigned = re.match(r"(\$\w+)\s*=\s*(.*)$", line)
    if assigned:
        variables[assigned.group(1)] = value(exchange, variables, TOKEN.match(assigned.group(2)).groups())
        return
    cmdlet, _, rest = line.partition(" ")
    if cmdlet not in CMDLETS:
        raise Refused(f"The term '{cmdlet}' is not recognized as the name of a cmdlet.")
    act, needed, taken = CMDLETS[cmdlet]
    words = parameters(exchange, variables, rest)
    for name in words:
        if name not in (needed + " " + taken).split() and not (name == "Identity" and not needed):
            raise Refused(f"{cmdlet}: A parameter cannot be found that matches parameter name '{name}'.")
    for name in needed.split():
        if name not in words:
            raise Refused(f"{cmdlet}: Cannot process command because of one or more missing parameters: {name}.")
    act(exchange, words)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--tenant", required=True)
    options = parser.parse_args()
    exchange, variables = Exchange(options.dir, options.tenant), {}
    for line in sys.stdin:
        # What is only shown may be shown as the administrator likes it.
        line = re.sub(r"\s*\| Format-(List|Table)\b[^|]*$", "", line.split(" #")[0].strip())
        if not line or line.startswith("#"):
            continue
        try:
            run(exchange, variables, line)
        except (Refused, KeyError) as error:
            print(f"{line}\n{error}", file=sys.stderr)
            return 1
    exchange.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
