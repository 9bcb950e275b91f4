"""What each of Telegram's updates is read as."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from telegram import Bot, CallbackQuery, ChatMemberUpdated, Message

from bot.adapters.updates import (
    incoming_of,
    left_of,
    member_of,
    moved_of,
    picked_of,
    press_of,
    standing_of,
)
from bot.core.model import Incoming, Kind, Standing, There, Where
from tests.adapters.contents import (
    ANN,
    ANONYMOUS,
    AS_CHANNEL,
    AT,
    BEN,
    CHANNEL,
    FORWARDED,
    GROUP,
    NAME,
    OTHER_BOT,
    PICTURE,
    PRIVATE,
    SAID,
    SERVICE,
    TOKEN,
    UNSEEN,
    US,
    VENUE,
    Json,
    OnlyUs,
    message,
    ours,
    press,
)
from tests.botapi.chats import words
from tests.botapi.people import CAPTIONED, MEDIA

HERE = There(GROUP["id"], title="Night shift", post="https://t.me/c/1234567890/10")


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with Bot(TOKEN, request=OnlyUs(), get_updates_request=OnlyUs()) as opened:
        yield opened


def private(kind: Kind, text: str = "", **more: Any) -> Incoming:  # noqa: ANN401 - fields of many types
    return Incoming(7_071_067_811, Where.PRIVATE, kind, at=0, text=text, **more)


def in_group(
    kind: Kind,
    text: str = "",
    *,
    addressed: bool = False,
    there: There = HERE,
    **more: Any,  # noqa: ANN401 - as above
) -> Incoming:
    return Incoming(7_071_067_811, Where.GROUP, kind, at=0, text=text, addressed=addressed, there=there, **more)


# --- messages ---------------------------------------------------------------------------------------------------

CASES: dict[str, tuple[Json, Incoming | None]] = {
    # in private
    "text": (message(**words(SAID)), private(Kind.TEXT, SAID)),
    "caption": (message(**PICTURE, **words(SAID, "caption")), private(Kind.TEXT, SAID)),
    "command": (message(**words("/walk")), private(Kind.COMMAND, command="walk")),
    "command with words": (message(**words("/Start group now")), private(Kind.COMMAND, "group now", command="start")),
    "command with our name": (message(**words(f"/walk@{NAME}")), private(Kind.COMMAND, command="walk")),
    "command with our name in small letters": (
        message(**words(f"/walk@{NAME.lower()}")),
        private(Kind.COMMAND, command="walk"),
    ),
    "command for another bot": (message(**words("/walk@other_bot now")), private(Kind.TEXT, "/walk@other_bot now")),
    "command in a caption": (
        message(**PICTURE, **words("/crisis", "caption")),
        private(Kind.COMMAND, command="crisis"),
    ),
    "no command": (message(**words("and/or")), private(Kind.TEXT, "and/or")),
    "edited text": (message(**words(SAID), edit_date=AT), private(Kind.EDIT, SAID)),
    "edited command": (message(**words("/stop it"), edit_date=AT), private(Kind.EDIT, "/stop it")),
    "edited caption": (message(**PICTURE, **words(SAID, "caption"), edit_date=AT), private(Kind.EDIT, SAID)),
    "place": (message(**MEDIA["location"]), private(Kind.LOCATION, location=(52.52, 13.405))),
    "place where both degrees are 0": (
        message(location={"latitude": 0, "longitude": 0}),
        private(Kind.LOCATION, location=(0, 0)),
    ),
    "place that is shared live": (
        message(location={**MEDIA["location"]["location"], "live_period": 900}),
        private(Kind.LOCATION, location=(52.52, 13.405)),
    ),
    "venue": (message(**VENUE), private(Kind.LOCATION, location=(52.52, 13.405))),
    "place off the map": (message(location={"latitude": 91, "longitude": 0}), private(Kind.MEDIA)),
    "place that is nowhere": (message(location={"latitude": 0, "longitude": float("nan")}), private(Kind.MEDIA)),
    "forwarded place": (
        message(**MEDIA["location"], forward_origin=FORWARDED["user"]),
        private(Kind.LOCATION, location=(52.52, 13.405), forwarded=True),
    ),
    "place of someone who has moved": (message(**MEDIA["location"], edit_date=AT), None),
    **{
        f"forwarded from a {kind}": (
            message(**words(SAID), forward_origin=origin),
            private(Kind.TEXT, SAID, forwarded=True),
        )
        for kind, origin in FORWARDED.items()
    },
    "forwarded command": (
        message(**words("/forget"), forward_origin=FORWARDED["user"]),
        private(Kind.TEXT, "/forget", forwarded=True),
    ),
    "forwarded picture": (
        message(**PICTURE, forward_origin=FORWARDED["user"]),
        private(Kind.MEDIA, forwarded=True),
    ),
    "reply to our buttons": (
        message(**words("sad"), reply_to_message=ours({"text": "Sad", "callback_data": "abc"})),
        private(Kind.TEXT, "sad", payload="abc"),
    ),
    "reply to our link": (
        message(**words("sad"), reply_to_message=ours({"text": "Open", "url": "https://t.me/x"})),
        private(Kind.TEXT, "sad"),
    ),
    "reply to us without buttons": (message(**words("sad"), reply_to_message=ours()), private(Kind.TEXT, "sad")),
    "reply to oneself": (
        message(**words("sad"), reply_to_message=message(**words("before"))),
        private(Kind.TEXT, "sad"),
    ),
    "reply to another bot's buttons": (
        message(**words("sad"), reply_to_message={**ours({"text": "Sad", "callback_data": "abc"}), "from": OTHER_BOT}),
        private(Kind.TEXT, "sad"),
    ),
    "from another bot": (message(**words(SAID), sender=OTHER_BOT), None),
    # in a group
    "talk in a group": (message(**words(SAID), chat=GROUP), in_group(Kind.TEXT, SAID)),
    "picture in a group": (message(**PICTURE, chat=GROUP), in_group(Kind.MEDIA)),
    "place in a group": (message(**MEDIA["location"], chat=GROUP), in_group(Kind.MEDIA)),
    "place in a group, in reply to us": (
        message(**MEDIA["location"], chat=GROUP, reply_to_message=ours()),
        in_group(Kind.MEDIA, addressed=True),
    ),
    "command in a group": (
        message(**words("/help"), chat=GROUP),
        in_group(Kind.COMMAND, command="help", addressed=True),
    ),
    "command with our name in a group": (
        message(**words(f"/help@{NAME}"), chat=GROUP),
        in_group(Kind.COMMAND, command="help", addressed=True),
    ),
    "unknown command with our name in a group": (
        message(**words(f"/ban@{NAME}"), chat=GROUP),
        in_group(Kind.COMMAND, command="ban", addressed=True),
    ),
    "unknown command in a group": (message(**words("/ban x"), chat=GROUP), in_group(Kind.COMMAND, "x", command="ban")),
    "command for another bot in a group": (
        message(**words("/help@other_bot"), chat=GROUP),
        in_group(Kind.TEXT, "/help@other_bot"),
    ),
    "mention": (
        message(**words(f"😢 please @{NAME.upper()} come"), chat=GROUP),
        in_group(Kind.TEXT, "😢 please   come", addressed=True),
    ),
    "mention in a caption": (
        message(**PICTURE, **words(f"@{NAME}", "caption"), chat=GROUP),
        in_group(Kind.TEXT, addressed=True),
    ),
    "mention of a longer name": (
        message(**words(f"@{NAME}2 hi"), chat=GROUP),
        in_group(Kind.TEXT, f"@{NAME}2 hi", there=replace(HERE, names_another=True)),
    ),
    "mention in words alone": (message(text=f"x@{NAME}", chat=GROUP), in_group(Kind.TEXT, f"x@{NAME}")),
    "mention without words": (
        message(text="", entities=[{"type": "bot_command", "offset": 0, "length": 5}], chat=GROUP),
        in_group(Kind.MEDIA),
    ),
    "mention by a name": (
        message(text="hey you", entities=[{"type": "text_mention", "offset": 4, "length": 3, "user": US}], chat=GROUP),
        in_group(Kind.TEXT, "hey you", addressed=True),
    ),
    "mention of another by a name": (
        message(text="hey you", entities=[{"type": "text_mention", "offset": 4, "length": 3, "user": BEN}], chat=GROUP),
        in_group(Kind.TEXT, "hey you", there=replace(HERE, names_another=True)),
    ),
    "mention of us and of another": (
        message(**words(f"@{NAME} help @sam_example"), chat=GROUP),
        in_group(Kind.TEXT, "help @sam_example", addressed=True, there=replace(HERE, names_another=True)),
    ),
    "reply to us in a group": (
        message(**words("thanks"), chat=GROUP, reply_to_message=ours()),
        in_group(Kind.TEXT, "thanks", addressed=True),
    ),
    "reply to another in a group": (
        message(**words("thanks"), chat=GROUP, reply_to_message=message(**words("x"), sender=BEN)),
        in_group(Kind.TEXT, "thanks"),
    ),
    "edited in a group": (message(**words(SAID), chat=GROUP, edit_date=AT), in_group(Kind.EDIT, SAID)),
    "anonymous admin": (
        message(**words(SAID), chat=GROUP, sender=ANONYMOUS, sender_chat=GROUP),
        Incoming(
            1_087_968_824,
            Where.GROUP,
            Kind.TEXT,
            at=0,
            text=SAID,
            addressed=False,
            there=replace(HERE, unnamed=True, as_room=True),
        ),
    ),
    "as a channel": (
        message(**words(f"/help@{NAME}"), chat=GROUP, sender=AS_CHANNEL, sender_chat=CHANNEL),
        Incoming(136_817_688, Where.GROUP, Kind.COMMAND, at=0, command="help", there=replace(HERE, unnamed=True)),
    ),
    "command of the menu of groups": (
        message(**words("/howtohelp"), chat=GROUP),
        in_group(Kind.COMMAND, command="howtohelp", addressed=True),
    ),
    "command of admins": (
        message(**words("/hold 3d"), chat=GROUP),
        in_group(Kind.COMMAND, "3d", command="hold", addressed=True),
    ),
    "edited command in a group": (message(**words("/help"), chat=GROUP, edit_date=AT), in_group(Kind.EDIT, "/help")),
    "edited command with our name in a group": (
        message(**words(f"/help@{NAME}"), chat=GROUP, edit_date=AT),
        in_group(Kind.EDIT, f"/help@{NAME}", addressed=True),
    ),
    "forwarded command in a group": (
        message(**words("/help"), chat=GROUP, forward_origin=FORWARDED["user"]),
        in_group(Kind.TEXT, "/help", forwarded=True),
    ),
    "in a topic": (
        message(**words(SAID), chat={**GROUP, "is_forum": True}, message_thread_id=77, is_topic_message=True),
        in_group(Kind.TEXT, SAID, there=replace(HERE, is_forum=True, thread=77)),
    ),
    "in a thread of replies, which is no topic": (
        message(**words(SAID), chat=GROUP, message_thread_id=77),
        in_group(Kind.TEXT, SAID),
    ),
    "in a group with a name of its own": (
        message(**words(SAID), chat={**GROUP, "username": "night_shift"}),
        in_group(Kind.TEXT, SAID, there=replace(HERE, post="https://t.me/night_shift/10")),
    ),
    "in a group that is no supergroup": (
        message(**words(SAID), chat={"id": -1001, "type": "group", "title": "<b>Night</b>"}),
        in_group(Kind.TEXT, SAID, there=There(-1001, title="<b>Night</b>")),
    ),
    "another bot in a group": (message(**words(f"/help@{NAME}"), chat=GROUP, sender=OTHER_BOT), None),
    "automatic forward": (
        message(
            **words(f"@{NAME}"),
            chat=GROUP,
            sender=SERVICE,
            sender_chat=CHANNEL,
            is_automatic_forward=True,
            forward_origin=FORWARDED["channel"],
        ),
        None,
    ),
    "channel post": (message(**words(SAID), chat=CHANNEL, sender=None, sender_chat=CHANNEL), None),
}


@pytest.mark.parametrize(("content", "expected"), CASES.values(), ids=CASES)
async def test_message_is_read_as(bot: Bot, content: Json, expected: Incoming | None) -> None:
    assert incoming_of(Message.de_json(content, bot), bot, edited="edit_date" in content) == expected


@pytest.mark.parametrize("content", UNSEEN.values(), ids=UNSEEN)
async def test_what_is_no_text_is_read_as_media(bot: Bot, content: Json) -> None:
    assert incoming_of(Message.de_json(message(**content), bot), bot) == private(Kind.MEDIA)


@pytest.mark.parametrize("kind", CAPTIONED)
async def test_caption_of_anything_is_read_as_text(bot: Bot, kind: str) -> None:
    content = message(**{**UNSEEN[kind], **words(SAID, "caption")})
    assert incoming_of(Message.de_json(content, bot), bot) == private(Kind.TEXT, SAID)


# --- presses ------------------------------------------------------------------------------------------------------


def pressed(where: Where, there: There | None, payload: str = "abc") -> Incoming:
    return Incoming(7_071_067_811, where, Kind.PRESS, at=0, payload=payload, there=there)


BELOW = There(GROUP["id"], title="Night shift", number=7)
POST = There(CHANNEL["id"], title="News", is_channel=True, number=7)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (press("abc", 7), pressed(Where.PRIVATE, None)),
        (press("abc", 7, chat=GROUP), pressed(Where.GROUP, BELOW)),
        (
            press("abc", 7, chat=GROUP | {"is_forum": True}, message_thread_id=77, is_topic_message=True),
            pressed(Where.GROUP, replace(BELOW, is_forum=True, thread=77)),
        ),
        (press("abc", 7, chat=CHANNEL), pressed(Where.CHANNEL, POST)),
        (
            press("abc", 7) | {"message": {"chat": GROUP, "message_id": 7, "date": 0}},
            pressed(Where.GROUP, BELOW),
        ),
        (press(None, 7, chat=GROUP), pressed(Where.GROUP, BELOW, "")),
    ],
    ids=["private", "group", "topic", "channel", "too old to be seen", "no button of ours"],
)
async def test_press_is_read_as(bot: Bot, content: Json, expected: Incoming) -> None:
    assert press_of(CallbackQuery.de_json(content, bot)) == expected


# --- what Telegram tells by itself --------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "is_channel"), [(1, False), (2, True)])
async def test_picked_chat_is_read_with_its_title(bot: Bot, number: int, is_channel: bool) -> None:  # noqa: FBT001
    picked = {"request_id": number, "chat_id": GROUP["id"], "title": "Night shift"}
    there = There(GROUP["id"], title="Night shift", is_channel=is_channel)
    content = message(chat_shared=picked)
    assert picked_of(Message.de_json(content, bot)) == private(Kind.ROOM, there=there)
    assert picked_of(Message.de_json(content | {"chat": GROUP}, bot)) is None


GONE = Incoming(BEN["id"], Where.GROUP, Kind.LEFT, at=0, there=replace(HERE, post=""))


@pytest.mark.parametrize(("who", "expected"), [(BEN, GONE), (US, None), (OTHER_BOT, None)], ids=["person", "us", "bot"])
async def test_who_has_left_is_read_from_the_message_about_it(bot: Bot, who: Json, expected: Incoming | None) -> None:
    assert left_of(Message.de_json(message(chat=GROUP, left_chat_member=who), bot)) == expected


def member(status: str, who: Json = BEN, **more: object) -> Json:
    return {"status": status, "user": who, "until_date": 0, **more}


def may(*, write: bool, is_in: bool = True) -> Json:
    rights = [*("change_info", "invite_users", "pin_messages", "manage_topics"), "add_web_page_previews"]
    sends = ["messages", "polls", "other_messages", "audios", "documents", "photos", "videos", "video_notes"]
    return {
        **{f"can_{right}": False for right in rights},
        **{f"can_send_{what}": write for what in (*sends, "voice_notes")},
        **{f"can_{right}": False for right in ("edit_tag", "react_to_messages")},
        "is_member": is_in,
    }


def admin_may(**more: object) -> Json:
    rights = ["be_edited", "manage_chat", "delete_messages", "manage_video_chats", "restrict_members"]
    rights += ["promote_members", "change_info", "invite_users", "post_stories", "edit_stories", "delete_stories"]
    return {**{f"can_{right}": False for right in rights}, "is_anonymous": False, **more}


def changed(before: Json, after: Json, *, chat: Json = GROUP, by: Json = ANN) -> Json:
    return {"chat": chat, "from": by, "date": AT, "old_chat_member": before, "new_chat_member": after}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (member("member"), member("left"), GONE),
        (member("administrator", **admin_may()), member("kicked"), GONE),
        (member("restricted", **may(write=True)), member("restricted", **may(write=True, is_in=False)), GONE),
        (member("left"), member("member"), None),
        (member("left"), member("kicked"), None),
        (member("member"), member("restricted", **may(write=False)), None),
        (member("member", OTHER_BOT), member("left", OTHER_BOT), None),
    ],
    ids=["left", "kicked", "left while muted", "joined", "was not there", "muted", "bot"],
)
async def test_who_has_left_is_read_from_what_admins_are_told(
    bot: Bot, before: Json, after: Json, expected: Incoming | None
) -> None:
    assert member_of(ChatMemberUpdated.de_json(changed(before, after), bot)) == expected
    assert member_of(ChatMemberUpdated.de_json(changed(before, after, chat=CHANNEL), bot)) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (message(chat=GROUP, migrate_to_chat_id=-100_777), (GROUP["id"], -100_777)),
        (message(chat=GROUP, migrate_from_chat_id=-777), (-777, GROUP["id"])),
        (message(chat=GROUP, left_chat_member=BEN), None),
    ],
)
async def test_group_that_became_a_supergroup_is_read_from_both_sides(
    bot: Bot, content: Json, expected: tuple[int, int] | None
) -> None:
    assert moved_of(Message.de_json(content, bot)) == expected


# --- how the bot stands -------------------------------------------------------------------------------------------

STANDINGS: dict[str, tuple[Json, Json, Standing]] = {
    "member": (GROUP, member("member", US), Standing()),
    "admin without any right": (
        GROUP,
        member("administrator", US, **admin_may(can_manage_chat=True)),
        Standing(is_admin=True, reads_all=True),
    ),
    "muted": (GROUP, member("restricted", US, **may(write=False)), Standing(may_write=False)),
    "restricted and may write": (GROUP, member("restricted", US, **may(write=True)), Standing()),
    "muted and gone": (
        GROUP,
        member("restricted", US, **may(write=True, is_in=False)),
        Standing(is_in=False, may_write=False),
    ),
    "left": (GROUP, member("left", US), Standing(is_in=False, may_write=False)),
    "kicked": (GROUP, member("kicked", US), Standing(is_in=False, may_write=False)),
    "admin of a channel who may post": (
        CHANNEL,
        member("administrator", US, **admin_may(can_post_messages=True)),
        Standing(is_admin=True, reads_all=True),
    ),
    "admin of a channel who may not": (
        CHANNEL,
        member("administrator", US, **admin_may(can_post_messages=False)),
        Standing(is_admin=True, may_write=False, reads_all=True),
    ),
}


@pytest.mark.parametrize(("chat", "after", "expected"), STANDINGS.values(), ids=STANDINGS)
async def test_standing_of_the_bot_is_read_as(bot: Bot, chat: Json, after: Json, expected: Standing) -> None:
    read = standing_of(ChatMemberUpdated.de_json(changed(member("left", US), after, chat=chat), bot), bot)
    where = Where.CHANNEL if chat is CHANNEL else Where.GROUP
    there = There(chat["id"], title=str(chat["title"]), is_channel=chat is CHANNEL, standing=expected)
    assert read == Incoming(ANN["id"], where, Kind.STANDING, at=0, there=there)


async def test_member_with_privacy_mode_off_reads_all() -> None:
    content = changed(member("left", US), member("member", US))
    async with Bot(TOKEN, request=OnlyUs(can_read_all_group_messages=True)) as bot:
        read = standing_of(ChatMemberUpdated.de_json(content, bot), bot)
    assert read is not None
    assert read.there is not None
    assert read.there.standing == Standing(reads_all=True)


async def test_anonymous_admin_who_adds_the_bot_is_nobody_in_particular(bot: Bot) -> None:
    content = changed(member("left", US), member("member", US), by=ANONYMOUS)
    read = standing_of(ChatMemberUpdated.de_json(content, bot), bot)
    assert read is not None
    assert read.there == replace(HERE, post="", unnamed=True, as_room=True, standing=Standing())


async def test_standing_in_a_private_chat_is_nobodys_matter(bot: Bot) -> None:
    content = changed(member("member", US), member("kicked", US), chat=PRIVATE)
    assert standing_of(ChatMemberUpdated.de_json(content, bot), bot) is None
