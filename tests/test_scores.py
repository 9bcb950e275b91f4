"""The figures of noticing, against values worked out by hand, and the program that prints them."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from bot.core.state import About, Danger, Notice, Source
from scripts.scores import (
    VERDICTS,
    Bin,
    Rate,
    Scored,
    auc,
    brier,
    by,
    calibration_error,
    is_opened_as_distress,
    placed,
    quality,
    reliability,
    share,
    share_of,
    spot,
    worst_false_alarms,
    worst_misses,
)
from tests.person import SEEN

ROOT = Path(__file__).parent.parent


def message(label: str, chance: float, about: About = About.NONE, source: Source = Source.NONE) -> Scored:
    """A message that is asked about from .4 on, and offered from .8 on."""
    notice = Notice(about, chance, ask=chance >= 0.4, offer=chance >= 0.8, source=source)
    return Scored("a b", label, "", "", "", "", notice, Danger(), took=1)


KNOWN = [
    message("WITNESS", 0.9, About.WITNESS, Source.WORK),
    message("WITNESS", 0.5, About.WITNESS, Source.NEWS),
    message("WITNESS", 0.45, About.OWN),
    message("WITNESS", 0.05),
    message("OTHER", 0.85, About.WITNESS),
    message("OTHER", 0.0),
    message("COMPASSION", 0.5, About.WITNESS),
    message("COMPASSION", 0.4, About.COMPASSION),
    message("COMPASSION", 0.3, About.WITNESS),
    message("OWN", 0.0, About.OWN),
]


def triple(rate: Rate) -> tuple[float, float, float]:
    return rate.value, rate.low, rate.high


def near(*values: float) -> tuple[object, ...]:
    return tuple(pytest.approx(value, abs=5e-5) for value in values)


# --- rates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (8, 10, (0.8, 0.4902, 0.9433)),  # z = 1.96: (.8 + .1921) / 1.3841 ± 1.96 √(.016 + .0096) / 1.3841
        (1, 2, (0.5, 0.0945, 0.9055)),  # .5 ± 1.96 √(.125 + .2401) / 2.9207
        (0, 10, (0.0, 0.0, 0.2775)),  # up to .3841 / 1.3841
        (10, 10, (1.0, 0.7225, 1.0)),
    ],
)
def test_share_has_wilsons_interval(part: int, whole: int, expected: tuple[float, ...]) -> None:
    assert triple(share(part, whole)) == near(*expected)


def test_rate_of_nothing_is_no_number_and_is_written_as_a_dash() -> None:
    nothing = [share(0, 0), auc([], [0.5]), auc([0.5], []), quality([], VERDICTS["asked"]).f1, placed([])]
    assert all(math.isnan(figure) for rate in nothing for figure in triple(rate))
    assert [str(rate) for rate in nothing] == ["-"] * 5
    assert math.isnan(brier([]))
    assert math.isnan(calibration_error(reliability([])))


def test_rate_is_written_with_its_interval_and_in_a_thousand() -> None:
    assert str(share(8, 10)) == "0.800 (0.490-0.943)"
    assert share(8, 10).per_thousand() == "800 (490-943)"


# --- finding WITNESS ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "hits", "said"),
    [("asked", 3, 6), ("offered", 1, 2), ("most likely WITNESS", 2, 5)],
)
def test_quality_counts_hits_among_those_said_and_those_true(verdict: str, hits: int, said: int) -> None:
    found = quality(KNOWN, VERDICTS[verdict])
    assert found.precision == share(hits, said)
    assert found.recall == share(hits, 4)
    assert found.f1.value == pytest.approx(2 * hits / (said + 4))


def test_interval_of_f1_is_that_of_hits_among_all_that_are_said_or_true() -> None:
    # Asked: 3 hits among 7 that are said or true, so F1 is .6; 2 · .1582 / 1.1582 and 2 · .7495 / 1.7495.
    assert triple(share(3, 7)) == near(3 / 7, 0.1582, 0.7495)
    assert triple(quality(KNOWN, VERDICTS["asked"]).f1) == near(0.6, 0.2732, 0.8568)


def test_share_of_counts_those_who_get_a_verdict() -> None:
    compassion = [one for one in KNOWN if one.label == "COMPASSION"]
    assert share_of(compassion, VERDICTS["asked"]) == share(2, 3)


def test_compassion_is_opened_as_distress_where_it_is_asked_about_and_most_likely_witness() -> None:
    assert [one.chance for one in KNOWN if one.label == "COMPASSION" and is_opened_as_distress(one)] == [0.5]


def test_source_counts_only_for_witness_that_are_asked_about_and_have_a_known_one() -> None:
    work, news, unplaced, missed, other, *_ = KNOWN
    rows = [
        replace(work, source="work"),
        replace(news, source="animal"),
        replace(unplaced, source="somewhere"),
        replace(missed, source="none"),
        replace(other, source="none"),
    ]
    assert placed(rows) == share(1, 2)


# --- the chances --------------------------------------------------------------------------------------------------


def test_auc_counts_pairs_in_order_and_half_of_ties() -> None:
    # Of 6 pairs 4 are in order and one is a tie: .75. Q1 = .75 / 1.25 = .6 and Q2 = 1.125 / 1.75 = .642857, so
    # the square of the error is (.1875 + 1 · (.6 - .5625) + 2 · (.642857 - .5625)) / 6 = .064286, and 1.96 of it .4969.
    assert triple(auc([0.9, 0.4], [0.5, 0.1, 0.4])) == near(0.75, 0.2531, 1.0)


@pytest.mark.parametrize(("chosen", "others", "area"), [([1, 0.9], [0.1], 1), ([0.1], [0.2, 0.3], 0)])
def test_auc_is_a_point_where_one_side_stands_wholly_above(
    chosen: list[float], others: list[float], area: float
) -> None:
    assert triple(auc(chosen, others)) == near(area, area, area)


def test_auc_of_equals_is_a_half() -> None:
    assert auc([0.5] * 4, [0.5] * 3).value == pytest.approx(0.5)


def test_reliability_puts_each_chance_into_its_bin_and_one_into_the_last() -> None:
    bins = reliability([*KNOWN, message("WITNESS", 1.0)])
    assert [one.messages for one in bins] == [3, 0, 0, 1, 2, 2, 0, 0, 1, 2]
    assert bins[4] == Bin(0.4, 0.5, 2, fmean([0.45, 0.4]), share(1, 2))
    assert bins[9] == Bin(0.9, 1.0, 2, 0.95, share(2, 2))


def test_calibration_error_weighs_each_bin_by_its_messages() -> None:
    # .05, 0 and 0 with 1 of 3; .3 with none; .45 and .4 with 1 of 2; .5 and .5 with 1 of 2; .85 with none; .9 with 1.
    apart = 3 * (1 / 3 - 0.05 / 3) + 0.3 + 2 * (0.5 - 0.425) + 2 * 0 + 0.85 + 0.1
    assert calibration_error(reliability(KNOWN)) == pytest.approx(apart / 10)


def test_brier_is_the_mean_square_of_what_is_lacking() -> None:
    squares = 0.1**2 + 0.5**2 + 0.55**2 + 0.95**2 + 0.85**2 + 0.5**2 + 0.4**2 + 0.3**2
    assert brier(KNOWN) == pytest.approx(squares / 10)


@pytest.mark.parametrize(
    ("most", "threshold", "others", "chosen"),
    [
        (0.0, 0.9, 0, 1),  # above .6, the next that anyone reaches
        (0.25, 0.6, 1, 2),  # one of four may be reached
        (0.49, 0.6, 1, 2),
        (0.5, 0.6, 1, 2),  # nor may one of two equals
        (1.0, 0.1, 4, 4),
    ],
)
def test_spot_is_the_lowest_threshold_that_keeps_the_share(
    most: float, threshold: float, others: int, chosen: int
) -> None:
    found = spot([0.9, 0.6, 0.3, 0.1], [0.6, 0.3, 0.3, 0.2], most)
    assert (found.threshold, found.others, found.chosen) == (threshold, share(others, 4), share(chosen, 4))


def test_spot_reaches_nobody_where_the_others_stand_highest() -> None:
    found = spot([0.9], [1.0], 0.5)
    assert (found.threshold, found.others, found.chosen) == (math.inf, share(0, 1), share(0, 1))


# --- rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "length"),
    [(0, " 1-5"), (5, " 1-5"), (6, " 6-12"), (12, " 6-12"), (13, "13-25"), (26, "26-60"), (60, "26-60"), (61, "more")],
)
def test_length_is_told_by_words(words: int, length: str) -> None:
    assert replace(KNOWN[0], text="a " * words).length == length


def test_groups_come_in_the_order_of_their_keys_and_keep_that_of_their_messages() -> None:
    assert [(label, len(ones)) for label, ones in by(KNOWN, lambda one: one.label)] == [
        ("COMPASSION", 3),
        ("OTHER", 2),
        ("OWN", 1),
        ("WITNESS", 4),
    ]


def test_worst_come_first_and_no_more_than_are_asked_for() -> None:
    missed = message("WITNESS", 0.01)
    assert [one.chance for one in worst_misses([*KNOWN, missed], 5)] == [0.01, 0.05]
    assert [one.chance for one in worst_false_alarms(KNOWN, 2)] == [0.85, 0.5]


# --- the program --------------------------------------------------------------------------------------------------

MISSED = "the spoons were counted twice all week [bold]\x1b[2J"
ROWS: list[dict[str, str | int | None]] = [
    {"text": SEEN, "label": "WITNESS", "source": "work", "setting": "private", "note": "", "voice": "plain"},
    {"text": MISSED, "label": "WITNESS", "source": None},
    {"text": "what time does the shop open", "label": "OTHER", "source": "none", "voice": "[odd]", "more": 1},
    {"text": "i want to kill myself", "label": "CRISIS_OWN", "note": "T2;x"},
]
CONDITIONS: list[dict[str, str]] = [
    {"text": "my hamster died", "label": "OWN", "note": "exam;died;own_loss", "voice": "conditions"},
    {
        "text": "her chair stood empty when i rang",
        "label": "WITNESS",
        "note": "died;unclear own_loss",
        "voice": "conditions",
    },
    {"text": "my dad died", "label": "OWN", "note": "unclear died;unclear own_loss", "voice": "conditions"},
    {"text": "my dad died on friday", "label": "OWN", "note": "died;own_loss", "voice": "other"},
]


def score(folder: Path, *arguments: str, lines: str, program: str = "score_noticing") -> tuple[int, str, str]:
    """Run the program on a file of these lines; give its exit status, output and errors."""
    (folder / "rows.jsonl").write_text(lines, "utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", f"scripts.{program}", *arguments, str(folder / "rows.jsonl")],
        cwd=ROOT,
        env={"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def cells(out: str) -> list[list[str]]:
    """What stands in each row of the tables."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]


