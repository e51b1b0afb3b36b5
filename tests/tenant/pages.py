"""What a browser is shown: plain HTML that works without JavaScript, cookies and style sheets from elsewhere."""

from html import escape

from http_server import Response

_STYLE = ("body{font:16px/1.5 sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}label,input{display:block}"
          "input{font:inherit;width:100%;box-sizing:border-box;margin-bottom:1rem;padding:.3rem}"
          "button{font:inherit;padding:.3rem 1.2rem;margin-right:.5rem}.message{color:#a00}")


def page(title, body, status=200):
    text = (f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>'
            f"<style>{_STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n")
    return Response(status, [("Content-Type", "text/html; charset=utf-8")], text.encode())


def _hidden(members):
    return "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n'
                   for name, value in members.items())


def _form(action, content, hidden):
    return f'<form method="post" action="{escape(action)}">\n{_hidden(hidden)}{content}\n</form>'


def _text(text, kind=""):
    return f'<p{kind and f" class={kind}"}>{escape(text)}</p>\n' if text else ""


def _field(label, name, value="", kind="text"):
    return (f'<label for="{name}">{label}</label><input id="{name}" name="{name}" type="{kind}" '
            f'value="{escape(value)}" required>\n')


def _decision(accept, decline):
    return (f'<button name="decision" value="accept">{accept}</button>\n'
            f'<button name="decision" value="cancel" formnovalidate>{decline}</button>')


def sign_in(action, token, app_name, hint, message):
    return page("Sign in", _text(f"to continue to {app_name}") + _text(message, "message") + _form(
        action, _field("User name", "login", hint) + _field("Password", "password", kind="password")
        + "<button>Sign in</button>", {"flowtoken": token}))


def consent(action, token, upn, app_name, permissions):
    listed = "".join(f"<li>{escape(permission)}</li>\n" for permission in permissions)
    return page("Permissions requested", _text(f"{app_name} would like to, as {upn}:") + f"<ul>\n{listed}</ul>\n"
                + _form(action, _decision("Accept", "Cancel"), {"flowtoken": token}))


def confirm(action, token, upn, app_name):
    return page(f"Are you trying to sign in to {app_name}?",
                _text(f"As {upn}, on another device. Only continue if you started this there yourself.")
                + _form(action, _decision("Continue", "Cancel"), {"flowtoken": token}))


def user_code(action, value, message):
    return page("Enter code", _text(message, "message") + _form(
        action, _field("The code displayed on your app or device", "user_code", value) + "<button>Next</button>", {}))


def done(title, text):
    return page(title, _text(text))


def admin_approval(text, way_back):
    link = f'<a href="{escape(way_back)}">Return to the application without granting consent</a>' if way_back else ""
    return page("Need admin approval", _text(text, "message") + link, 400)


def error(members):
    """An error answer's members, for a person."""
    return page("Sorry, but we're having trouble signing you in.", _text(members["error_description"], "message"),
                400)


def form_post(uri, members):
    # The script saves the click where there is JavaScript.
    return page("Continue", _form(uri, "<button>Continue</button>", members)
                + "\n<script>document.forms[0].submit()</script>")
