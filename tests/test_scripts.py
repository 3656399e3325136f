"""What holds for every script of a page."""

import re

from django.conf import settings

_REQUEST = re.compile(r"\bfetch\(|XMLHttpRequest|\.ajax\(|sendBeacon")


def test_scripts_that_send_requests_tell_an_ended_session() -> None:
    """Of htmx, and of the searches by jQuery, `restageSession` hears by itself."""
    scripts = {
        script.name: script.read_text() for script in settings.BASE_DIR.glob("static/restage/*.js")
    }
    sending = [name for name, text in scripts.items() if _REQUEST.search(text)]

    assert "session.js" in sending
    assert [name for name in sending if "restageSession" not in scripts[name]] == []
