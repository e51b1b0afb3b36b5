"""Entra's errors: one table of AADSTS numbers, and the exact shape of an error answer."""

import uuid
from datetime import datetime, timezone

# number: (error, HTTP status, suberror, text). The text takes values by name.
TABLE = {
    28000: ("invalid_request", 400, None, "Provided value for the input parameter scope is not valid because it "
            "contains more than one resource. Scope {scope} is not valid."),
    28003: ("invalid_request", 400, None, "Provided value for the input parameter scope cannot be empty when "
            "requesting an access token using the provided authorization code. Please specify a valid scope."),
    50034: ("invalid_grant", 400, None, "The user account {user} does not exist in the {tenant} directory. To sign "
            "into this application, the account must be added to the directory."),
    50053: ("invalid_grant", 400, None, "The account is locked, you've tried to sign in too many times with an "
            "incorrect user ID or password."),
    50057: ("invalid_grant", 400, None, "The user account is disabled."),
    50059: ("invalid_request", 400, None, "No tenant-identifying information found in either the request or implied "
            "by any provided credentials."),
    50076: ("invalid_grant", 400, "basic_action", "Due to a configuration change made by your administrator, or "
            "because you moved to a new location, you must use multi-factor authentication to access '{resource}'."),
    50078: ("invalid_grant", 400, "basic_action", "Presented multi-factor authentication has expired due to "
            "policies configured by your administrator, you must refresh your multi-factor authentication to access "
            "'{resource}'."),
    50173: ("invalid_grant", 400, "bad_token", "The provided grant has expired due to it being revoked, a fresh "
            "auth token is needed. The user might have changed or reset their password. The grant was issued on "
            "'{issued}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{valid}'."),
    50196: ("invalid_grant", 400, None, "The server terminated an operation because it encountered a client request "
            "loop. Please contact your app vendor."),
    53003: ("invalid_grant", 400, "message_only", "Access has been blocked by Conditional Access policies. The "
            "access policy does not allow token issuance."),
    65001: ("invalid_grant", 400, "consent_required", "The user or administrator has not consented to use the "
            "application with ID '{client_id}' named '{app_name}'. Send an interactive authorization request for "
            "this user and resource."),
    70000: ("invalid_grant", 400, "bad_token", "Provided grant is invalid or malformed."),
    70003: ("unsupported_grant_type", 400, None, "The app requested an unsupported grant type '{grant}'."),
    70008: ("invalid_grant", 400, "token_expired", "The provided authorization code or refresh token has expired "
            "due to inactivity. Send a new interactive authorization request for this user and resource."),
    70011: ("invalid_scope", 400, None, "The provided request must include a 'scope' input parameter. The provided "
            "value for the input parameter 'scope' is not valid. The scope {scope} is not valid."),
    70021: ("invalid_request", 400, None, "No matching federated identity record found for presented assertion."),
    70043: ("invalid_grant", 400, "bad_token", "The refresh token has expired or is invalid due to sign-in "
            "frequency checks by conditional access. The token was issued on {issued} and the maximum allowed "
            "lifetime for this request is 28800."),
    90002: ("invalid_request", 400, None, "Tenant '{tenant}' not found. Check to make sure you have the correct "
            "tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may "
            "happen if there are no active subscriptions for the tenant."),
    90033: ("temporarily_unavailable", 503, None, "A transient error has occurred. Please try again."),
    90055: ("temporarily_unavailable", 429, None, "The server terminated an operation because it encountered a "
            "throttling limit for the tenant."),
    500011: ("invalid_resource", 400, None, "The resource principal named {resource} was not found in the tenant "
             "named {tenant}. This can happen if the application has not been installed by the administrator of the "
             "tenant or consented to by any user in the tenant. You might have sent your authentication request to "
             "the wrong tenant."),
    530003: ("invalid_grant", 400, "additional_action", "Your device is required to be managed to access this "
             "resource."),
    700016: ("unauthorized_client", 400, None, "Application with identifier '{client_id}' was not found in the "
             "directory '{tenant}'. This can happen if the application has not been installed by the administrator "
             "of the tenant or consented to by any user in the tenant. You may have sent your authentication request "
             "to the wrong tenant."),
    700024: ("invalid_client", 401, None, "Client assertion is not within its valid time range."),
    700025: ("invalid_client", 401, None, "Client is public so neither 'client_assertion' nor 'client_secret' "
             "should be presented."),
    700027: ("invalid_client", 401, None, "The certificate with identifier used to sign the client assertion is not "
             "registered on application."),
    700082: ("invalid_grant", 400, "bad_token", "The refresh token has expired due to inactivity. The token was "
             "issued on {issued} and was inactive for {inactive}."),
    900023: ("invalid_request", 400, None, "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor "
             "a valid external domain."),
    900144: ("invalid_request", 400, None, "The request body must contain the following parameter: '{parameter}'."),
    900561: ("invalid_request", 400, None, "The endpoint only accepts POST requests. Received a {method} request."),
    1002012: ("invalid_scope", 400, None, "The provided value for scope {scope} is not valid. Client credential "
              "flows must have a scope value with /.default suffixed to the resource identifier (application ID "
              "URI)."),
    7000012: ("invalid_grant", 400, None, "The grant was obtained for a different tenant."),
    7000112: ("unauthorized_client", 400, None, "Application '{client_id}'({app_name}) is disabled."),
    7000215: ("invalid_client", 401, None, "Invalid client secret provided. Ensure the secret being sent in the "
              "request is the client secret value, not the client secret ID, for a secret added to app "
              "'{client_id}'."),
    7000218: ("invalid_client", 401, None, "The request body must contain the following parameter: "
              "'client_assertion' or 'client_secret'."),
    7000222: ("invalid_client", 401, None, "The provided client secret keys for app '{client_id}' are expired. "
              "Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider "
              "using certificate credentials for added security: https://aka.ms/certCreds."),
    9001023: ("invalid_request", 400, None, "The grant type is not supported over the /common or /consumers "
              "endpoints. Please use the /organizations or tenant-specific endpoint."),
    9002313: ("invalid_request", 400, None, "Invalid request. Request is malformed or invalid."),
}


class EntraError(Exception):
    """Raised anywhere in the handling of a request; `error` overrides the table's where Entra's own answer varies
    by context (9002313 is invalid_request for a form and invalid_grant for a refresh token)."""

    def __init__(self, number, error=None, **values):
        super().__init__(f"AADSTS{number}")
        self.number, self.error, self.values = number, error, values
        self.on_page = False  # for a person in front of a browser, not for a program


class _Forgiving(dict):
    def __missing__(self, key):
        return key.upper()


def precise_time(seconds):
    """The form of dates inside error texts: seven decimals, as .NET prints them."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def error_answer(problem, now, trace_id, correlation_id):
    """The HTTP status and the JSON members for an error, at the tenant's time."""
    error, status, suberror, text = TABLE.get(
        problem.number, ("invalid_grant", 400, None, "An error occurred that the stand-in has no text for."))
    error = problem.error or error
    text = text.format_map(_Forgiving(problem.values))
    timestamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
    members = {
        "error": error,
        "error_description": f"AADSTS{problem.number}: {text} Trace ID: {trace_id} "
                             f"Correlation ID: {correlation_id} Timestamp: {timestamp}",
        "error_codes": [problem.number], "timestamp": timestamp, "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"https://login.microsoftonline.com/error?code={problem.number}"}
    if suberror:
        members["suberror"] = suberror
    return status, members


def new_id():
    return str(uuid.uuid4())
