"""The admin's pages of the prompt library.

entries       lists and forms of rooms, styles, rules and furnishings, with their history
matrix        every room in every style
forms         what is written about one row, and why
preview       the finished prompt beside a form
differences   what became of a text, word by word
"""

from staging.admin.library import entries

__all__ = ["entries"]
