from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.export import export
from bot.core.kept import Consent, Course, Due, FollowUp, Kept, Nudging, Outcome, Plan, Point, Purpose, Rest, Schedule
from bot.core.model import Document
from bot.core.state import Change, Condition, Source

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

AT: Final = 1_790_000_000  # 2026-09-21T14:13:20Z
GROUP: Final = -1_001_234_567_890

KEPT = Kept(
    consents=(Consent(Purpose.REMEMBER, 3, AT), Consent(Purpose.GROUP, 2, AT + 60, GROUP, AT + 120)),
    outcomes=(
        Outcome(0xABCDEF, AT, Source.LOVED_ONE, Condition.HEARD | Condition.DIED, 7, 0, Change.MORE, finished=True),
        Outcome(5, AT + 86_400, Source.NONE, Condition.NONE, None, None, Change.UNSAID, finished=False),
    ),
    plans=(Plan(77, AT, 'if I pass "the ward", then\nI text Žofie 🌱'),),
    dues=(Due(Purpose.PLANS, AT + 86_400),),
    country="DE",
    days=30,
    person=7_071_067_811,
    seen_on=20_717,
    nudging=Nudging(
        Schedule(8 * 60 + 5, frozenset({0, 6}), "Europe/Lisbon"),
        Course.FOUR_WEEKS,
        seed=9,
        theme=1,
        in_theme=2,
        seen=frozenset({"hand_on_heart", "one_wish"}),
        told_on=dt.date(2026, 9, 21).toordinal(),
        rest=Rest.NONE,
        did=3,
        not_today=1,
        due_at=AT + 3600,
    ),
    follow_ups=(
        FollowUp(0xABCDEF, AT, True, 7, 0, Change.MORE, (Point(1, 4, Change.LESS), Point(7)), 1, AT + 60, AT + 120),  # noqa: FBT003
    ),
)

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Fact = tuple[str, str, str, str]


def read(document: Document) -> dict[str, Any]:
    sections: dict[str, Any] = json.loads(document.content)
    return sections


def facts_of_json(document: Document) -> list[Fact]:
    """Every value that the JSON holds, as a row of the CSV has it."""
    facts = []
    for what, section in read(document).items():
        records = [("", section)] if isinstance(section, dict) else [(str(n), one) for n, one in enumerate(section, 1)]
        for number, record in records:
            for field, value in record.items():
                facts += [
                    (what, number, field, in_words(one)) for one in (value if isinstance(value, list) else [value])
                ]
    return facts


def in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def rows(document: Document) -> list[list[str]]:
    return list(csv.reader(StringIO(document.content.decode("utf-8-sig"), newline=""), strict=True))


def facts_of_csv(document: Document) -> list[Fact]:
    return [(what, number, field, value.removeprefix("'")) for what, number, field, value in rows(document)[1:]]


# --- nothing is missing -------------------------------------------------------------------------------------------

INTS = st.integers(1, 2_000_000)  # a time, a day, a number: all are fit for a date


def drawn(kind: object) -> st.SearchStrategy[Any]:
    """Anything of a type, each field of a dataclass drawn, those with a default too."""
    if is_dataclass(kind) and isinstance(kind, type):
        return st.builds(kind, **{name: drawn(hint) for name, hint in hints(kind).items()})
    if get_origin(kind) is frozenset:
        return st.frozensets(st.integers(0, 6) if get_args(kind) == (int,) else st.text(min_size=1), max_size=7)
    if get_origin(kind) is tuple:
        return st.lists(drawn(get_args(kind)[0]), max_size=3).map(tuple)
    if get_args(kind):
        return st.one_of(*map(drawn, get_args(kind)))
    if kind is Condition:
        return st.integers(0, sum(Condition)).map(Condition)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    plain: dict[object, st.SearchStrategy[Any]]
    plain = {bool: st.booleans(), int: INTS, str: st.text(), type(None): st.none()}
    return plain[kind]


def hints(kind: type) -> dict[str, Any]:
    named = get_type_hints(kind)
    return {field.name: named[field.name] for field in fields(kind)}


def kinds(kind: object) -> set[type]:
    """The dataclasses that a type is made of, itself among them."""
    if is_dataclass(kind) and isinstance(kind, type):
        return {kind}.union(*map(kinds, hints(kind).values()))
    return set().union(*map(kinds, get_args(kind)))