def test_program_prints_every_table_and_no_text(tmp_path: Path) -> None:
    status, out, err = score(tmp_path, lines="\n".join(map(json.dumps, ROWS)))
    assert status == 0
    assert "Reading" in err
    titles = [
        "Noticing WITNESS",
        "False alarms in 1,000 messages",
        "Calibration",
        "By label",
        "By source",
        "By setting",
    ]
    titles += ["By voice", "By words", "4 messages; "]
    assert [title for title in titles if title not in out] == []
    rows = cells(out)
    assert ["asked", str(share(1, 1)), str(share(1, 2)), "0.667 (0.173-0.950)"] in rows
    assert ["OTHER", *["0 (0-793)"] * 4] in rows
    assert ["right source, of WITNESS asked", str(share(1, 1))] in rows
    assert [row[0] for row in rows if row[0] == "[odd]"] == ["[odd]"]
    assert [row for row in ROWS if str(row["text"])[:12] in out + err] == []


def test_program_counts_the_conditions_that_notes_name_and_leaves_out_what_is_unclear(tmp_path: Path) -> None:
    _, out, _ = score(tmp_path, lines="\n".join(map(json.dumps, CONDITIONS)))
    one, half = str(share(1, 1)), str(share(1, 2))
    rows = cells(out)
    assert ["died", "2", one, half, "1", one, one] in rows
    assert ["own_loss", "1", one, one, "1", one, one] in rows
    assert ["heard", "0", "-", "-", "0", "-", "-"] in rows


