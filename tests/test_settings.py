import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot import settings
from bot.settings import Settings, SettingsError

ROOT = Path(__file__).parent.parent
TOKEN = "480016:AADistinctive-Token_ThatMustNotShow"  # noqa: S105 - it opens nothing
WEBHOOK_SECRET = "DistinctiveSecretThatMustNotShow"  # noqa: S105 - it opens nothing
KEY = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI="
NAMES = {name.upper() for name in Settings.model_fields}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where the bot starts, with no .env in it yet."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal() -> str:
    with pytest.raises(SettingsError) as refused:
        settings.load().token()
    return str(refused.value)


# --- the page of settings -----------------------------------------------------------------------------------------


def table() -> dict[str, list[str]]:
    """Each row of the table of settings: its name, and what else stands there as code."""
    page = (ROOT / "docs/settings.md").read_text("utf-8")
    rows = [re.findall(r"`([^`]+)`", line) for line in page.splitlines() if line.startswith("| `BOT_")]
    return {name: others for name, *others in rows}


def test_page_explains_every_setting_and_no_other() -> None:
    assert set(table()) == NAMES


def test_page_states_every_default() -> None:
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items() if field.default}
    stated = {name: [code.rstrip("/") for code in table()[name]] for name in defaults}
    assert {name: default for name, default in defaults.items() if str(default) not in stated[name]} == {}


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")] == []


# --- where they come from -----------------------------------------------------------------------------------------


def test_without_any_setting_the_defaults_hold() -> None:
    given = settings.load()
    assert given.model_dump() == {
        "bot_token": None,
        "bot_token_file": None,
        "bot_api_url": "https://api.telegram.org",
        "bot_send_rate": 30,
        "bot_webhook_url": None,
        "bot_webhook_secret": None,
        "bot_listen": None,
        "bot_operator": None,
        "bot_operator_contact": None,
        "bot_data": Path("data"),
        "bot_data_key": None,
        "bot_data_key_file": None,
        "bot_ledger_file": None,
        "bot_log_level": None,
        "bot_log_format": "json",
    }
    assert not given.has_token
    assert given.listen is None
    assert settings.problems() == []


def test_settings_are_read_from_a_dotenv_file(folder: Path) -> None:
    (folder / ".env").write_text(f"# mine\nBOT_TOKEN={TOKEN}\nBOT_DATA='somewhere else'\nOTHER=1\n")
    given = settings.load()
    assert (given.token(), given.bot_data) == (TOKEN, Path("somewhere else"))


def test_environment_wins_over_the_dotenv_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("BOT_DATA=from-file\nBOT_LOG_LEVEL=error\n")
    monkeypatch.setenv("BOT_DATA", "from-environment")
    given = settings.load()
    assert (given.bot_data, given.bot_log_level) == (Path("from-environment"), "error")


def test_setting_that_is_empty_is_as_if_it_were_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")
    assert settings.load() == Settings()
    assert not settings.load().has_token


def test_words_may_be_in_capitals_and_an_address_may_end_in_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("BOT_LOG_FORMAT", "Console")
    monkeypatch.setenv("BOT_API_URL", "http://127.0.0.1:8081/")
    given = settings.load()
    assert (given.bot_log_level, given.bot_log_format, given.bot_api_url) == (
        "debug",
        "console",
        "http://127.0.0.1:8081",
    )


# --- the token ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("around", ["{}", " {}\n", "\ufeff{}"])
def test_token_is_read_from_its_file(folder: Path, monkeypatch: pytest.MonkeyPatch, around: str) -> None:
    (folder / "token").write_text(around.format(TOKEN), "utf-8")
    monkeypatch.setenv("BOT_TOKEN_FILE", "token")
    given = settings.load()
    assert given.has_token
    assert given.token() == TOKEN


def test_missing_token_is_told_with_the_way_to_get_one() -> None:
    assert refusal() == "There is no token: ask @BotFather on Telegram for one, and set BOT_TOKEN to it"


