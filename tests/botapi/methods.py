"""The methods of the Bot API that the stand-in has: a class each, with its parameters, their limits and its effect.

Rules that hold here: a class is named as Telegram names the method (https://core.telegram.org/bots/api); what it
does not list is refused, since a parameter that nothing reads is a mistake of the bot's. Limits are Telegram's.
"""

import json
import re
import struct
from typing import Annotated, Any, ClassVar, Final, Literal, Protocol

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import override

from tests.botapi.chats import Chat, Message, Upload, words
from tests.botapi.people import ADMINS, Channel, Group, Place
from tests.botapi.updates import EVERY_UPDATE, LIFE_OF_A_PRESS, Json, Refused
from tests.botapi.webhook import Webhook
from tests.botapi.world import World

LONGEST_POLL: Final = 50
DELETABLE: Final = 48 * 60 * 60  # seconds that a message may be old
MOST_BUTTONS: Final = 100
LARGEST_DOWNLOAD: Final = 20 * 1024 * 1024
LARGEST_PHOTO: Final = 10 * 1024 * 1024
LARGEST_ANIMATION: Final = 50 * 1024 * 1024
MOST_SIDES: Final = 10_000  # pixels of a photo, its width and its height together
MOST_STRETCHED: Final = 20


def _refusal(description: str) -> PydanticCustomError:
    return PydanticCustomError("telegram", "{description}", {"description": description})


def _read_json(value: object) -> object:
    """Read what a form carries as text: an object or a list."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise _refusal("object expected, and its JSON cannot be read") from None


def _stripped(text: str) -> str:
    return text.strip()


def _message_text(text: str) -> str:
    if not text:
        raise _refusal("message text is empty")
    if len(text) > 4096:
        raise _refusal("message is too long")
    return text


def _caption(text: str) -> str:
    if len(text) > 1024:
        raise _refusal("message caption is too long")
    return text


def _button_data(data: str) -> str:
    if not 1 <= len(data.encode()) <= 64:
        raise _refusal("BUTTON_DATA_INVALID")
    return data


def _update(kind: str) -> str:
    if kind not in EVERY_UPDATE:
        raise _refusal(f"the stand-in has no updates of the kind {kind}")
    return kind


FromJson = BeforeValidator(_read_json)
Text = Annotated[str, AfterValidator(_stripped), AfterValidator(_message_text)]
Caption = Annotated[str, AfterValidator(_stripped), AfterValidator(_caption)]
Language = Annotated[str, Field(pattern="^([a-z]{2})?$")]
Kinds = Annotated[list[Annotated[str, AfterValidator(_update)]], FromJson]


class Strict(BaseModel):
    """Parameters with nothing else beside them."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Button(Strict):
    """InlineKeyboardButton: data or a link."""

    text: Annotated[str, Field(min_length=1)]
    callback_data: Annotated[str, AfterValidator(_button_data)] | None = None
    url: Annotated[str, Field(pattern="^(https?|tg)://.+")] | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Button":
        if (self.callback_data is None) == (self.url is None):
            raise _refusal("can't parse inline keyboard button: exactly one of its optional fields must be used")
        return self


class Keyboard(Strict):
    """InlineKeyboardMarkup."""

    inline_keyboard: list[Annotated[list[Button], Field(min_length=1, max_length=8)]]

    @model_validator(mode="after")
    def _is_not_too_large(self) -> "Keyboard":
        if sum(map(len, self.inline_keyboard)) > MOST_BUTTONS:
            raise _refusal("reply markup is too long")
        return self


class RequestChat(Strict):
    """KeyboardButtonRequestChat."""

    request_id: Annotated[int, Field(ge=-(2**31), lt=2**31)]
    chat_is_channel: bool
    chat_is_forum: bool | None = None
    chat_has_username: bool | None = None
    chat_is_created: bool | None = None
    user_administrator_rights: dict[str, bool] | None = None
    bot_administrator_rights: dict[str, bool] | None = None
    bot_is_member: bool = False
    request_title: bool = False
    request_username: bool = False
    request_photo: bool = False


class Key(Strict):
    """KeyboardButton: it types its words, or shares where someone is, or a chat."""

    text: Annotated[str, Field(min_length=1)]
    request_location: bool = False
    request_chat: RequestChat | None = None


