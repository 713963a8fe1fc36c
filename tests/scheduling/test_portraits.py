"""The drawn faces of the demo clinic: invented, the same in every run, and told apart by day."""

import io

import pytest
from PIL import Image

from clinic.scheduling.demo import portraits
from clinic.scheduling.demo.faces import Group, Spots

SCARS = (Group("malar", "L", "rolling", 4), Group("malar", "L", "ice_pick", 3))
MARKS = (Spots("chin", "M", "pie", 5),)


def drawn(view="front", scars=SCARS, marks=MARKS, day="2026-11-21"):
    return portraits.portrait(view, 3, scars, marks, seed="D-0001", day=day)


def test_a_face_is_drawn_the_same_again_and_differs_from_day_to_day():
    assert drawn() == drawn() != drawn(day="2026-11-22")


def test_what_is_logged_is_seen_on_the_face():
    assert len({drawn(), drawn(scars=()), drawn(marks=()), drawn(scars=SCARS[:1])}) == 4


@pytest.mark.parametrize("view", portraits.VIEWS)
def test_each_view_is_a_picture_that_the_record_takes(view):
    picture = Image.open(io.BytesIO(drawn(view)))

    assert picture.format == "JPEG"
    assert min(picture.size) > 600