@pytest.mark.parametrize("token", ["token", "480016", "480016:", ":AAxyz", f"bot{TOKEN}", f"{TOKEN} x", f"{TOKEN}ö"])
def test_malformed_token_is_told_without_being_shown(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("BOT_TOKEN", token)
    said = refusal()
    assert said.startswith("BOT_TOKEN is no token: ")
    assert "\n" not in said
    assert TOKEN not in said
    assert settings.problems() == [said]


@pytest.mark.parametrize("there", ["nothing", "a folder", "bytes"])
def test_token_file_that_cannot_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    path = folder / "token"
    if there == "a folder":
        path.mkdir()
    elif there == "bytes":
        path.write_bytes(b"\xff\xfe\x00" + TOKEN.encode())
    monkeypatch.setenv("BOT_TOKEN_FILE", str(path))
    assert refusal() == "BOT_TOKEN_FILE cannot be read: give the path of a file with the token"


@pytest.mark.parametrize("name", ["BOT_TOKEN", "BOT_DATA_KEY"])
def test_secret_and_its_file_together_are_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv(f"{name}_FILE", "somewhere")
    said = refusal()
    assert said == f"{name} and {name}_FILE are both set: keep one"
    assert settings.problems() == [said]


# --- where it listens ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "listen"),
    [
        ("8080", ("127.0.0.1", 8080)),
        ("1", ("127.0.0.1", 1)),
        ("65535", ("127.0.0.1", 65535)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),  # noqa: S104 - read, not listened on
        ("localhost:8080", ("localhost", 8080)),
        ("bot-1.example:8443", ("bot-1.example", 8443)),
        ("[::1]:8080", ("::1", 8080)),
        ("[::]:8080", ("::", 8080)),
        ("::1:8080", ("::1", 8080)),
    ],
)
def test_place_to_listen_is_a_port_or_an_address_and_a_port(
    monkeypatch: pytest.MonkeyPatch, given: str, listen: tuple[str, int]
) -> None:
    monkeypatch.setenv("BOT_LISTEN", given)
    assert settings.load().listen == listen


def test_webhook_listens_on_loopback_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_WEBHOOK_URL", "https://bot.example/in/")
    assert (settings.load().bot_webhook_url, settings.load().listen) == ("https://bot.example/in", ("127.0.0.1", 8080))
    monkeypatch.setenv("BOT_LISTEN", "9000")
    assert settings.load().listen == ("127.0.0.1", 9000)


@pytest.mark.parametrize("secret", ["x", "A-z_0", "x" * 256])
def test_secret_of_the_webhook_is_what_telegram_takes(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("BOT_WEBHOOK_SECRET", secret)
    given = settings.load()
    assert given.bot_webhook_secret is not None
    assert given.bot_webhook_secret.get_secret_value() == secret


@pytest.mark.parametrize("secret", ["with spaces here", "sécret-thing", "x" * 257, "semi;colon", "ends-with-line\n"])
def test_secret_of_the_webhook_that_telegram_does_not_take_is_told_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("BOT_WEBHOOK_SECRET", secret)
    assert settings.problems() == ["BOT_WEBHOOK_SECRET is wrong: give 1 to 256 letters, digits, _ and -"]
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert (secret in str(refused.value), refused.value.__cause__, refused.value.__suppress_context__) == (
        False,
        None,
        True,
    )


# --- who runs the bot ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Lantern e.V.", " Ines Ørsted \n", "انجمن مهر\u200cورزی", "x" * 80, "a b | c"])
def test_operator_is_a_name_on_one_line(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("BOT_OPERATOR", name)
    assert settings.load().bot_operator == name.strip()


@pytest.mark.parametrize(
    "name", ["  ", "x" * 81, "two\nlines", "two\u2028lines", "bell\x07", "\x1b[2J", "turned \u202e round", "\udcff"]
)
def test_operator_that_cannot_be_shown_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("BOT_OPERATOR", name)
    assert settings.problems() == ["BOT_OPERATOR is wrong: give a name, on one line, with at most 80 characters"]


@pytest.mark.parametrize(
    "address", ["help@lantern.example", "https://lantern.example/help", "t.me/lantern", " @lantern ", f"@{'x' * 119}"]
)
def test_contact_is_an_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("BOT_OPERATOR_CONTACT", address)
    assert settings.load().bot_operator_contact == address.strip()


@pytest.mark.parametrize("address", [" ", "ask me", "lantern", "@", "a@b c", "a@b\nc", f"@{'x' * 120}", "a@b\x00"])
def test_contact_that_is_no_address_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path, address: str) -> None:
    if "\x00" in address:  # no environment can hold it
        (folder / ".env").write_text(f"BOT_OPERATOR_CONTACT={address}\n")
    else:
        monkeypatch.setenv("BOT_OPERATOR_CONTACT", address)
    mend = "give a mail address, a URL or an @username, with at most 120 characters"
    assert settings.problems() == [f"BOT_OPERATOR_CONTACT is wrong: {mend}"]


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "BOT_OPERATOR and BOT_OPERATOR_CONTACT are not set: "),
        ({"BOT_OPERATOR": "Lantern"}, "BOT_OPERATOR_CONTACT is not set: "),
        ({"BOT_OPERATOR_CONTACT": "@lantern"}, "BOT_OPERATOR is not set: "),
    ],
)
def test_missing_operator_is_told_where_there_is_a_token(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], missing: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert settings.advice() == []
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    (told,) = settings.advice()
    assert told.startswith(missing)
    assert settings.problems() == []


