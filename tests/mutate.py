"""Updates that Telegram never sent, made from such as it does: by what an update is made of, not by its letters.

Rules that hold here: every choice is drawn by Hypothesis, so that what is found is made small, and found again; what
comes out is JSON. Most of it is such as Telegram could send; `Grammar` knows the rest.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from tests.botapi.chats import words
from tests.botapi.people import CHANNEL_BOT, GROUP_ANONYMOUS_BOT, SERVICE
from tests.botapi.updates import Json

KINDS: Final = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_message",
    "edited_business_message",
    "guest_message",
    "a_kind_of_next_year",
)
"""The kinds of update that hold a message, with one that is not known yet."""

SERVICES: Final[dict[str, object]] = {
    "new_chat_title": "Days",
    "delete_chat_photo": True,
    "group_chat_created": True,
    "migrate_to_chat_id": -1_000_000_000_077,
    "new_chat_members": [{"id": 55, "is_bot": False, "first_name": "Eve"}],
    "left_chat_member": {"id": 55, "is_bot": False, "first_name": "Eve"},
    "forum_topic_closed": {},
    "message_auto_delete_timer_changed": {"message_auto_delete_time": 86400},
    "video_chat_ended": {"duration": 60},
    "connected_website": "example.org",
}
"""What makes a message a service message: nobody's words."""

ODD: Final[tuple[object, ...]] = (None, True, False, 0, -1, 2**31, 2**63, 1.5, "", "x", "0", [], {}, [None], {"id": 1})

TEXTS: Final = (
    "",
    " ",
    "\n\n\t",
    "\x00",
    "a\x00b\x07",
    "\u200b\u200d\ufeff",
    "\u202ei cant stop seeing her face\u202c",
    "لا أستطيع التوقف عن رؤية وجهها",
    "😢" * 30,
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "e" + "\u0301" * 400,
    "\ud83d",
    "a" * 4096,
    "i cant stop seeing it " * 180,
    "/" * 300,
    "/",
    "/@",
    "/walk@",
    "/walk@example_compassion_bot",
    "/WALK",
    "/walk@another_bot",
    "/forget\n/start",
    "/start group",
    "/start " + "A" * 64,
    "/" + "a" * 5000,
    "@example_compassion_bot",
    "@example_compassion_bot are you real?",
    "me",
    "yes",
    "no",
    "stop",
    "10",
    "-1",
    "99999999999999999999",
    "५",
    "٣",
    "{0} {who} %s %(x)s",
    "<b>a</b> [b](c) `d`",
    "lost a patient today and i cant stop seeing her sons face",
    "i am going to kill myself tonight",
    "my friend wants to die and i am 13",
    "thanks",
    "fuck off",
)
"""Words that are hard to read, and words that mean something."""

SCRAPS: Final = (
    "/walk",
    "@example_compassion_bot",
    "stop",
    "patient",
    "died",
    "\u200f",
    "😢",
    "10",
    "?",
    "\n",
    "{}",
    "me",
)

_MOSTLY: Final = (True, True, False)

T = TypeVar("T")
Path = tuple[str | int, ...]


LAST_OF_ONE_UNIT: Final = 0xFFFF
"""The last character that is one unit in UTF-16; those after it are two."""

LARGEST_ID: Final = 2**52
"""Ids have at most 52 significant bits (https://core.telegram.org/bots/api#user)."""


