import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.decide import decide
from bot.core.helplines import (
    PLACES,
    SHOWN_FOR,
    Check,
    Checks,
    Country,
    Directory,
    Emergency,
    Helpline,
    Number,
    Reaches,
    Result,
    Serves,
    emergency_of,
    message,
    placed,
    shown,
)
from bot.core.lines import MOST_WORDS, Line
from bot.core.model import Action, Decision, Held, Incoming, Kind, Lane, Opened, Reply, Where
from bot.core.sequence import AFTER_CARD
from bot.core.state import State, Step
from bot.prompts import FOLDER, SLOTS, load, read
from tests.person import PROMPTS, buttons, lines

CONTENT = PROMPTS.content
HELPLINES = CONTENT.helplines
DIRECTORY = read(FOLDER / "helplines.yaml", Directory)
READ = dt.date(2026, 11, 22)
EMERGENCY = Emergency((Number("112"),), "a page", READ)


def noon(day: dt.date) -> int:
    return (day.toordinal() - dt.date(1970, 1, 1).toordinal()) * 86_400 + 43_200


NOW = noon(READ)


def line(name: str = "Line", **over: Any) -> Helpline:  # noqa: ANN401 - any field of it
    return replace(Helpline(name=name, source="a page", read=READ, phone="116 123", dial="116123"), **over)


def with_lines(*helplines: Helpline) -> Country:
    return Country("Atlantis", lines=helplines)


def problems(*helplines: Helpline, emergency: Emergency | None = None) -> list[str]:
    try:
        Directory({"DE": replace(with_lines(*helplines), emergency=emergency)})
    except ValueError as error:
        return str(error).splitlines()
    return []


def names(country: Country, at: int = NOW, *, minor: bool = False) -> list[str]:
    return [each.name for each in shown(country, at, minor=minor)]


def says(text: str, held: Held, at: int = NOW, kind: Kind = Kind.TEXT, command: str = "") -> tuple[list[Line], Held]:
    decision = decide(Incoming(1, Where.PRIVATE, kind, at, text=text, command=command, seed=9), held, CONTENT)
    return lines(decision), decision.held


# --- What may stand in the file -----------------------------------------------------------------------------------


def test_places_fit_into_a_byte_and_stand_where_they_stood() -> None:
    assert len(PLACES) == len(set(PLACES)) == 250
    assert [PLACES.index(code) for code in ("AD", "GB", "KE", "US", "XK")] == [0, 76, 114, 232, 249]


def test_a_line_as_it_should_be_has_no_problem() -> None:
    assert problems(line(), emergency=EMERGENCY) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"source": " "}, "has no source"),
        ({"name": ""}, "has no name"),
        ({"dial": "116 123"}, "“116 123” cannot be dialled"),
        ({"dial": "HOME"}, "“HOME” cannot be dialled"),
        ({"dial": "116124"}, "dials 116124 and shows 116 123"),
        ({"dial": ""}, "has a phone that nothing dials"),
        ({"phone": "", "dial": ""}, "has no phone, text, whatsapp or chat"),
        ({"serves": Serves.SOME}, "does not say for whom"),
        ({"whom": "for men"}, "does not say for whom"),
        ({"note": "is this right?"}, "a question or an exclamation mark"),
        ({"languages": ("English", "Welsh!")}, "a question or an exclamation mark"),
        ({"serves": Serves.SOME, "whom": "for men\nonly"}, "has a line break"),
        ({"serves": Serves.YOUNG}, "none is for anyone"),
    ],
)
def test_a_line_that_could_mislead_is_refused(changed: dict[str, Any], problem: str) -> None:
    assert any(problem in told for told in problems(line(**changed)))


@pytest.mark.parametrize("name", ["Atlantis!", "Atlantis?", "Atlan\ntis"])
def test_a_country_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"countries.DE.name: has a line break"):
        Directory({"DE": Country(name)})