class Keys(Strict):
    """ReplyKeyboardMarkup."""

    keyboard: list[Annotated[list[Key], Field(min_length=1, max_length=12)]]
    resize_keyboard: bool = False
    one_time_keyboard: bool = False
    input_field_placeholder: Annotated[str, Field(min_length=1, max_length=64)] | None = None

    def check(self, chat: Chat) -> None:
        """Raise Refused where it asks for something in a chat that is not private."""
        if chat.json["type"] == "private":
            return
        if any(key.request_location for row in self.keyboard for key in row):
            raise Refused(400, "Bad Request: location can be requested in private chats only")
        if any(key.request_chat for row in self.keyboard for key in row):
            raise Refused(400, "Bad Request: chats can be requested in private chats only")

    @model_validator(mode="after")
    def _tells_requests_apart(self) -> "Keys":
        asked = [key.request_chat.request_id for row in self.keyboard for key in row if key.request_chat]
        if len(asked) != len(set(asked)):
            raise _refusal("request identifiers must be unique within the message")
        return self


class NoKeys(Strict):
    """ReplyKeyboardRemove."""

    remove_keyboard: Literal[True]


MARKUPS: Final = ("InlineKeyboardMarkup", "ReplyKeyboardMarkup", "ReplyKeyboardRemove")


def _markup(value: object) -> str:
    given = value if isinstance(value, dict) else {}
    return MARKUPS[1 if "keyboard" in given else 2 if "remove_keyboard" in given else 0]


Markup = Annotated[
    Annotated[Keyboard, Tag(MARKUPS[0])] | Annotated[Keys, Tag(MARKUPS[1])] | Annotated[NoKeys, Tag(MARKUPS[2])],
    Discriminator(_markup),
]


class LinkPreview(Strict):
    """LinkPreviewOptions."""

    is_disabled: bool = False


class ReplyTo(Strict):
    """ReplyParameters, within one chat."""

    message_id: int
    allow_sending_without_reply: bool = False


class Command(Strict):
    """BotCommand."""

    command: Annotated[str, Field(pattern="^[a-z0-9_]{1,32}$")]
    description: Annotated[str, Field(min_length=1, max_length=256)]


class Scope(Strict):
    """BotCommandScope."""

    type: Literal[
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ] = "default"
    chat_id: int | None = None
    user_id: int | None = None

    @model_validator(mode="after")
    def _names_whom_it_is_for(self) -> "Scope":
        wanted = {"chat": (True, False), "chat_administrators": (True, False), "chat_member": (True, True)}
        if (self.chat_id is not None, self.user_id is not None) != wanted.get(self.type, (False, False)):
            raise _refusal("can't parse BotCommandScope")
        return self


class Method(Strict):
    """One call of a method, which each class answers."""

    called: ClassVar[dict[str, Any]] = {}

    @override
    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not cls.__name__.startswith("_"):
            cls.called[cls.__name__[0].lower() + cls.__name__[1:]] = cls


class Answering(Protocol):
    """A call that was read."""

    async def answer(self, world: World) -> object:
        """Do it, and give Telegram's result. Raises Refused."""


def call(name: str, parameters: Json) -> Answering:
    """Read a call. Raises Refused for what Telegram, or the stand-in, does not accept."""
    if name not in Method.called:
        raise Refused(400, f"Bad Request: the stand-in has no method {name}")
    try:
        method: Answering = Method.called[name](**parameters)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in MARKUPS)
        what = first["msg"] if first["type"] == "telegram" else f'parameter "{where}": {first["msg"]}'
        raise Refused(400, f"Bad Request: {what}") from None
    return method


# --- The bot itself -------------------------------------------------------------------------------------------


class GetMe(Method):
    async def answer(self, world: World) -> Json:
        return {
            **world.bot,
            "can_join_groups": world.joins_groups,
            "can_read_all_group_messages": not world.privacy,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }


class _Commands(Method):
    scope: Annotated[Scope, FromJson] = Scope()
    language_code: Language = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.scope.model_dump_json(exclude_none=True), self.language_code


class SetMyCommands(_Commands):
    commands: Annotated[list[Command], FromJson, Field(max_length=100)]

    async def answer(self, world: World) -> bool:
        world.commands[self.key] = [command.model_dump() for command in self.commands]
        return True


class GetMyCommands(_Commands):
    async def answer(self, world: World) -> list[Json]:
        return world.commands.get(self.key, [])


