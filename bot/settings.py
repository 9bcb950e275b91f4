"""Every setting, read once from the environment or a `.env` file.

Rules that hold here: a secret is a SecretStr and never a flag of the command line; an error names the setting and the
way to mend it, and never the value.
"""

import re
import unicodedata
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

TELEGRAM: Final = "https://api.telegram.org"
_TOKEN: Final = re.compile(r"\d+:[\w-]+", re.ASCII)
_LISTEN: Final = re.compile(r"(?:(?P<host>[\w.:\[\]-]+):)?(?P<port>\d{1,5})", re.ASCII)
_LOOPBACK: Final = "127.0.0.1"
_DEFAULT_LISTEN: Final = f"{_LOOPBACK}:8080"
_ADDRESS: Final = re.compile(r"\S*[.@]\S+")
_LONGEST_OPERATOR: Final = 80
_LONGEST_CONTACT: Final = 120
_STEERS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of the words that come after it."""

_MEND: Final = {
    "bot_webhook_url": "give the https:// address at which Telegram reaches this bot",
    "bot_webhook_secret": "give 1 to 256 letters, digits, _ and -",
    "bot_listen": "give a port, or an address and a port, such as 127.0.0.1:8080",
    "bot_log_level": "give one of debug, info, warning, error",
    "bot_log_format": "give json or console",
    "bot_send_rate": "give a whole number from 1 to 1000",
    "bot_operator": f"give a name, on one line, with at most {_LONGEST_OPERATOR} characters",
    "bot_operator_contact": f"give a mail address, a URL or an @username, with at most {_LONGEST_CONTACT} characters",
    "bot_api_url": "give the address in front of /bot<token>/, such as " + TELEGRAM,
}


class SettingsError(Exception):
    """A setting is missing or wrong. Its text has a line for each, with the way to mend it."""


def _web_address(url: str) -> str:
    TypeAdapter(HttpUrl).validate_python(url)
    return url.rstrip("/")


def _lower(word: object) -> object:
    return word.lower() if isinstance(word, str) else word


def _webhook_secret(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\w-]{1,256}", secret.get_secret_value(), re.ASCII):
        raise ValueError
    return secret


def _listen(address: str) -> str:
    found = _LISTEN.fullmatch(address)
    if not found or not 0 < int(found["port"]) < 2**16:
        raise ValueError
    return f"{found['host'] or _LOOPBACK}:{found['port']}"


def _plain_line(line: str, longest: int) -> str:
    """The same without spaces round it, where people can be shown it."""
    line = line.strip()
    unfit = any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} or sign in _STEERS for sign in line)
    if not line or unfit or len(line) > longest:
        raise ValueError
    return line


def _operator(name: str) -> str:
    return _plain_line(name, _LONGEST_OPERATOR)


def _contact(address: str) -> str:
    address = _plain_line(address, _LONGEST_CONTACT)
    if not _ADDRESS.fullmatch(address):
        raise ValueError
    return address


class Settings(BaseSettings):
    """What an operator can set. `docs/settings.md` explains each; a test holds the two together."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    bot_token: SecretStr | None = Field(
        None, description="The token that BotFather gave. Without one the bot runs in the terminal."
    )
    bot_token_file: Path | None = Field(None, description="A file that holds the token, instead of `BOT_TOKEN`.")
    bot_api_url: Annotated[str, AfterValidator(_web_address)] = Field(
        TELEGRAM, description="The base in front of `/bot<token>/`, for a Bot API server of one's own."
    )
    bot_send_rate: Annotated[int, Field(ge=1, le=1000)] = Field(
        30,
        description="Messages a second over all. Above 30 each message carries Telegram's paid broadcast, which takes "
        "a fee in Stars for what is beyond 30 a second.",
    )
    bot_webhook_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        None, description="The address at which Telegram reaches the bot. Without one the bot polls Telegram."
    )
    bot_webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = Field(
        None, description="What Telegram must show at the webhook. Without one, each start makes a new one."
    )
    bot_listen: Annotated[str, AfterValidator(_listen)] | None = Field(
        None,
        description="Where the bot listens for its webhook, `/healthz`, `/readyz` and `/metrics`: a port, or an address"
        " and a port. Default: `127.0.0.1:8080` with a webhook, else nowhere.",
    )
    bot_operator: Annotated[str, AfterValidator(_operator)] | None = Field(
        None, description="Who runs the bot: a name or an organisation, for `/privacy` and the privacy policy."
    )
    bot_operator_contact: Annotated[str, AfterValidator(_contact)] | None = Field(
        None, description="Where people reach whoever runs the bot: a mail address, a URL or an @username."
    )
    bot_data: Path = Field(Path("data"), description="The folder of the database. What is in it is sealed.")
    bot_data_key: SecretStr | None = Field(
        None, description="The data key: 32 bytes in base64 or hex. Of several, the newest comes first."
    )
    bot_data_key_file: Path | None = Field(
        None,
        description="A file that holds the data key. Without either, one is made in the user's configuration folder.",
    )
    bot_ledger_file: Path | None = Field(
        None,
        description="The file that notes what was forgotten, for backups. Default: in the user's configuration folder.",
    )
    bot_log_level: Annotated[Literal["debug", "info", "warning", "error"] | None, BeforeValidator(_lower)] = Field(
        None, description="How much is logged. Default: `info` for `run`, `warning` elsewhere."
    )
    bot_log_format: Annotated[Literal["json", "console"], BeforeValidator(_lower)] = Field(
        "json", description="How the log is written, to standard error."
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if self.bot_token and self.bot_token_file:
            raise ValueError("BOT_TOKEN and BOT_TOKEN_FILE are both set: keep one")
        if self.bot_data_key and self.bot_data_key_file:
            raise ValueError("BOT_DATA_KEY and BOT_DATA_KEY_FILE are both set: keep one")
        return self

    @property
    def listen(self) -> tuple[str, int] | None:
        """The host and port to listen on, or None where nothing listens."""
        address = self.bot_listen or (_DEFAULT_LISTEN if self.bot_webhook_url else None)
        if address is None:
            return None
        host, _, port = address.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def has_token(self) -> bool:
        """Whether a token was given at all."""
        return self.bot_token is not None or self.bot_token_file is not None

    def token(self) -> str:
        """Return the token for Telegram. Raise SettingsError if there is none, or it cannot be one."""
        if self.bot_token_file is not None:
            try:
                token = self.bot_token_file.read_text("utf-8-sig").strip()
            except (OSError, ValueError):
                raise SettingsError("BOT_TOKEN_FILE cannot be read: give the path of a file with the token") from None
        elif self.bot_token is not None:
            token = self.bot_token.get_secret_value().strip()
        else:
            raise SettingsError("There is no token: ask @BotFather on Telegram for one, and set BOT_TOKEN to it")
        if not _TOKEN.fullmatch(token):
            raise SettingsError("BOT_TOKEN is no token: it looks like 123456:ABC-..., copy it whole from @BotFather")
        return token


def load() -> Settings:
    """Read the settings. Raise SettingsError with a line for each wrong one."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [_line(str(problem["loc"][0]) if problem["loc"] else "", problem["msg"]) for problem in error.errors()]
        raise SettingsError("\n".join(lines)) from None
    except UnicodeDecodeError:
        raise SettingsError(".env is not UTF-8: save the file as UTF-8") from None


def problems() -> list[str]:
    """Every setting that is wrong, a line each."""
    try:
        given = load()
        if given.has_token:
            given.token()
    except SettingsError as error:
        return str(error).splitlines()
    return []


def advice() -> list[str]:
    """What is missing although the bot runs without it, a line each."""
    given = load()
    needed = {"BOT_OPERATOR": given.bot_operator, "BOT_OPERATOR_CONTACT": given.bot_operator_contact}
    why = "people have to know who runs the bot and how to reach them, and Telegram's terms ask for a privacy policy"
    missing = [name for name, value in needed.items() if given.has_token and not value]
    return [f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: {why}"] if missing else []


def _line(name: str, message: str) -> str:
    if not name:
        return message.removeprefix("Value error, ")
    return f"{name.upper()} is wrong: {_MEND.get(name, 'docs/settings.md says what it may be')}"