@pytest.mark.parametrize("page", ["", "findahelpline.com!", "findahelpline.com/countries/DE", "example.org", "😀 {x}"])
def test_a_country_has_its_page_in_the_directory_and_no_other(page: str) -> None:
    Directory({"DE": Country("Germany", "findahelpline.com/countries/de")})
    with pytest.raises(ValueError, match=r"is no page of findahelpline\.com"):
        Directory({"DE": Country("Germany", page)})


def test_two_of_a_name_or_a_number_are_refused() -> None:
    assert len(problems(line(), line(phone="142", dial="142"))) == 1
    assert len(problems(line(), line("Another"))) == 1


def test_police_before_the_ambulance_are_refused() -> None:
    numbers = (Number("110", Reaches.POLICE), Number("119", Reaches.AMBULANCE))
    assert "put the ambulance first" in problems(emergency=Emergency(numbers, "a page", READ))[0]
    assert problems(emergency=Emergency(numbers[::-1], "a page", READ)) == []


def test_emergency_numbers_need_a_source_and_digits() -> None:
    assert len(problems(emergency=Emergency((Number("one"),), "", READ))) == 2
    assert len(problems(emergency=Emergency((), "a page", READ))) == 1


def test_countries_need_a_known_code_and_a_name_of_their_own() -> None:
    with pytest.raises(ValueError, match="there is no country with this code"):
        Directory({"UK": Country("United Kingdom")})
    with pytest.raises(ValueError, match="is a name of DE too"):
        Directory({"DE": Country("Germany"), "AT": Country("Austria", also=("GERMANY.",))})
    with pytest.raises(ValueError, match="there is no FR among the countries"):
        Directory({"DE": Country("Germany")}, ("FR",))


# --- The file as it is --------------------------------------------------------------------------------------------


def test_numbers_stand_as_they_were_written() -> None:
    phones = {code: [each.phone for each in country.lines] for code, country in DIRECTORY.countries.items()}
    assert phones["PL"] == ["116 123"]
    assert phones["CL"] == ["*4141"]
    assert phones["NZ"] == ["0508 828 865"]
    assert phones["US"][0] == "988"


def test_no_line_stands_where_the_review_took_it_away() -> None:
    for code in ("JO", "KZ", "VN", "TR", "XK", "PG", "CH", "PK", "NG"):
        assert DIRECTORY.countries[code].lines == ()
    everything = {each.phone for country in DIRECTORY.countries.values() for each in country.lines}
    assert everything & {"182", "623-4444", "800 4673", "8015", "(246) 429-9999", "121", "110", "150"} == set()
    assert [each.number for each in DIRECTORY.countries["BA"].emergency.numbers] == ["124", "122"]  # type: ignore[union-attr]


def test_a_line_is_as_narrow_as_the_review_made_it() -> None:
    lines_of = {code: {each.name: each for each in DIRECTORY.countries[code].lines} for code in ("IT", "GB")}
    italy = lines_of["IT"]["Telefono Amico Italia"]
    assert (italy.hours, italy.whatsapp) == ("daily 09:00-24:00", "")
    assert lines_of["GB"]["Samaritans"].languages == ("English",)


def test_a_menu_is_dialled_by_nobody_without_its_note() -> None:
    for code, note in (("PE", "choose option 5"), ("EC", "choose option 6"), ("GB", "choose option 2")):
        (menu,) = [each for each in DIRECTORY.countries[code].lines if each.note == note]
        assert menu.dial == ""


def test_every_country_has_a_directory_and_every_line_a_source_and_a_day() -> None:
    for country in DIRECTORY.countries.values():
        assert country.directory.startswith("findahelpline.com")
        assert all(each.source and each.read for each in country.lines)
    assert sum(bool(country.lines) for country in DIRECTORY.countries.values()) == 45
    assert sum(country.emergency is not None for country in DIRECTORY.countries.values()) == 103