class DeleteMyCommands(_Commands):
    async def answer(self, world: World) -> bool:
        world.commands.pop(self.key, None)
        return True


class SetMyDescription(Method):
    description: Annotated[str, Field(max_length=512)] = ""
    language_code: Language = ""

    async def answer(self, world: World) -> bool:
        world.descriptions[self.language_code] = self.description
        return True


class GetMyDescription(Method):
    language_code: Language = ""

    async def answer(self, world: World) -> Json:
        return {"description": world.descriptions.get(self.language_code, "")}


class SetMyShortDescription(Method):
    short_description: Annotated[str, Field(max_length=120)] = ""
    language_code: Language = ""

    async def answer(self, world: World) -> bool:
        world.short_descriptions[self.language_code] = self.short_description
        return True


class GetMyShortDescription(Method):
    language_code: Language = ""

    async def answer(self, world: World) -> Json:
        return {"short_description": world.short_descriptions.get(self.language_code, "")}


# --- Updates --------------------------------------------------------------------------------------------------


class GetUpdates(Method):
    offset: int = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 100
    timeout: Annotated[int, Field(ge=0)] = 0
    allowed_updates: Kinds | None = None

    async def answer(self, world: World) -> list[Json]:
        if world.webhook is not None:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
                "webhook first",
            )
        world.updates.allow(self.allowed_updates)
        return await world.updates.fetch(self.offset, self.limit, min(self.timeout, LONGEST_POLL))


class SetWebhook(Method):
    """Any address and port, as at a Telegram server of one's own. An empty address takes the webhook away."""

    url: Annotated[str, Field(pattern="^(https?://.+)?$")]
    secret_token: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{0,256}$")] = ""
    max_connections: Annotated[int, Field(ge=1, le=100)] = 40
    allowed_updates: Kinds | None = None
    drop_pending_updates: bool = False

    async def answer(self, world: World) -> bool:
        await world.takes_webhook_away(drop=self.drop_pending_updates)
        world.updates.allow(self.allowed_updates)
        if self.url:
            world.webhook = Webhook(
                self.url, self.secret_token, self.max_connections, world.updates, world.bell, world.pause
            )
            world.webhook.open()
        return True


class DeleteWebhook(Method):
    drop_pending_updates: bool = False

    async def answer(self, world: World) -> bool:
        await world.takes_webhook_away(drop=self.drop_pending_updates)
        return True


class GetWebhookInfo(Method):
    async def answer(self, world: World) -> Json:
        info = {
            "url": "",
            "has_custom_certificate": False,
            "pending_update_count": len(world.updates),
            "allowed_updates": world.updates.allowed,
        }
        webhook = world.webhook
        if webhook is None:
            return info
        info |= {"url": webhook.url, "max_connections": webhook.most}
        if webhook.errors:
            info |= {"last_error_date": world.now(), "last_error_message": webhook.errors[-1]}
        return info


# --- Messages -------------------------------------------------------------------------------------------------


class _Sending(Method):
    chat_id: int
    message_thread_id: int | None = None
    disable_notification: bool = False
    protect_content: bool = False
    allow_paid_broadcast: bool = False
    reply_parameters: Annotated[ReplyTo, FromJson] | None = None
    reply_markup: Annotated[Markup, FromJson] | None = None

    def send(self, world: World, what: str, content: Json, upload: Upload | None = None) -> Json:
        chat = world.chat(self.chat_id)
        chat.let_bot_send(what, self.message_thread_id)
        if isinstance(chat, Group):
            chat.slow_down()
        if world.limits is not None:
            in_group = isinstance(chat, Group)
            world.limits.take(chat.id, in_group=in_group, paid=self.allow_paid_broadcast, at=world.clock())
        content = {**({"sender_chat": chat.json} if isinstance(chat, Channel) else {"from": world.bot}), **content}
        if self.message_thread_id is not None:
            content |= {"message_thread_id": self.message_thread_id, "is_topic_message": True}
        if self.protect_content:
            content["has_protected_content"] = True
        if self.reply_parameters is not None:
            content |= self._reply(chat, self.reply_parameters)
        match self.reply_markup:
            case Keyboard(inline_keyboard=[_, *_]) as keyboard:
                content["reply_markup"] = _dump(keyboard)
            case Keys() as keys:
                keys.check(chat)
                chat.keys = _dump(keys)
            case NoKeys():
                chat.keys = None
        editable = isinstance(self.reply_markup, Keyboard | None)
        return chat.post(content, by_bot=True, upload=upload, editable=editable).json

    @staticmethod
    def _reply(chat: Chat, to: ReplyTo) -> Json:
        if to.message_id not in chat.messages and to.allow_sending_without_reply:
            return {}
        return {"reply_to_message": chat.message(to.message_id, "message to be replied not found").quoted()}


