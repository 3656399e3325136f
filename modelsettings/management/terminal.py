"""Text of strangers, for a terminal."""


def printable(text: str) -> str:
    """Return the text on one line, with spaces for characters that could steer a terminal.

    >>> printable("a\x1b[2Jb")
    'a [2Jb'
    """
    return "".join(letter if letter.isprintable() else " " for letter in text)
