"""Telegram's updates into the words of the house.

Rules that hold here: what is not for the bot is None; nothing of an update is kept, and where someone is goes no
further than their one answer; a name or a title is handed on as it came, and is trusted by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from telegram import (
    Bot,
    CallbackQuery,
    Chat,
    ChatFullInfo,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberMember,
    ChatMemberOwner,
    ChatMemberRestricted,
    ChatMemberUpdated,
    MaybeInaccessibleMessage,
    Message,
    MessageEntity,
    User,
)
from telegram.constants import ChatID, ChatType

from bot.core.commands import KNOWN_IN_GROUPS, split_command
from bot.core.copies import replace
from bot.core.model import Incoming, Kind, Standing, There, Where

PICKS: Final = (1, 2)
"""Numbers of the requests to pick a group, and to pick a channel, by which Telegram tells one from the other."""

_NAMING: Final = {MessageEntity.MENTION, MessageEntity.BOT_COMMAND}
_WHERE: Final[dict[str, Where]] = {ChatType.PRIVATE: Where.PRIVATE, ChatType.CHANNEL: Where.CHANNEL}
_SUPERGROUPS: Final = -1_000_000_000_000
"""The id of a supergroup or channel is this, less what its links name it by."""
_POLE: Final = 90  # degrees
_DATE_LINE: Final = 180


def where_of(chat: Chat) -> Where:
    """The kind of place that a chat is."""
    return _WHERE.get(chat.type, Where.GROUP)


def there_of(chat: Chat | ChatFullInfo) -> There:
    """A group or channel, with what every update tells of it."""
    is_channel = chat.type == ChatType.CHANNEL
    return There(chat.id, title=chat.title or "", is_channel=is_channel, is_forum=bool(chat.is_forum))


def thread_of(message: object) -> int | None:
    """The topic that a message is in."""
    return message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None


# --- messages ---------------------------------------------------------------------------------------------------


def incoming_of(message: Message, bot: Bot, *, edited: bool = False) -> Incoming | None:
    """Read a message, or give None where it is not a person's words."""
    person = message.from_user
    if person is None or person.id == ChatID.SERVICE_CHAT or (person.is_bot and message.sender_chat is None):
        return None
    if message.is_automatic_forward:  # a channel's post, on its way into the channel's own group
        return None
    where = where_of(message.chat)
    if edited and message.location is not None:  # of who shares it live: the first one counts
        return None
    text = message.text or message.caption or ""
    location = _location(message) if where is Where.PRIVATE else None
    forwarded = message.forward_origin is not None
    command, rest = ("", text) if forwarded else command_in(text, bot.username.lower())
    if where is Where.GROUP:
        rest = _without_name(rest, bot)
    kind = Kind.COMMAND if command else Kind.TEXT if text else Kind.LOCATION if location else Kind.MEDIA
    if edited:
        kind, command, rest = Kind.EDIT, "", text
    return Incoming(
        person.id,
        where,
        kind,
        at=0,
        text=rest,
        command=command,
        payload=_payload(message.reply_to_message, bot),
        forwarded=forwarded,
        addressed=where is Where.PRIVATE or command in KNOWN_IN_GROUPS or _is_addressed(message, bot),
        location=location,
        there=None if where is Where.PRIVATE else _there_of_message(message, bot),
    )


def _there_of_message(message: Message, bot: Bot) -> There:
    return replace(
        there_of(message.chat),
        thread=thread_of(message),
        unnamed=message.sender_chat is not None,
        as_room=message.sender_chat is not None and message.sender_chat.id == message.chat.id,
        names_another=any(_names_another(entity, words, bot) for entity, words in _entities(message)),
        post=_post(message),
    )


def _post(message: Message) -> str:
    """A link to a message. Not by the library's, which for a reply names a topic that is none."""
    chat = message.chat
    if chat.username:
        return f"https://t.me/{chat.username}/{message.message_id}"
    if chat.id < _SUPERGROUPS:
        return f"https://t.me/c/{_SUPERGROUPS - chat.id}/{message.message_id}"
    return ""


def _location(message: Message) -> tuple[float, float] | None:
    """The place that a message tells, a person's or a venue's. The library does not check that it is on the map."""
    place = message.location
    if place is None or not (abs(place.latitude) <= _POLE and abs(place.longitude) <= _DATE_LINE):
        return None
    return place.latitude, place.longitude


def command_in(text: str, name: str) -> tuple[str, str]:
    """The command that a text begins with, and what follows it, unless it names another bot: /walk@other_bot.

    `name` is ours, in small letters.
    """
    head = text.split(maxsplit=1)[0] if text.startswith("/") else ""
    _, at, named = head.partition("@")
    return ("", text) if at and named.lower().rstrip(".,!?") != name else split_command(text)


def is_our_name(words: str, name: str) -> bool:
    """Whether what Telegram marked as a name or a command names us: @us, /walk@us. `name` is ours, in small letters."""
    return words.lower().endswith(f"@{name}")


def _is_addressed(message: Message, bot: Bot) -> bool:
    answered = message.reply_to_message
    if answered is not None and answered.from_user is not None and answered.from_user.id == bot.id:
        return True
    return any(
        (entity.user is not None and entity.user.id == bot.id)
        or (entity.type in _NAMING and is_our_name(words, bot.username.lower()))
        for entity, words in _entities(message)
    )


def _without_name(text: str, bot: Bot) -> str:
    """The same without our name, which says nothing but whom it is for."""
    return re.sub(rf"(?<!\w)@{re.escape(bot.username)}\b", " ", text, flags=re.IGNORECASE).strip()


