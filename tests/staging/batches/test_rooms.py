"""The rooms that folders name, as people call folders."""

import unicodedata

import pytest

from staging.batches.rooms import RoomFinder, tell_unnamed

FINDER = RoomFinder(
    [
        ("living_room", "Living room"),
        ("bedroom", "Bedroom"),
        ("master_bedroom", "Master bedroom suite"),
        ("kitchen", "Küche"),
        ("bath", "Bath / WC"),
        ("default", "Any room"),
    ]
)


@pytest.mark.parametrize(
    ("path", "room"),
    [
        ("bedroom/1.jpg", "bedroom"),
        ("Bedroom 2/1.jpg", "bedroom"),
        ("bedroom_1/1.jpg", "bedroom"),
        ("Bedroom2/1.jpg", "bedroom"),
        ("2. Bedroom/1.jpg", "bedroom"),
        ("Guest Bedroom (north)/1.jpg", "bedroom"),
        ("guestBedroom/1.jpg", "bedroom"),
        ("Ｂｅｄｒｏｏｍ/1.jpg", "bedroom"),
        ("Living-Room/1.jpg", "living_room"),
        ("LIVING ROOM (north)/1.jpg", "living_room"),
        ("livingroom/1.jpg", "living_room"),
        ("01 Küche/1.jpg", "kitchen"),
        ("KÜCHE/1.jpg", "kitchen"),
        (unicodedata.normalize("NFD", "01 Küche/1.jpg"), "kitchen"),
        ("Bath, WC/1.jpg", "bath"),
        # The longest.
        ("Master Bedroom/1.jpg", "master_bedroom"),
        ("02 master-bedroom suite/1.jpg", "master_bedroom"),
        # The innermost that names one.
        ("Kitchen/Bedroom/Edited/1.jpg", "bedroom"),
        # Two rooms are none, and neither is a part of a word, or what is no folder.
        ("Kitchen/Kitchen and Bedroom/1.jpg", ""),
        ("Bedrooms/1.jpg", ""),
        ("Bathing/1.jpg", ""),
        ("bedroom.jpg", ""),
        ("Foo/1.jpg", ""),
        ("1.jpg", ""),
        # Any room is what it is called, and no part of another name.
        ("Any room/1.jpg", "default"),
        ("Default settings/1.jpg", ""),
    ],
)
def test_room_of_a_path(path: str, room: str) -> None:
    assert FINDER.find(path) == room


def test_a_library_without_rooms_finds_none() -> None:
    assert RoomFinder([("!", "?")]).find("bedroom/!/1.jpg") == ""


def test_many_folders_without_a_room_are_counted() -> None:
    told = tell_unnamed({f"Folder {number}": number for number in range(1, 8)})

    assert told == (
        "No room was found for Folder 1 (1 photo), Folder 2 (2 photos), Folder 3 (3 photos),"
        " Folder 4 (4 photos), Folder 5 (5 photos), 2 more folders."
    )
