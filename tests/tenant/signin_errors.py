"""The errors of people's sign-ins: more rows for entra_errors.TABLE."""

TABLE = {
    50011: ("invalid_client", 400, None, "The redirect URI '{uri}' specified in the request does not match the "
            "redirect URIs configured for the application '{client_id}'. Make sure the redirect URI sent in the "
            "request matches one added to your application in the Azure portal. Navigate to "
            "https://aka.ms/redirectUriMismatchError to learn more about how to fix this."),
    50020: ("invalid_grant", 400, None, "User account '{user}' from identity provider '{provider}' does not exist in "
            "tenant '{tenant}' and cannot access the application '{client_id}'({app_name}) in that tenant. The "
            "account needs to be added as an external user in the tenant first."),
    50058: ("login_required", 400, None, "Session information is not sufficient for single-sign-on."),
    50089: ("invalid_grant", 400, None, "Authentication failed due to flow token expired."),
    50126: ("invalid_grant", 400, None, "Error validating credentials due to invalid username or password."),
    50147: ("invalid_request", 400, None, "The size of the code challenge parameter is not valid."),
    54005: ("invalid_grant", 400, None, "OAuth2 Authorization code was already redeemed, please retry with a new "
            "valid code or use an existing refresh token."),
    65004: ("access_denied", 400, None, "User declined to consent to access the app."),
    70005: ("unsupported_response_type", 400, None, "The response type '{given}' is not supported."),
    70007: ("invalid_request", 400, None, "'{given}' is not a supported value of 'response_mode' for the requested "
            "response type."),
    70016: ("authorization_pending", 400, None, "OAuth 2.0 device flow error. Authorization is pending. Continue "
            "polling."),
    70018: ("bad_verification_code", 400, None, "Bad verification code. The code is not known."),
    70019: ("expired_token", 400, None, "Verification code expired. Have the user retry the sign-in."),
    70020: ("expired_token", 400, None, "The provided value for the input parameter 'device_code' is not valid. This "
            "device code has expired."),
    90094: ("access_denied", 400, None, "The grant requires admin permission. {app_name} needs permission to access "
            "resources in your organization that only an admin can grant."),
    500112: ("invalid_client", 401, None, "The reply address '{given}' does not match the reply address '{first}' "
             "provided when requesting Authorization code."),
    501481: ("invalid_grant", 400, None, "The Code_Verifier does not match the code_challenge supplied in the "
             "authorization request."),
    501491: ("invalid_request", 400, None, "The code challenge method '{given}' is not valid."),
    530036: ("invalid_grant", 400, "bad_token", "The refresh token is invalid due to authentication flow checks by "
             "Conditional Access."),
    700005: ("invalid_grant", 400, None, "The provided authorization code is intended to use against other tenant, "
             "thus rejected."),
    900971: ("invalid_request", 400, None, "No reply address provided."),
    9000411: ("invalid_request", 400, None, "The request is not properly formatted. The query holds a parameter "
              "twice, or one that is not percent-encoded."),
}