def test_program_prints_the_worst_with_their_texts_where_it_is_asked_to(tmp_path: Path) -> None:
    status, out, _ = score(tmp_path, "--misses", "3", lines="\n".join(map(json.dumps, ROWS)))
    assert status == 0
    assert [row[1:] for row in cells(out) if row[-1].startswith("the spoons")] == [
        ["WITNESS", "the spoons were counted twice all week [bold] [2J"]
    ]
    assert "\x1b" not in out


@pytest.mark.parametrize("line", ["no json of mine", '{"text": "mine"}', '{"text": 1, "label": "mine"}', "[]", ""])
def test_line_that_is_no_message_is_told_with_its_place_and_not_repeated(tmp_path: Path, line: str) -> None:
    status, out, err = score(tmp_path, lines=f"{json.dumps(ROWS[0])}\n{line}\n")
    assert (status, out) == (2, "")
    assert err.endswith("rows.jsonl:2: give a JSON object with text and label\n")
    assert "mine" not in err


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    status, out, err = score(tmp_path, "nowhere.jsonl", lines="")
    assert (status, out) == (2, "")
    assert "nowhere.jsonl" in err.splitlines()[-1]


def test_files_without_a_message_are_told(tmp_path: Path) -> None:
    status, out, err = score(tmp_path, lines="")
    assert (status, out) == (2, "")
    assert err.endswith("there is no message in these files\n")


def test_figures_of_nothing_are_dashes(tmp_path: Path) -> None:
    status, out, _ = score(tmp_path, lines=json.dumps(ROWS[3]))
    assert status == 0
    assert ["Brier's score", "-"] in cells(out)
    assert "nan" not in out


def test_program_scores_danger_and_prints_no_text(tmp_path: Path) -> None:
    status, out, _ = score(tmp_path, lines="\n".join(map(json.dumps, ROWS)), program="score_safety")
    assert status == 0
    assert ["own and imminent: a card", "1", str(share(1, 1))] in cells(out)
    assert ["CRISIS_OWN T2", "1", str(share(1, 1)), f"own {share(1, 1)}"] in cells(out)
    assert "kill" not in out