def test_operator_who_is_named_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_OPERATOR", "Lantern")
    monkeypatch.setenv("BOT_OPERATOR_CONTACT", "@lantern")
    assert settings.advice() == []


# --- what is wrong, and what may never show -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("BOT_LOG_LEVEL", "loud", "give one of debug, info, warning, error"),
        ("BOT_SEND_RATE", "0", "give a whole number from 1 to 1000"),
        ("BOT_SEND_RATE", "fast", "give a whole number from 1 to 1000"),
        ("BOT_LOG_FORMAT", "xml", "give json or console"),
        ("BOT_API_URL", "telegram", "give the address in front of /bot<token>/, such as https://api.telegram.org"),
        *[
            ("BOT_LISTEN", place, "give a port, or an address and a port, such as 127.0.0.1:8080")
            for place in ("0", "65536", "99999", "-1", "port", "127.0.0.1", "127.0.0.1:", ":8080", "a b:80", "[::1]")
        ],
        ("BOT_WEBHOOK_URL", "bot.example", "give the https:// address at which Telegram reaches this bot"),
        ("BOT_API_URL", "ftp://x", "give the address in front of /bot<token>/, such as https://api.telegram.org"),
    ],
)
def test_wrong_setting_is_told_by_name_with_the_way_to_mend_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, mend: str
) -> None:
    monkeypatch.setenv(name, value)
    assert settings.problems() == [f"{name} is wrong: {mend}"]


def test_all_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BOT_LOG_LEVEL", "BOT_LOG_FORMAT", "BOT_API_URL"):
        monkeypatch.setenv(name, TOKEN)
    told = settings.problems()
    assert sorted(line.split()[0] for line in told) == ["BOT_API_URL", "BOT_LOG_FORMAT", "BOT_LOG_LEVEL"]
    assert TOKEN not in "".join(told)


def test_secrets_show_neither_in_a_repr_nor_in_a_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_DATA_KEY", KEY)
    monkeypatch.setenv("BOT_WEBHOOK_SECRET", WEBHOOK_SECRET)
    given = settings.load()
    shown = f"{given!r} {given} {given.model_dump()} {given.model_dump_json()}"
    assert given.bot_data_key is not None
    assert given.bot_data_key.get_secret_value() == KEY
    assert "bot_data_key" in shown
    assert (TOKEN in shown, KEY in shown, WEBHOOK_SECRET in shown) == (False, False, False)


def test_secrets_show_in_no_error_whatever_else_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("BOT_DATA_KEY", KEY)
    monkeypatch.setenv("BOT_API_URL", f"no address {TOKEN}")
    with pytest.raises(SettingsError) as refused:
        settings.load()
    with pytest.raises(ValidationError) as unread:
        Settings()
    assert refused.value.__suppress_context__
    assert [secret for secret in (TOKEN, KEY) if secret in f"{refused.value} {unread.value}"] == []
