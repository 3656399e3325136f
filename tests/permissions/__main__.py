"""Writes docs/permissions.md from the table: `python -m tests.permissions`."""

from tests.permissions.page import PAGE, write_page

if __name__ == "__main__":
    PAGE.write_text(write_page())