class SendMessage(_Sending):
    text: Text
    link_preview_options: Annotated[LinkPreview, FromJson] | None = None

    async def answer(self, world: World) -> Json:
        preview = (
            {} if self.link_preview_options is None else {"link_preview_options": _dump(self.link_preview_options)}
        )
        return self.send(world, "text messages", {**words(self.text), **preview})


class SendDocument(_Sending):
    document: Upload
    caption: Caption = ""

    async def answer(self, world: World) -> Json:
        if not self.document.content:
            raise Refused(400, "Bad Request: file must be non-empty")
        document = {**_file(world, self.document), "file_name": self.document.name, "mime_type": self.document.kind}
        return self.send(world, "documents", {"document": document, **_captioned(self.caption)}, self.document)


class SendPhoto(_Sending):
    """A picture, as PNG."""

    photo: Upload
    caption: Caption = ""

    async def answer(self, world: World) -> Json:
        content = self.photo.content
        if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR":
            raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED")
        width, height = struct.unpack(">II", content[16:24])
        if len(content) > LARGEST_PHOTO:
            raise Refused(413, "Request Entity Too Large")
        stretched = max(width, height) > MOST_STRETCHED * min(width, height)
        if width + height > MOST_SIDES or stretched:
            raise Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        photo = {**_file(world, self.photo), "width": width, "height": height}
        return self.send(world, "photos", {"photo": [photo], **_captioned(self.caption)}, self.photo)


class SendAnimation(_Sending):
    """A GIF or an MP4: as a file, or by the id of one that was sent before."""

    animation: Upload | str
    caption: Caption = ""

    async def answer(self, world: World) -> Json:
        upload = self.animation
        if isinstance(upload, str):
            if upload not in world.files:
                raise Refused(400, "Bad Request: wrong file identifier/HTTP URL specified")
            described, upload = _described(upload, world.files[upload]), world.files[upload]
        elif len(upload.content) > LARGEST_ANIMATION:
            raise Refused(413, "Request Entity Too Large")
        elif upload.content[:4] != b"GIF8" and upload.content[4:8] != b"ftyp":
            raise Refused(400, "Bad Request: VIDEO_CONTENT_TYPE_INVALID")
        else:
            described = _file(world, upload)
        animation = {**described, "width": 480, "height": 480, "duration": 8, "file_name": upload.name}
        content = {"animation": animation, **_captioned(self.caption)}
        return self.send(world, "gifs", content, upload)


class GetFile(Method):
    """One of the files that the bot has sent. It is read at `/file/bot<token>/<file_path>`."""

    file_id: str

    async def answer(self, world: World) -> Json:
        if self.file_id not in world.files:
            raise Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        file = _described(self.file_id, world.files[self.file_id])
        if file["file_size"] > LARGEST_DOWNLOAD:
            raise Refused(400, "Bad Request: file is too big")
        return {**file, "file_path": f"files/{self.file_id}"}


class _Editing(Method):
    chat_id: int
    message_id: int
    reply_markup: Annotated[Keyboard, FromJson] | None = None

    def edit(self, world: World, content: Json) -> Json:
        chat = world.chat(self.chat_id)
        chat.let_bot_in()
        message = chat.message(self.message_id, "message to edit not found")
        if not (message.by_bot and message.editable):
            raise Refused(400, "Bad Request: message can't be edited")
        self.check(message)
        message.change(content, None if self.reply_markup is None else _dump(self.reply_markup))
        return message.json

    def check(self, message: Message) -> None:
        """Raise Refused where that message has nothing of the kind that is to change."""


class EditMessageText(_Editing):
    text: Text
    link_preview_options: Annotated[LinkPreview, FromJson] | None = None

    @override
    def check(self, message: Message) -> None:
        if "text" not in message.json:
            raise Refused(400, "Bad Request: there is no text in the message to edit")

    async def answer(self, world: World) -> Json:
        preview = (
            {} if self.link_preview_options is None else {"link_preview_options": _dump(self.link_preview_options)}
        )
        return self.edit(world, {**words(self.text), **preview})