def changed(value: object) -> object:
    """Another value of the same type; of several, one less."""
    match value:
        case bool():
            return not value
        case Enum():
            return next(member for member in type(value) if member not in {value, 0})
        case None:
            return 1
        case int():
            return value + 2 * 86_400  # also another day
        case str():
            return f"{value} and more"
        case tuple():
            return value[1:]
        case frozenset():
            return frozenset(sorted(value)[1:])
        case Nudging() | Schedule():
            others: dict[str, Any] = {field.name: changed(getattr(value, field.name)) for field in fields(value)}
            return replace(value, **others)
    raise TypeError(type(value))


def with_each_changed(value: DataclassInstance) -> list[tuple[str, Any]]:
    """The value as it is but for one field, at any depth, for each field."""
    found = []
    for field in fields(value):
        place = f"{type(value).__name__}.{field.name}"
        inner = getattr(value, field.name)
        found.append((place, replace(value, **{field.name: changed(inner)})))
        if is_dataclass(inner) and not isinstance(inner, type):
            found += [(deeper, replace(value, **{field.name: other})) for deeper, other in with_each_changed(inner)]
        if isinstance(inner, tuple):
            for number, one in enumerate(inner):
                for deeper, other in with_each_changed(one):
                    several = (*inner[:number], other, *inner[number + 1 :])
                    found.append((deeper, replace(value, **{field.name: several})))
    return found


CHANGED = with_each_changed(KEPT)


def test_what_is_changed_below_is_every_field_of_all_that_is_kept() -> None:
    every = {f"{kind.__name__}.{field.name}" for kind in kinds(Kept) for field in fields(kind)}
    assert {place for place, _ in CHANGED} == every
    assert kinds(Kept) >= {Kept, Consent, Outcome, Plan, Due, Nudging, Schedule, FollowUp, Point}


@pytest.mark.parametrize(("place", "other"), CHANGED, ids=[f"{n} {place}" for n, (place, _) in enumerate(CHANGED)])
def test_every_field_that_is_kept_stands_in_both_files(place: str, other: Kept) -> None:
    assert other != KEPT, place
    for before, after in zip(export(KEPT, AT), export(other, AT), strict=True):
        assert before.content != after.content


@given(drawn(Kept))
def test_json_reads_back_as_what_is_kept(kept: Kept) -> None:
    assert kept_in(read(export(kept, AT)[0])) == kept


@given(drawn(Kept))
def test_both_files_hold_the_same_facts(kept: Kept) -> None:
    as_json, as_csv = export(kept, AT)
    assert facts_of_csv(as_csv) == facts_of_json(as_json)


def kept_in(sections: Mapping[str, Any]) -> Kept:
    settings = sections["settings"]
    return Kept(
        tuple(
            Consent(
                PURPOSES[one["purpose"]],
                one["version_of_its_words"],
                at(one["given_at"]),
                one["group"] or 0,
                at(one["last_offer_at"]) if one["last_offer_at"] else 0,
            )
            for one in sections["consents"]
        ),
        tuple(
            Outcome(
                one["id"],
                at(one["ended_at"]),
                Source((one["source"] or "none").replace(" ", "_")),
                Condition(sum(CONDITIONS[each] for each in one["conditions"])),
                one["upset_before"],
                one["upset_after"],
                Change[(one["care"] or "unsaid").upper()],
                one["finished"],
            )
            for one in sections["walks"]
        ),
        tuple(Plan(one["id"], at(one["made_at"]), one["text"]) for one in sections["plans"]),
        tuple(Due(PURPOSES[one["purpose"]], at(one["at"])) for one in sections["to_be_sent"]),
        settings["country"] or "",
        settings["walks_kept_for_days"],
        settings["telegram_id"] or 0,
        day(settings["last_wrote_on"]),
        day(settings["told_of_deletion_on"]),
        next(map(nudging_in, sections["nudges"]), None),
        tuple(follow_up_in(number, sections) for number in range(1, len(sections["follow_ups"]) + 1)),
    )


