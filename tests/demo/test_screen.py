from io import StringIO

from demo.screen import Screen


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def follow_a_job(stream: StringIO) -> str:
    clock = iter([0.0, 10.0, 10.0, 11.5, 12.5])
    screen = Screen(stream, now=lambda: next(clock))
    screen.begin()
    for state in ("queued", "running", "running"):
        screen.follow(state)
    screen.say("Done")
    return stream.getvalue()


def test_screen_writes_a_line_a_state_into_a_file() -> None:
    assert follow_a_job(StringIO()) == "    0.0 s  queued\n    1.5 s  running\nDone\n"


def test_screen_counts_in_one_line_on_a_terminal() -> None:
    assert follow_a_job(Terminal()) == (
        "\r    0.0 s  queued\n\r    1.5 s  running\r    2.5 s  running\nDone\n"
    )