class EditMessageReplyMarkup(_Editing):
    async def answer(self, world: World) -> Json:
        return self.edit(world, {})


class DeleteMessage(Method):
    chat_id: int
    message_id: int

    async def answer(self, world: World) -> bool:
        chat = world.chat(self.chat_id)
        chat.let_bot_in()
        message = chat.message(self.message_id, "message to delete not found")
        others = chat.json["type"] == "private" or chat.bot_can("can_delete_messages")
        own = message.by_bot and (not isinstance(chat, Channel) or chat.bot_can("can_post_messages"))
        if world.now() - message.json["date"] > DELETABLE or not (own or others):
            raise Refused(400, "Bad Request: message can't be deleted for everyone")
        message.deleted = True
        return True


class AnswerCallbackQuery(Method):
    callback_query_id: str
    text: Annotated[str, Field(max_length=200)] = ""
    show_alert: bool = False
    url: str = ""
    cache_time: Annotated[int, Field(ge=0)] = 0

    async def answer(self, world: World) -> bool:
        press = world.presses.get(self.callback_query_id)
        if press is None or press.answer is not None or world.now() - press.at > LIFE_OF_A_PRESS:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        start = rf"(https?://)?(t|telegram)\.me/{world.bot['username']}\?start=[A-Za-z0-9_-]{{1,64}}"
        if self.url and not re.fullmatch(start, self.url, re.IGNORECASE):
            raise Refused(400, "Bad Request: URL_INVALID")
        press.answer = {"text": self.text, "show_alert": self.show_alert, "url": self.url}
        world.bell.ring()
        return True


class SendChatAction(Method):
    chat_id: int
    action: Literal["typing", "upload_photo", "upload_document"]
    message_thread_id: int | None = None

    async def answer(self, world: World) -> bool:
        world.chat(self.chat_id).let_bot_send("text messages", self.message_thread_id)
        return True


# --- Chats ----------------------------------------------------------------------------------------------------


class GetChat(Method):
    chat_id: int

    async def answer(self, world: World) -> Json:
        chat = world.chat(self.chat_id)
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        more: Json = {}
        if isinstance(chat, Place):
            chat.let_bot_in()
        if isinstance(chat, Group):
            permitted = {"can_send_messages": not chat.muted, "can_invite_users": not chat.muted}
            more = {"permissions": permitted, **({"slow_mode_delay": chat.slow} if chat.slow else {})}
        if isinstance(chat, Channel) and chat.discussion is not None:
            more = {"linked_chat_id": chat.discussion.id}
        return {
            **chat.json,
            **more,
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }


class _OfPlace(Method):
    chat_id: int

    def place(self, world: World, otherwise: str) -> Place:
        chat = world.chat(self.chat_id)
        chat.let_bot_in()
        if not isinstance(chat, Place):
            raise Refused(400, f"Bad Request: {otherwise}")
        return chat


class GetChatAdministrators(_OfPlace):
    async def answer(self, world: World) -> list[Json]:
        members = self.place(world, "there are no administrators in the private chat").members()
        return [one for one in members.values() if one["status"] in ADMINS]


class GetChatMember(_OfPlace):
    user_id: int

    async def answer(self, world: World) -> Json:
        place = self.place(world, "there are no administrators in the private chat")
        members = place.members()
        hidden = isinstance(place, Group) and place.hides_members and place.bot_is != "administrator"
        if hidden and self.user_id != world.bot["id"]:
            raise Refused(400, "Bad Request: member list is inaccessible")
        if self.user_id not in members:
            raise Refused(400, "Bad Request: user not found")
        return members[self.user_id]


class LeaveChat(_OfPlace):
    async def answer(self, world: World) -> bool:
        await self.place(world, "chat member status can't be changed in private chats").leaves()
        return True


def _dump(model: BaseModel) -> Json:
    return model.model_dump(exclude_none=True)


def _captioned(caption: str) -> Json:
    return words(caption, "caption") if caption else {}


def _file(world: World, upload: Upload) -> Json:
    name = f"BQACAgQA{world.next_number()}"
    world.files[name] = upload
    return _described(name, upload)


def _described(name: str, upload: Upload) -> Json:
    return {"file_id": name, "file_unique_id": f"AgAD{name[8:]}", "file_size": len(upload.content)}