def _names_another(entity: MessageEntity, words: str, bot: Bot) -> bool:
    if entity.user is not None:
        return entity.user.id != bot.id
    return entity.type == MessageEntity.MENTION and not is_our_name(words, bot.username.lower())


def _entities(message: Message) -> Iterator[tuple[MessageEntity, str]]:
    # One by one: to the library, two names of the same signs are one.
    if message.text:
        yield from ((entity, message.parse_entity(entity)) for entity in message.entities)
    if message.caption:
        yield from ((entity, message.parse_caption_entity(entity)) for entity in message.caption_entities)


def _payload(answered: Message | None, bot: Bot) -> str:
    """A button of our own message that someone replies to, as Telegram sends it along."""
    if answered is None or answered.from_user is None or answered.from_user.id != bot.id or not answered.reply_markup:
        return ""
    buttons = (button for row in answered.reply_markup.inline_keyboard for button in row)
    return next((button.callback_data for button in buttons if isinstance(button.callback_data, str)), "")


# --- presses, and what Telegram tells by itself -------------------------------------------------------------------


def press_of(query: CallbackQuery) -> Incoming:
    """Read a press, be it below a message that can still be seen or not."""
    pressed, person = query.message, query.from_user.id
    incoming = Incoming(person, Where.PRIVATE, Kind.PRESS, at=0, payload=query.data or "")
    if pressed is None or pressed.chat.type == ChatType.PRIVATE:
        return incoming
    there = replace(there_of(pressed.chat), number=pressed.message_id, thread=thread_of(pressed), post=_link(pressed))
    return replace(incoming, where=where_of(pressed.chat), there=there)


def _link(pressed: MaybeInaccessibleMessage) -> str:
    """The link that a message of ours has a button for."""
    markup = pressed.reply_markup if isinstance(pressed, Message) else None
    rows = () if markup is None else markup.inline_keyboard
    return next((button.url for row in rows for button in row if button.url), "")


def picked_of(message: Message) -> Incoming | None:
    """Read which group or channel was picked in private."""
    person, picked = message.from_user, message.chat_shared
    if person is None or picked is None or message.chat.type != ChatType.PRIVATE:
        return None
    there = There(picked.chat_id, title=picked.title or "", is_channel=picked.request_id == PICKS[True])
    return Incoming(person.id, Where.PRIVATE, Kind.ROOM, at=0, there=there)


def left_of(message: Message) -> Incoming | None:
    """Read who has left a group, by the message that everyone sees there."""
    return None if message.left_chat_member is None else _left(message.left_chat_member, message.chat)


def member_of(update: ChatMemberUpdated) -> Incoming | None:
    """Read who has left a group, by what its admins are told."""
    was_in, is_in = _is_in(update.old_chat_member), _is_in(update.new_chat_member)
    return _left(update.new_chat_member.user, update.chat) if was_in and not is_in else None


def _left(person: User, chat: Chat) -> Incoming | None:
    where = where_of(chat)
    if person.is_bot or where is not Where.GROUP:
        return None
    return Incoming(person.id, where, Kind.LEFT, at=0, there=there_of(chat))


def moved_of(message: Message) -> tuple[int, int] | None:
    """The ids that a group had, and has since it became a supergroup. Both chats tell it."""
    if message.migrate_to_chat_id is not None:
        ids = message.chat.id, message.migrate_to_chat_id
    elif message.migrate_from_chat_id is not None:
        ids = message.migrate_from_chat_id, message.chat.id
    else:
        return None
    # What is no number would be held, and break the next press there. The library does not check.
    return ids if all(isinstance(number, int) for number in ids) else None


# --- how the bot stands -------------------------------------------------------------------------------------------


def standing_of(update: ChatMemberUpdated, bot: Bot) -> Incoming | None:
    """Read how the bot stands in a group or channel from now on, and who brought that about."""
    where = where_of(update.chat)
    if where is Where.PRIVATE:  # blocked, or let in again: told by what can be sent
        return None
    as_room = update.from_user.id == ChatID.ANONYMOUS_ADMIN
    there = replace(there_of(update.chat), unnamed=as_room, as_room=as_room)
    standing = standing_as(update.new_chat_member, bot, there)
    standing = replace(standing, was_in=_is_in(update.old_chat_member))
    return Incoming(update.from_user.id, where, Kind.STANDING, at=0, there=replace(there, standing=standing))


def standing_as(member: ChatMember, bot: Bot, there: There, *, all_may_write: bool = True) -> Standing:
    """How the bot stands there as this member. `all_may_write`: what members may there who are nothing more."""
    reads_all = bool(bot.can_read_all_group_messages)
    match member:
        case ChatMemberOwner():
            return Standing(is_admin=True, reads_all=True)
        case ChatMemberAdministrator(can_post_messages=may_post):
            return Standing(is_admin=True, may_write=bool(may_post) or not there.is_channel, reads_all=True)
        case ChatMemberRestricted(is_member=is_in, can_send_messages=may_write):
            return Standing(is_in=is_in, may_write=is_in and may_write and all_may_write, reads_all=is_in and reads_all)
        case ChatMemberMember():
            return Standing(may_write=all_may_write and not there.is_channel, reads_all=reads_all)
    return Standing(is_in=False, may_write=False)


def _is_in(member: ChatMember) -> bool:
    match member:
        case ChatMemberRestricted(is_member=is_in):
            return is_in
    return isinstance(member, ChatMemberOwner | ChatMemberAdministrator | ChatMemberMember)
