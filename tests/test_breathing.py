"""The animation of /breathe: what lies in prompts/ is what the script draws, at the pace that the words name."""

from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from bot.core.lines import Line
from scripts.draw_breathing import FILE, FRAME, IN, OUT, SIZE, draw, pictures
from tests.person import PROMPTS

COUNTS = {4_000: "four", 6_000: "six"}


@pytest.fixture(scope="module")
def frames() -> list[tuple[Image.Image, int]]:
    """Each picture of the file, and how many milliseconds it stays."""
    with Image.open(FILE) as file:
        return [(frame.convert("L"), frame.info["duration"]) for frame in ImageSequence.Iterator(file)]


def light(picture: Image.Image) -> float:
    """How bright it is on the whole, from 0 to 255."""
    return sum(shade * count for shade, count in enumerate(picture.histogram())) / SIZE**2


def test_file_is_what_the_script_draws(frames: list[tuple[Image.Image, int]]) -> None:
    drawn = pictures()
    assert [duration for _, duration in frames] == [FRAME] * len(drawn)
    assert [frame.tobytes() for frame, _ in frames] == [picture.convert("L").tobytes() for picture in drawn]


def test_script_gives_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("one", "other"):
        draw(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_file_is_small_and_plays_for_ever_as_telegram_takes_it() -> None:
    assert FILE.stat().st_size < 300_000
    with Image.open(FILE) as file:
        assert (file.format, file.info["loop"], file.size) == ("GIF", 0, (SIZE, SIZE))
    assert SIZE % 2 == 0


def test_disc_grows_for_four_seconds_and_shrinks_for_six(frames: list[tuple[Image.Image, int]]) -> None:
    starts = [0, *accumulate(duration for _, duration in frames)]
    lights = [light(frame) for frame, _ in frames]
    assert starts[-1] == IN + OUT == 10_000
    assert (starts[lights.index(max(lights))], IN) == (4_000, 4_000)
    rising = [one <= other for one, other in pairwise([*lights, lights[0]])]
    assert rising == [start < IN for start in starts[:-1]]


def test_nothing_flashes_and_no_turn_is_sudden(frames: list[tuple[Image.Image, int]]) -> None:
    lights = [light(frame) for frame, _ in frames]
    steps = [abs(one - other) for one, other in pairwise([*lights, lights[0]])]
    assert max(steps) < 2
    assert max(abs(one - other) for one, other in pairwise(steps)) < 0.2
    assert steps[0] < 0.1
    assert steps[-1] < 0.1


def test_words_name_the_same_pace_and_the_way_out() -> None:
    wordings = PROMPTS.lines[Line.BREATHING]
    assert len(wordings) >= 4
    for wording in wordings:
        words = wording.lower()
        assert 0 < words.index(COUNTS[IN]) < words.index(COUNTS[OUT])
        assert all(part in words for part in ("stop any time", "worse", "look around"))