@pytest.mark.parametrize("minor", [False, True])
@pytest.mark.parametrize("code", HELPLINES.countries)
def test_the_message_of_every_country_has_at_most_45_words_in_every_wording(code: str, minor: bool) -> None:  # noqa: FBT001
    country = HELPLINES.countries[code]
    for at in (NOW, noon(READ + dt.timedelta(days=400))):
        reply = message(Reply((Line.CARD_LINES,)), country, CONTENT, at, minor=minor)
        fresh = at == NOW and country.lines
        assert reply.keys == ((Line.CARD_LINES_COUNTRY,) if fresh else (Line.CARD_LINES_NONE,))
        for pick in range(3):
            words = PROMPTS.text(replace(reply, picks=(pick,)))
            assert len(words.split()) <= MOST_WORDS
            assert country.name in words
            assert country.directory in words
            assert emergency_of(country, CONTENT.labels) in words
            assert ("your local emergency number" in words) is (country.emergency is None)
            assert "{" not in words
            assert (shown(country, at, minor=minor)[0].name in words) if fresh else True


def test_a_message_says_hours_writing_and_what_is_not_known() -> None:
    said = PROMPTS.text(message(Reply((Line.CARD_LINES,)), HELPLINES.countries["US"], CONTENT, NOW, minor=False))
    assert "988, 24/7, English, Spanish; without speaking: text 988 or chat at 988lifeline.org/chat" in said
    said = PROMPTS.text(message(Reply((Line.CARD_LINES,)), HELPLINES.countries["CZ"], CONTENT, NOW, minor=False))
    assert "116 123, hours not known" in said
    assert "2026-11-22" in said


# --- Which are shown ----------------------------------------------------------------------------------------------


def test_always_open_comes_first_and_the_young_come_after() -> None:
    country = with_lines(
        line("youth", serves=Serves.YOUNG, hours="24/7"), line("day", hours="daily 9-17"), line("always", hours="24/7")
    )
    assert names(country) == ["always", "day", "youth"]
    assert names(country, minor=True) == ["youth", "always", "day"]


def test_nobody_but_the_young_is_shown_a_youth_line_alone() -> None:
    old = READ - dt.timedelta(days=SHOWN_FOR + 1)
    country = with_lines(
        line("youth", serves=Serves.YOUNG), line("gone", read=old), line("men", serves=Serves.SOME, whom="for men")
    )
    assert names(country) == []
    assert names(country, minor=True) == ["youth"]


@given(st.integers(0, 2 * SHOWN_FOR))
def test_a_line_is_shown_for_twelve_months_by_the_clock(days: int) -> None:
    country = replace(with_lines(line()), emergency=EMERGENCY)
    at = noon(READ + dt.timedelta(days=days))
    assert bool(names(country, at)) is (days <= SHOWN_FOR)
    said = PROMPTS.text(message(Reply((Line.CARD_LINES,)), country, CONTENT, at, minor=False))
    assert "112" in said
    assert "findahelpline.com" in said


def checked(*checks: Check) -> Country:
    return (
        Directory({"DE": with_lines(line(), line("Other", phone="142", dial="142"))})
        .checked(Checks(checks))
        .countries["DE"]
    )


def test_a_line_found_wrong_is_gone_at_once() -> None:
    assert names(checked(Check("DE", "Line", READ, Result.WRONG))) == ["Other"]


def test_the_latest_check_counts_wherever_it_stands() -> None:
    wrong, right = Check("DE", "Line", READ, Result.WRONG), Check("DE", "Line", READ + dt.timedelta(1), Result.RIGHT)
    assert names(checked(right, wrong)) == ["Line", "Other"]
    assert names(checked(wrong, replace(right, result=Result.WRONG))) == ["Other"]


def test_checks_change_nothing_about_which_countries_come_first() -> None:
    directory = Directory({"DE": with_lines(line())}, first=("DE",))
    assert directory.checked(Checks(())).first == ("DE",)


