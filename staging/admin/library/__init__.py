"""The admin's pages of the prompt library.

entries       lists and forms of rooms, styles, rules and furnishings, with their history
matrix        every room in every style
forms         the form of a row and of its reason
preview       the finished prompt beside a form
differences   changes of a text, word by word
"""

from staging.admin.library import entries

__all__ = ["entries"]