def nudging_in(record: Mapping[str, Any]) -> Nudging:
    schedule = Schedule(
        minute(record["time"]),
        frozenset(WEEKDAYS.index(name) for name in record["days"]),
        record["time_zone"] or "",
        minute(record["quiet_from"]),
        minute(record["quiet_until"]),
    )
    return Nudging(
        schedule,
        Course(record["course"].replace(" ", "_")),
        record["order_of_practices"],
        record["theme"],
        record["sent_of_this_theme"],
        frozenset(record["practices_sent"]),
        dt.date.fromisoformat(record["last_sent_on"]).toordinal() if record["last_sent_on"] else 0,
        record["last_is_unanswered"],
        record["asked_whether_to_go_on"],
        record["unanswered_in_a_row"],
        at(record["paused_until"]),
        Rest(record["rests_because"] or "none"),
        record["did_it"],
        record["not_today"],
        at(record["next_at"]),
    )


def follow_up_in(number: int, sections: Mapping[str, Any]) -> FollowUp:
    record = sections["follow_ups"][number - 1]
    return FollowUp(
        record["walk"],
        at(record["ended_at"]),
        record["was_there"],
        record["upset_before"],
        record["upset_after"],
        Change[(record["care"] or "unsaid").upper()],
        tuple(
            Point(one["days"], one["upset"], Change[(one["care"] or "unsaid").upper()])
            for one in sections["follow_up_answers"]
            if one["follow_up"] == number
        ),
        record["unanswered_in_a_row"],
        at(record["last_sent_at"]),
        at(record["next_at"]),
    )


def minute(written: str) -> int:
    hours, minutes = map(int, written.split(":"))
    return 60 * hours + minutes


def day(written: str | None) -> int:
    return 0 if written is None else (dt.date.fromisoformat(written) - dt.date(1970, 1, 1)).days


def at(written: str | None) -> int:
    return 0 if written is None else int(dt.datetime.strptime(written, "%Y-%m-%dT%H:%M:%S%z").timestamp())


def words_of(kept: Callable[[Any], Kept], section: str, field: str, members: Iterable[Any]) -> dict[str, Any]:
    """Each member by the words that it has in the file."""
    named = {}
    for member in members:
        words = read(export(kept(member), AT)[0])[section][0][field]
        named[words if isinstance(words, str) else words[0]] = member
    return named


PURPOSES = words_of(lambda one: Kept((Consent(one, 1, AT),)), "consents", "purpose", Purpose)
CONDITIONS = words_of(
    lambda one: Kept(outcomes=(replace(KEPT.outcomes[0], conditions=one),)), "walks", "conditions", Condition
)


# --- in names and words that can be read --------------------------------------------------------------------------


def test_json_is_read_by_people() -> None:
    assert read(export(KEPT, AT + 5)[0]) == {
        "export": {"made_at": "2026-09-21T14:13:25Z"},
        "settings": {
            "country": "DE",
            "walks_kept_for_days": 30,
            "telegram_id": 7071067811,
            "last_wrote_on": "2026-09-21",
            "told_of_deletion_on": None,
        },
        "consents": [
            {
                "purpose": "remember walks",
                "group": None,
                "given_at": "2026-09-21T14:13:20Z",
                "version_of_its_words": 3,
                "last_offer_at": None,
            },
            {
                "purpose": "noticing in one group",
                "group": GROUP,
                "given_at": "2026-09-21T14:14:20Z",
                "version_of_its_words": 2,
                "last_offer_at": "2026-09-21T14:15:20Z",
            },
        ],
        "walks": [
            {
                "id": 0xABCDEF,
                "ended_at": "2026-09-21T14:13:20Z",
                "finished": True,
                "source": "loved one",
                "conditions": ["someone died", "a sound comes back"],
                "upset_before": 7,
                "upset_after": 0,
                "care": "more",
                "kept_until": "2026-10-21",
            },
            {
                "id": 5,
                "ended_at": "2026-09-22T14:13:20Z",
                "finished": False,
                "source": None,
                "conditions": [],
                "upset_before": None,
                "upset_after": None,
                "care": None,
                "kept_until": "2026-10-22",
            },
        ],
        "plans": [
            {
                "id": 77,
                "made_at": "2026-09-21T14:13:20Z",
                "text": 'if I pass "the ward", then\nI text Žofie 🌱',
                "kept_until": "2026-10-05",
            }
        ],
        "nudges": [
            {
                "time": "08:05",
                "days": ["Monday", "Sunday"],
                "time_zone": "Europe/Lisbon",
                "quiet_from": "21:00",
                "quiet_until": "08:00",
                "course": "four weeks",
                "order_of_practices": 9,
                "theme": 1,
                "sent_of_this_theme": 2,
                "practices_sent": ["hand_on_heart", "one_wish"],
                "last_sent_on": "2026-09-21",
                "last_is_unanswered": False,
                "asked_whether_to_go_on": False,
                "unanswered_in_a_row": 0,
                "paused_until": None,
                "rests_because": None,
                "did_it": 3,
                "not_today": 1,
                "next_at": "2026-09-21T15:13:20Z",
            }
        ],
        "follow_ups": [
            {
                "walk": 0xABCDEF,
                "ended_at": "2026-09-21T14:13:20Z",
                "was_there": True,
                "upset_before": 7,
                "upset_after": 0,
                "care": "more",
                "unanswered_in_a_row": 1,
                "last_sent_at": "2026-09-21T14:14:20Z",
                "next_at": "2026-09-21T14:15:20Z",
                "kept_until": "2026-10-21",
            }
        ],
        "follow_up_answers": [
            {"follow_up": 1, "days": 1, "upset": 4, "care": "less"},
            {"follow_up": 1, "days": 7, "upset": None, "care": None},
        ],
        "to_be_sent": [{"purpose": "plans and a reminder of them", "at": "2026-09-22T14:13:20Z"}],
    }