def test_a_right_check_renews_the_day() -> None:
    later = noon(READ + dt.timedelta(days=SHOWN_FOR + 10))
    assert names(checked(Check("DE", "Line", READ + dt.timedelta(days=100), Result.RIGHT)), later) == ["Line"]
    assert names(checked(Check("DE", "Line", READ - dt.timedelta(days=100), Result.RIGHT)), NOW) == ["Line", "Other"]


def test_a_check_of_a_line_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"checks\.0: there is no line “Lime” in DE"):
        checked(Check("DE", "Lime", READ, Result.WRONG))


# --- By name --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Kenya", ["KE"]),
        ("in Kenya", ["KE"]),
        ("I'm in the UK!", ["GB"]),
        ("i live in new zeland", ["NZ"]),
        ("germnay", ["DE"]),
        ("U.S.A.", ["US"]),
        ("us", ["US"]),
        ("Peru pls", ["PE"]),
        ("Türkiye", ["TR"]),
        ("turkey", ["TR"]),
        ("Gambia", ["GM"]),
        ("Zambia", ["ZM"]),
        ("slovania", ["SK", "SI"]),
        ("gyana", ["GH", "GY"]),
        ("iraq", ["IQ"]),
        ("im in pakistan please help", ["PK"]),
        ("my country is iran", ["IR"]),
        ("the uk, why", ["GB"]),
        ("the uk, why do you ask", ["GB"]),
        ("n ireland", ["GB"]),
        ("N. Ireland", ["GB"]),
        ("india but im in dubai right now", ["AE"]),
        ("im in dubai but from india", ["AE"]),
        ("from india, not sure", []),
        ("i am from kenya and i live in peru", ["PE"]),
        ("india or pakistan", ["IN", "PK"]),
        ("trinidad and tobago", ["TT"]),
        ("🇵🇰", ["PK"]),
        ("im in 🇵🇰", ["PK"]),
        ("🇬🇧 uk", ["GB"]),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", ["GB"]),
        ("🇪🇺", []),
        ("in kenya, he hit me", []),
        ("pain", []),
        ("no", []),
        ("i was in kenya when i saw it happen and it does not let go of me at all", []),
        ("", []),
    ],
)
def test_a_whole_message_names_a_country_with_one_letter_wrong_at_most(text: str, codes: list[str]) -> None:
    assert list(HELPLINES.named(text)) == codes


def test_one_letter_wrong_is_let_pass_only_where_it_was_asked_for() -> None:
    assert HELPLINES.named("nigel") == ("NE",)
    assert HELPLINES.named("nigel", near=False) == ()
    assert HELPLINES.named("niger", near=False) == ("NE",)


def test_a_word_that_is_known_is_no_name_with_a_letter_wrong() -> None:
    assert HELPLINES.named("begin") == ("BJ",)
    _, held = says("i want to die", Held())
    assert says("begin", held)[0][0] is Line.ARRIVE_NONE
    assert says("benim", held)[0][0] is Line.CARD_LINES_NONE


@pytest.mark.parametrize("code", DIRECTORY.countries)
def test_every_name_is_found_whole(code: str) -> None:
    country = DIRECTORY.countries[code]
    assert all(HELPLINES.named(name) == (code,) for name in (country.name, *country.also))


@given(st.text(max_size=80))
def test_no_text_makes_the_search_fail(text: str) -> None:
    assert all(code in HELPLINES.countries for code in HELPLINES.named(text))


# --- In a conversation ----------------------------------------------------------------------------------------------


def test_unknown_country_gets_the_usual_numbers_the_directory_and_how_to_name_it() -> None:
    for line, questions in ((Line.CARD_LINES, 0), (Line.CRISIS, 1), (Line.LANGUAGE, 0)):
        for wording in PROMPTS.lines[line]:
            assert "112, 911 or 999" in wording
            assert "findahelpline.com" in wording
            assert wording.count("?") == questions
            assert "country" in wording


