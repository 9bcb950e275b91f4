"""Fitting the weights of noticing: the same bytes for the same messages, signs that hold, no habits of one writer."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from bot import prompts
from bot.core.matching import hear
from bot.core.noticing import ABOUTS, OUTCOMES, SOURCES, NoticingRules, Reader, Weights
from bot.core.state import About
from scripts.fit_noticing import (
    LEFT_OUT,
    LEXICON,
    NOTICING,
    Fitted,
    fit,
    main,
    messages_of,
    with_weights,
)
from scripts.fitting import Message, lexicon_text
from scripts.score_noticing import CORPUS, Labelled, rows_of

QUIET: Final = Console(quiet=True)
RULES: Final = prompts.read(NOTICING, NoticingRules)
VOICES: Final = ("plain", "second", "short")


def said_by(*voices: str) -> list[Message]:
    rows = [row for voice in voices for row in rows_of(CORPUS / f"{voice}.jsonl")]
    return messages_of(rows, RULES, QUIET)


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return said_by(*VOICES)


@pytest.fixture(scope="module")
def fitted(messages: list[Message]) -> Fitted:
    return fit(messages, RULES, QUIET)


def weights_of(rules: NoticingRules) -> dict[str, Weights]:
    return {name: feature.weights for name, feature in rules.weighing.items()}


def written(fitted: Fitted) -> tuple[str, str]:
    return with_weights(NOTICING.read_text("utf-8"), fitted), lexicon_text(LEXICON.read_text("utf-8"), fitted.lexicon)


def test_fit_gives_the_same_bytes_again(messages: list[Message], fitted: Fitted) -> None:
    assert written(fit(messages, RULES, QUIET)) == written(fitted)


def test_what_is_written_reads_as_it_was_fitted(fitted: Fitted, tmp_path: Path) -> None:
    rules_path, lexicon_path = tmp_path / "noticing.yaml", tmp_path / "lexicon.txt"
    for path, text in zip((rules_path, lexicon_path), written(fitted), strict=True):
        path.write_text(text, "utf-8")
    rules, lexicon = prompts.read(rules_path, NoticingRules), prompts.read_lexicon(lexicon_path, OUTCOMES)
    assert lexicon.weights == fitted.lexicon
    for name, weights in weights_of(rules).items():
        for outcome in OUTCOMES[: len(ABOUTS)]:
            assert getattr(weights, outcome) == fitted.features[name].get(outcome, 0.0)
    assert rules.sources == {
        source: {name: weights[source] for name, weights in fitted.features.items() if source in weights}
        for source in SOURCES
    }
    slots = {name: replace(slot, weights=RULES.slots[name].weights) for name, slot in rules.slots.items()}
    assert (slots, rules.reasons, rules.conditions) == (RULES.slots, RULES.reasons, RULES.conditions)
    assert Reader(rules, lexicon).notice(hear("my nan fell and i keep hearing it")).about is About.WITNESS


def test_weight_is_never_below_zero_for_what_its_slot_speaks_for(fitted: Fitted) -> None:
    for name, about in {name: feature.speaks_for for name, feature in RULES.weighing.items()}.items():
        if about is not None:
            assert fitted.features[name].get(OUTCOMES[ABOUTS.index(about)], 0.0) >= 0


def test_word_of_one_voice_is_no_word_of_the_lexicon() -> None:
    def said(text: str, label: str, voice: str) -> Labelled:
        return Labelled(text=f"{text} {voice}", label=label, source="work", voice=voice)

    labels = ("WITNESS", "OWN", "COMPASSION", "OTHER")
    rows = [said(f"the {label.lower()} teapot", label, voice) for label in labels for voice in ("one", "two") * 9]
    rows += [said("samovar", "WITNESS", "one") for _ in range(9)]
    lexicon = fit(messages_of(rows, RULES, QUIET), RULES, QUIET).lexicon
    assert "own teapot" in lexicon
    assert not {"samovar", "samovar one", "one", "two"} & lexicon.keys()


def test_word_that_a_slot_is_named_for_has_its_own_weight() -> None:
    assert "death" in RULES.slots
    rows = [
        Labelled(text=text, label=label, voice=voice, source="none")
        for voice in ("one", "two")
        for text, label in (
            ("the death star", "OTHER"),
            ("he died", "WITNESS"),
            ("my rent", "OWN"),
            ("bless", "COMPASSION"),
        )
        for _ in range(20)
    ]
    rows += [Labelled(text="bless him at work", label="COMPASSION", voice="one", source="work")]
    found = fit(messages_of(rows, RULES, QUIET), RULES, QUIET)
    assert found.lexicon["death"]["other"] > 0 > found.features["death"].get("own", -1)


def test_slot_without_a_line_for_its_weights_is_told(fitted: Fitted) -> None:
    text = re.sub(r"  guilt:\n(.*\n)*?    weights: .*\n", "  guilt:\n", NOTICING.read_text("utf-8"), count=1)
    with pytest.raises(ValueError, match=r"^guilt: give each a line `weights: \{\}` in noticing\.yaml$"):
        with_weights(text, fitted)


def test_fit_of_one_label_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "tea at four", "label": "OTHER"}', "utf-8")
    before = NOTICING.read_bytes(), LEXICON.read_bytes()
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path / "rows.jsonl")])
    assert "there is no message to fit COMPASSION, OWN, WITNESS with" in capsys.readouterr().err
    assert (NOTICING.read_bytes(), LEXICON.read_bytes()) == before


def test_committed_weights_are_those_of_the_committed_messages(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("long"):
        pytest.skip("takes half a minute: run with --long")
    voices = [path.stem for path in sorted(CORPUS.glob("*.jsonl")) if path.stem not in LEFT_OUT]
    found = written(fit(said_by(*voices), RULES, QUIET))
    assert found == (NOTICING.read_text("utf-8"), LEXICON.read_text("utf-8"))
