"""The label in a picture: letters that are drawn, not boxes."""

import re

import pytest
from PIL import ImageFont

from modelsettings.schema.delivery import DELIVERY_PARAMETERS
from modelsettings.schema.validation import SettingsRefused, SettingsValidator
from staging.images.labels import FONT

_NOWHERE = "\U0010ffff"
SCHEMA = {"properties": {"disclosure": DELIVERY_PARAMETERS["disclosure"]}}


def drawing_of(character: str) -> bytes:
    return bytes(ImageFont.truetype(FONT, 40).getmask(character))


def test_label_has_every_letter_that_its_parameter_takes() -> None:
    taken = re.compile(DELIVERY_PARAMETERS["disclosure"]["pattern"])
    characters = [chr(code) for code in range(0x20, 0xFFFF) if taken.match(chr(code))]

    box = drawing_of(_NOWHERE)
    boxes = [one for one in characters if drawing_of(one) == box]

    assert any(box)
    assert len(characters) > 1000
    assert boxes == []


@pytest.mark.parametrize("label", ["möbliert é ł Ж ß –", "Aménagé à 100 €", "Ψηφιακά", "Nội thất"])
def test_disclosure_takes_letters_beyond_english(label: str) -> None:
    assert SettingsValidator(SCHEMA).clean({"disclosure": label}) == {"disclosure": label}


@pytest.mark.parametrize("label", ["漢", "Staged 🛋", "e\u0301tage", "\u202eStaged"])
def test_disclosure_refuses_what_would_be_a_box(label: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        SettingsValidator(SCHEMA).clean({"disclosure": label})

    assert refused.value.errors == {
        "disclosure": [
            f'disclosure: "{label}" holds other characters than Latin, Greek and Cyrillic letters, '
            "digits, punctuation and currency signs."
        ]
    }