def test_a_country_is_taken_from_a_text_only_where_it_was_asked_for() -> None:
    said, held = says("kenya", Held())
    assert (said, held.country) == ([Line.HELP], "")
    _, held = says("", held, kind=Kind.COMMAND, command="crisis")
    said, held = says("i'm in kenya", held)
    assert (said, held.country) == ([Line.CARD_LINES_NONE, Line.COUNTRY_KEEP], "KE")
    said, held = says("peru", held)
    assert (said, held.country) == ([Line.HELP], "KE")


def test_after_a_card_a_typed_country_shows_its_lines_and_asks_for_no_consent() -> None:
    said, held = says("i want to die", Held())
    assert said == [Line.CARD_OWN, Line.CARD_LINES, Line.CARD_STAY, Line.BARRIER_ASK]
    said, held = says("new zealand", held)
    assert said == [Line.CARD_LINES_COUNTRY, Line.COUNTRY_NOW]
    assert held.state.step is Step.BARRIER
    said, held = says("i took all the pills", held)
    assert Line.CARD_LINES_COUNTRY in said


@pytest.mark.parametrize("step", sorted(AFTER_CARD))
def test_while_a_card_stands_a_country_is_read_wherever_one_stands(step: Step) -> None:
    held = Held(State(walk=5, step=step, resume=Step.KIND), said={Line.CARD_OWN: 1})
    for text in ("pakistan", "india but im in dubai right now", "🇵🇰"):
        said, after = says(text, held)
        assert said[0] in {Line.CARD_LINES_NONE, Line.CARD_LINES_COUNTRY}
        assert after.state == held.state
        assert after.country
    assert says("nigel", held)[0][0] not in {Line.CARD_LINES_NONE, Line.CARD_LINES_COUNTRY}


def test_a_name_that_is_unknown_is_told_right_after_the_card_and_only_what_looks_like_one() -> None:
    _, held = says("i want to die", Held())
    for text in ("narnia", "im in wakanda"):
        assert says(text, held)[0] == [Line.COUNTRY_UNKNOWN]
    for text in ("scared", "?", "...", "🙂", "ok", "in pain", "i like narnia and wakanda"):
        assert Line.COUNTRY_UNKNOWN not in says(text, held)[0]


def test_after_the_message_about_the_language_a_country_may_be_typed() -> None:
    said, held = says("no puedo dejar de ver la cara de su hijo", Held())
    assert said == [Line.LANGUAGE]
    assert says("españa", held)[0] == [Line.CARD_LINES_COUNTRY, Line.COUNTRY_KEEP]
    assert says("hello there", held)[0] == [Line.HELP]


def test_to_the_direct_question_a_country_is_an_answer_like_any_other() -> None:
    assert says("uk", Held(State(walk=5, step=Step.DANGER_ASK)))[0][0] is Line.CARD_ASKED


WITH_NUMBER = [line for line in Line if "emergency" in SLOTS.get(line, ()) and not line.startswith("card.lines")]


@pytest.mark.parametrize("line", WITH_NUMBER)
@pytest.mark.parametrize("step", sorted(AFTER_CARD))
def test_a_known_country_has_its_number_wherever_the_emergency_is_named(line: Line, step: Step) -> None:
    for code in ("EG", *HELPLINES.countries):
        country = HELPLINES.countries[code]
        reply = Reply((Line.REAL, line) if line is Line.CARD_AGAIN_NOW else (line,))
        decision = placed(Decision(Held(State(walk=5, step=step), country=code), (reply,)), CONTENT, NOW)
        for pick in range(4):
            said = PROMPTS.text(replace(decision.replies[0], picks=(pick,) * len(reply.keys)))
            assert len(said.split()) <= MOST_WORDS
            assert (emergency_of(country, CONTENT.labels) or "your local emergency number") in said
            assert "112, 911 or 999" not in said