class Grammar:
    """What updates are made of, learnt from examples: which fields a thing always has, and of which type each is."""

    def __init__(self, corpus: Sequence[Json]) -> None:
        self._types: defaultdict[tuple[str, str | int], set[type]] = defaultdict(set)
        self._types |= {("message", name): {type(value)} for name, value in SERVICES.items()}
        self._always: dict[str, set[str]] = {}
        for name, thing in self._things(corpus):
            self._always[name] = self._always.get(name, set(thing)) & set(thing)
            for key, value in thing.items():
                self._types[name, key].add(type(value))

    def allows(self, update: Json) -> bool:
        """Say whether Telegram could have sent that. What the examples lack may be there."""
        things = list(self._things([update]))
        for name, thing in things:
            if not self._always.get(name, set()) <= set(thing):
                return False
            if any(types and type(value) not in types for types, value in self._typed(name, thing)):
                return False
            if not all(map(_in_range, thing.values())):
                return False
        return all(_entities_are_whole(thing) and _sign_fits(name, thing) for name, thing in things)

    def _typed(self, name: str, thing: Json) -> Iterator[tuple[set[type], object]]:
        return ((self._types.get((name, key), set()), value) for key, value in thing.items())

    @staticmethod
    def _things(updates: Sequence[Json]) -> Iterator[tuple[str, Json]]:
        for update in updates:
            yield "update", {"update_id": update["update_id"]}
            for path, part in _nodes(update):
                if isinstance(part, dict):
                    name = next(key for key in reversed(path) if isinstance(key, str))
                    yield "message" if name in KINDS else name, part


def _in_range(value: object) -> bool:
    if isinstance(value, int):
        return abs(value) < LARGEST_ID
    return not isinstance(value, str) or value == value.encode(errors="replace").decode()


def _entities_are_whole(thing: Json) -> bool:
    """Whether there is a text to the entities, and none of them begins or ends within one of its characters."""
    for name in ("", "caption_"):
        entities, text = thing.get(f"{name}entities"), thing.get(name.rstrip("_") or "text")
        if not entities:
            continue
        if not isinstance(text, str) or not all(isinstance(one, dict) for one in entities):
            return False
        starts = set(accumulate((1 + (ord(letter) > LAST_OF_ONE_UNIT) for letter in text), initial=0))
        ends = {place for one in entities for place in (one["offset"], one["offset"] + one["length"])}
        if not all(place in starts or place >= max(starts) for place in ends):
            return False
    return True


def _sign_fits(name: str, thing: Json) -> bool:
    """Whether ids are above zero for people and in private, and below for groups and channels."""
    if name in {"chat", "sender_chat"}:
        return (thing["type"] == "private") is (thing["id"] > 0)
    return "is_bot" not in thing or (isinstance(thing["id"], int) and thing["id"] > 0)


