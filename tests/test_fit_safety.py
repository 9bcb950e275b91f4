"""Fitting the weights of danger: the same bytes for the same messages, and what is written reads as it was fitted."""

from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from bot import prompts
from bot.core.matching import hear
from bot.core.safety import OUTCOMES, Guard, SafetyRules
from bot.core.scoring import SLOT
from bot.core.state import Tier
from scripts.fit_safety import DANGER, LEFT_OUT, ONLY_BESIDE, SAFETY, fit, main, messages_of
from scripts.fitting import Message, lexicon_text
from scripts.score_noticing import CORPUS, rows_of
from scripts.score_safety import is_minor, tier_of

QUIET: Final = Console(quiet=True)
RULES: Final = prompts.read(SAFETY, SafetyRules)
VOICES: Final = (CORPUS / "teens.jsonl", CORPUS / "danger/openly.jsonl")


def said_by(*paths: Path) -> list[Message]:
    return messages_of([row for path in paths for row in rows_of(path)], RULES, QUIET)


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return said_by(*VOICES)


@pytest.fixture(scope="module")
def fitted(messages: list[Message]) -> dict[str, dict[str, float]]:
    return fit(messages, RULES, QUIET)


def written(fitted: dict[str, dict[str, float]]) -> str:
    return lexicon_text(DANGER.read_text("utf-8"), fitted)


def test_fit_gives_the_same_bytes_again(messages: list[Message], fitted: dict[str, dict[str, float]]) -> None:
    assert written(fit(messages, RULES, QUIET)) == written(fitted)


def test_what_is_written_reads_as_it_was_fitted(fitted: dict[str, dict[str, float]], tmp_path: Path) -> None:
    (tmp_path / "danger.txt").write_text(written(fitted), "utf-8")
    lexicon = prompts.read_lexicon(tmp_path / "danger.txt", OUTCOMES)
    assert lexicon.weights == fitted
    assert Guard(RULES, lexicon).read(hear("this is my last night, bye everyone")).tier is not Tier.NONE


def test_every_message_has_what_the_start_says_and_slots_weigh_beside_words(
    fitted: dict[str, dict[str, float]],
) -> None:
    assert fitted[SLOT]["none"] > 0
    assert fitted[f"{SLOT}suicidal_word"]["own"] > 0


def test_what_everyone_says_weighs_nothing_by_itself(fitted: dict[str, dict[str, float]]) -> None:
    assert {*ONLY_BESIDE} <= {*RULES.slots}
    assert not {f"{SLOT}{name}" for name in ONLY_BESIDE} & {*fitted}
    assert not {"i", "going", "the", "now"} & {*fitted}
    assert any(entry.startswith("i ") for entry in fitted)  # two side by side do


def test_labels_are_tiers_and_ages() -> None:
    rows = {row.text: row for path in (CORPUS / "teens.jsonl", CORPUS / "unseen.jsonl") for row in rows_of(path)}
    assert {tier_of(row) for row in rows.values()} == {*Tier}
    assert {tier_of(row) for row in rows.values() if row.label == "MINOR"} == {Tier.NONE}
    assert {"MINOR", "CRISIS_OWN"} <= {row.label for row in rows.values() if is_minor(row)}


def test_fit_without_some_tier_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "tea at four", "label": "OTHER"}', "utf-8")
    before = DANGER.read_bytes()
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "rows.jsonl")])
    assert "there is no message to fit abuse, eating, friend" in capsys.readouterr().err
    assert DANGER.read_bytes() == before


def test_committed_weights_are_those_of_the_committed_messages(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("long"):
        pytest.skip("takes a minute: run with --long")
    paths = [path for path in sorted(CORPUS.rglob("*.jsonl")) if path.stem not in LEFT_OUT]
    assert written(fit(said_by(*paths), RULES, QUIET)) == DANGER.read_text("utf-8")