def test_every_card_that_names_the_emergency_has_the_number_of_a_known_country() -> None:
    for line in (line for line in Line if line.startswith("card.") and line not in {Line.CARD_FAILED, Line.CARD_LINES}):
        assert not [words for words in PROMPTS.lines[line] if "local emergency number" in words], line


def test_danger_comes_before_the_name_of_a_country() -> None:
    _, held = says("", Held(), kind=Kind.COMMAND, command="country")
    said, _ = says("kenya. i want to die", held)
    assert said[0] is Line.CARD_OWN


def test_emergency_number_stands_first_in_cards_that_are_urgent() -> None:
    for text, key in (
        ("i want to die tonight, i have the pills ready", Line.CARD_IMMINENT),
        ("he is beating her next door right now", Line.CARD_SOMEONE),
    ):
        for code, number in (
            ("NZ", "111"),
            ("EG", "123 (ambulance) or 122 (police)"),
            ("", "your local emergency number"),
        ):
            decision = decide(
                Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=text, seed=9), Held(country=code), CONTENT
            )
            assert decision.replies[0].keys == (key,)
            for pick in range(3):
                assert number in PROMPTS.text(replace(decision.replies[0], picks=(pick,))).split(".")[0]


def test_no_country_is_shown_unless_it_was_chosen() -> None:
    for text in ("i want to die", "ich bin in deutschland und will sterben"):
        decision = decide(Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text=text, seed=9), Held(), CONTENT)
        assert decision.held.country == ""
        assert Line.CARD_LINES_COUNTRY not in lines(decision)


def test_two_that_may_be_meant_are_asked_for_by_button() -> None:
    _, held = says("", Held(), kind=Kind.COMMAND, command="country")
    decision = decide(Incoming(1, Where.PRIVATE, Kind.TEXT, NOW, text="slovania", seed=9), held, CONTENT)
    assert lines(decision) == [Line.COUNTRY_WHICH]
    assert [PROMPTS.label(button) for button in buttons(decision)] == ["Slovakia", "Slovenia"]
    opened = Opened(held.state, Action.COUNTRY, buttons(decision)[1].value)
    pressed = decide(Incoming(1, Where.PRIVATE, Kind.PRESS, NOW, seed=9, pressed=opened), decision.held, CONTENT)
    assert pressed.held.country == "SI"


def test_first_page_has_a_dozen_names_in_order_and_no_flags() -> None:
    decision = decide(Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="country", seed=9), Held(), CONTENT)
    words = [PROMPTS.label(button) for button in buttons(decision)]
    assert len(words) == 12
    assert words == sorted(words)
    assert all(name.replace(" ", "").isalpha() for name in words)
    assert PLACES[buttons(decision)[0].value] == "AU"


def test_lines_go_out_with_danger() -> None:
    decision = decide(Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="crisis"), Held(country="NZ"), CONTENT)
    assert lines(decision) == [Line.CARD_LINES_COUNTRY, Line.CRISIS_STAY]
    assert {reply.lane for reply in decision.replies} == {Lane.DANGER}


def test_under_16_is_shown_the_line_for_the_young_first() -> None:
    held = Held(State(minor=True), country="GB")
    decision = decide(Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="crisis"), held, CONTENT)
    assert PROMPTS.text(decision.replies[0]).index("Childline") < PROMPTS.text(decision.replies[0]).index("Samaritans")


def test_a_country_that_left_the_file_is_as_good_as_none() -> None:
    decision = decide(Incoming(1, Where.PRIVATE, Kind.COMMAND, NOW, command="crisis"), Held(country="AQ"), CONTENT)
    assert lines(decision) == [Line.CRISIS]


def test_load_has_the_checks_in_it() -> None:
    assert load().content.helplines.countries.keys() == DIRECTORY.countries.keys()