class Mutator:
    """Makes updates out of `corpus`, which are as Telegram sends them. `names` and `places` are users and chats."""

    def __init__(self, corpus: Sequence[Json], names: Sequence[Json], places: Sequence[Json]) -> None:
        self._corpus = corpus
        self._names = [*names, GROUP_ANONYMOUS_BOT, CHANNEL_BOT, SERVICE]
        self._places = places
        self._parts: defaultdict[str | int, list[object]] = defaultdict(list)  # key -> what stands there somewhere
        self._data = [update["callback_query"]["data"] for update in corpus if "callback_query" in update]
        for update in corpus:
            for path, part in _nodes(update):
                self._parts[path[-1]].append(part)
        self._ways: tuple[Callable[[st.DrawFn, Json], None], ...] = (
            self._reworded,
            self._reworded,
            self._by_another,
            self._elsewhere,
            self._pressed,
            self._of_another_kind,
            self._in_service,
            self._with_more,
            self._without,
            self._odd,
            self._grafted,
            self._grafted,
        )

    def updates(self) -> st.SearchStrategy[Json]:
        """One of the corpus, with one to three things that are otherwise. All have the same number."""
        return st.composite(self._mutated)()

    def _mutated(self, draw: st.DrawFn) -> Json:
        update: Json = copy.deepcopy(one_of(draw, self._corpus))
        for _ in range(one_of(draw, (1, 1, 1, 2, 3))):
            one_of(draw, self._ways)(draw, update)
        return {**update, "update_id": 1}

    # Each changes an update in place.

    def _reworded(self, draw: st.DrawFn, update: Json) -> None:
        """It has other words, with the entities that are in them, or with those that were."""
        content = _content(update)
        if not isinstance(content, dict):
            return
        name = "caption" if "caption" in content else "text"
        text = one_of(draw, TEXTS) if one_of(draw, _MOSTLY) else _jumbled(draw)
        content.update(words(text, name) if one_of(draw, _MOSTLY) else {name: text})

    def _by_another(self, draw: st.DrawFn, update: Json) -> None:
        """Another wrote it."""
        _add(update, {"from": copy.deepcopy(one_of(draw, self._names))})

    def _elsewhere(self, draw: st.DrawFn, update: Json) -> None:
        """It stands in another chat."""
        content = _content(update)
        place = content.get("message") if isinstance(content, dict) and _kind(update) == "callback_query" else content
        if isinstance(place, dict):
            place["chat"] = copy.deepcopy(one_of(draw, self._places))

    def _pressed(self, draw: st.DrawFn, update: Json) -> None:
        """What a button brings is cut, changed, another's, or no button at all."""
        if _kind(update) != "callback_query":
            return
        data = one_of(draw, self._data)
        place = draw(st.integers(0, len(data) - 1))
        changed = data[:place] + one_of(draw, "A_z-=é\x00") + data[place + 1 :]
        _add(update, {"data": one_of(draw, (data, data[:place], changed, data + data, "-", *TEXTS[:12]))})

    def _of_another_kind(self, draw: st.DrawFn, update: Json) -> None:
        """A message comes as another kind of update."""
        kind = _kind(update)
        content = update.pop(kind)
        update[one_of(draw, KINDS) if kind in KINDS else kind] = content
        if _kind(update).startswith("edited"):
            _add(update, {"edit_date": 1_790_000_000})

    def _in_service(self, draw: st.DrawFn, update: Json) -> None:
        """It is a service message."""
        _add(update, dict([one_of(draw, tuple(SERVICES.items()))]))

    def _with_more(self, _: st.DrawFn, update: Json) -> None:
        """It has a field that is not known yet."""
        _add(update, {"a_field_of_next_year": {"kind": "unheard of"}})

    def _without(self, draw: st.DrawFn, update: Json) -> None:
        """Something is missing."""
        *way, last = _any_path(draw, update)
        del _at(update, way)[last]

    def _odd(self, draw: st.DrawFn, update: Json) -> None:
        """Something is of another type, or has a value that makes no sense."""
        *way, last = _any_path(draw, update)
        _at(update, way)[last] = copy.deepcopy(one_of(draw, ODD))

    def _grafted(self, draw: st.DrawFn, update: Json) -> None:
        """Something is as it was in another update."""
        *way, last = _any_path(draw, update)
        _at(update, way)[last] = copy.deepcopy(one_of(draw, self._parts.get(last, ODD)))


def one_of(draw: st.DrawFn, things: Sequence[T]) -> T:
    """Any of these; the first is the simplest. By its place, which is far quicker to draw than the thing itself."""
    return things[draw(st.integers(0, len(things) - 1))]


def _jumbled(draw: st.DrawFn) -> str:
    letters = (*SCRAPS, " ", *TEXTS[-8:])
    return "".join(one_of(draw, letters) for _ in range(draw(st.integers(1, 11))))


def _any_path(draw: st.DrawFn, update: Json) -> Path:
    kind = _kind(update)
    return one_of(draw, [path for path, _ in _nodes(update) if path[0] == kind and len(path) > 1] or [(kind,)])


def _add(update: Json, more: Json) -> None:
    content = _content(update)
    if isinstance(content, dict):
        content.update(more)


def _kind(update: Json) -> str:
    return next(key for key in update if key != "update_id")


def _content(update: Json) -> object:
    return update[_kind(update)]


def _nodes(part: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every part below, with the way to it."""
    within = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in within:
        yield (*path, key), value
        yield from _nodes(value, (*path, key))


def _at(part: Any, path: Sequence[str | int]) -> Any:  # noqa: ANN401 - JSON, of whatever shape
    for key in path:
        part = part[key]
    return part