def test_json_is_indented_and_has_every_script_as_it_was_typed() -> None:
    text = export(KEPT, AT)[0].content.decode()
    assert '\n  "plans": [\n    {\n      "id": 77,\n' in text
    assert "Žofie 🌱" in text


def test_files_are_named_by_what_they_are_and_the_day() -> None:
    assert [document.name for document in export(KEPT, AT)] == [
        "compassion-bot-2026-09-21.json",
        "compassion-bot-2026-09-21.csv",
    ]


def test_nothing_kept_gives_two_files_that_say_so() -> None:
    as_json, as_csv = export(Kept(), AT)
    assert read(as_json) == {
        "export": {"made_at": "2026-09-21T14:13:20Z"},
        "settings": {
            "country": None,
            "walks_kept_for_days": 90,
            "telegram_id": None,
            "last_wrote_on": None,
            "told_of_deletion_on": None,
        },
        "consents": [],
        "walks": [],
        "plans": [],
        "nudges": [],
        "follow_ups": [],
        "follow_up_answers": [],
        "to_be_sent": [],
    }
    assert facts_of_csv(as_csv) == facts_of_json(as_json)


# --- in a spreadsheet ---------------------------------------------------------------------------------------------


def test_csv_has_one_fact_a_row_below_the_names_of_its_columns() -> None:
    said = rows(export(KEPT, AT)[1])
    assert said[0] == ["what", "number", "field", "value"]
    assert ["walks", "1", "upset_before", "7"] in said
    assert ["walks", "1", "conditions", "someone died"] in said
    assert ["walks", "2", "finished", "no"] in said
    assert {len(row) for row in said} == {4}


def test_csv_is_of_the_form_that_spreadsheets_read() -> None:
    content = export(KEPT, AT)[1].content
    assert content.startswith(b"\xef\xbb\xbfwhat,number,field,value\r\nexport,,made_at,")
    assert content.endswith(b"\r\n")
    assert 'plans,1,text,"if I pass ""the ward"", then\nI text Žofie 🌱"\r\n' in content.decode()


def planned(text: str) -> Document:
    return export(Kept(plans=(Plan(1, AT, text),)), AT)[1]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("https://example.org")',
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\tone",
        "\r=1",
        "\n=1",
        "  =1",
        "＝1",
        "＋1",
        "－1",
        "＠1",
        "'=1",
    ],
)
def test_words_that_look_like_a_formula_stay_words(text: str) -> None:
    assert ["plans", "1", "text", f"'{text}"] in rows(planned(text))


@given(st.text())
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    for row in rows(planned(text)):
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))
            assert not cell.startswith(("\t", "\r", "\n"))


def test_group_whose_id_begins_with_a_minus_runs_nothing() -> None:
    assert ["consents", "2", "group", f"'{GROUP}"] in rows(export(KEPT, AT)[1])


def test_half_a_sign_does_not_stop_the_files() -> None:
    as_json, as_csv = export(Kept(plans=(Plan(1, AT, "so sad \ud83d"),)), AT)
    assert read(as_json)["plans"][0]["text"] == "so sad \ud83d"
    assert "so sad \\ud83d" in as_csv.content.decode("utf-8-sig")
