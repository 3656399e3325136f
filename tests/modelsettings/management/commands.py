"""Commands of manage.py as a shell sees them."""

import io
from typing import Any

from django.core.management import CommandError, call_command


def run_command(name: str, *arguments: Any, code: int = 0) -> str:
    """Run a command; return what it printed, after checking how it ended."""
    output = io.StringIO()
    ended = 0
    try:
        call_command(name, *map(str, arguments), stdout=output, no_color=True)
    except CommandError as error:
        ended = error.returncode
        output.write(f"error: {error}")
    except SystemExit as end:
        ended = int(end.code or 0)
    assert ended == code, output.getvalue()
    return output.getvalue()
