"""docs/operations.md and the files beside it, held to what the bot, its settings, its metrics and its image are."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from bot import metrics
from bot.__main__ import Cli
from bot.adapters.intake import GRACE
from bot.core.gap import DAY
from bot.settings import Settings
from bot.store import ledger
from tests.test_packaging import ROOT, dockerfile

FOLDER: Final = ROOT / "docs/operations"
PAGE: Final = (ROOT / "docs/operations.md").read_text("utf-8")
SETTINGS: Final = {name.upper() for name in Settings.model_fields}
CLOSING: Final = 5
"""Seconds to close everything, after what has begun was finished."""


# --- systemd ------------------------------------------------------------------------------------------------------


def unit(name: str) -> dict[str, list[str]]:
    """What a unit file sets: each key, with its values."""
    values: dict[str, list[str]] = {}
    for line in (FOLDER / name).read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            values.setdefault(key, []).append(value)
    return values


SERVICES: Final = ["compassion-bot.service", "compassion-bot-backup.service"]


def environment(values: dict[str, list[str]]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in values["Environment"])


@pytest.mark.parametrize("name", SERVICES)
def test_service_runs_a_command_of_the_bot_with_its_settings(name: str) -> None:
    values = unit(name)
    (start,) = values["ExecStart"]
    found = re.search(r"\.venv/bin/python -m bot (\w+)", start)
    assert found
    assert found[1] in Cli.model_fields
    assert values["WorkingDirectory"] == ["/opt/compassion-bot"]  # where PAGE has the clone
    assert set(environment(values)) <= SETTINGS
    Settings(_env_file=None, **{key.lower(): value for key, value in environment(values).items()})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_handed_its_secrets_and_keeps_data_and_ledger_apart(name: str) -> None:
    values = unit(name)
    given, secrets = environment(values), {line.split(":")[0] for line in values["LoadCredential"]}
    handed = {value.removeprefix("%d/") for value in given.values() if value.startswith("%d/")}
    assert handed == secrets
    folders = {f"%S/{folder}" for folder in values["StateDirectory"][0].split()}
    kept = {given["BOT_DATA"], str(Path(given["BOT_LEDGER_FILE"]).parent)}
    assert len(kept) == 2
    assert kept <= folders
    assert (values["StateDirectoryMode"], values["UMask"]) == (["0700"], ["0077"])


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_no_rights(name: str) -> None:
    values = unit(name)
    assert (values["User"], values["CapabilityBoundingSet"]) == (["compassion-bot"], [""])
    assert values["ProtectSystem"] == ["strict"]
    for key in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "MemoryDenyWriteExecute"):
        assert values[key] == ["yes"]


def test_service_has_time_to_finish_and_is_not_started_in_vain() -> None:
    values = unit("compassion-bot.service")
    assert int(values["TimeoutStopSec"][0]) >= GRACE + CLOSING
    assert (values["Restart"], values["RestartPreventExitStatus"]) == (["on-failure"], ["2"])


def test_backups_are_made_each_night_and_go_when_nobody_knows_who_was_forgotten_since() -> None:
    values = unit("compassion-bot-backup.service")
    (delete,), (make,) = values["ExecStartPre"], values["ExecStart"]
    (older,) = re.findall(r"-mtime \+(\d+) -delete", delete)
    assert (int(older) + 1) * DAY == ledger.KEPT_FOR  # find counts whole days that have passed
    (place,) = set(re.findall(r"%S/[\w-]+", f"{delete} {make}"))
    assert place.removeprefix("%S/") in values["StateDirectory"][0].split()
    assert ("*.sqlite3" in delete, '.sqlite3"' in make) == (True, True)
    (when,) = unit("compassion-bot-backup.timer")["OnCalendar"]
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d:00", when)
    assert f"-mtime +{older} -delete" in PAGE  # that of the container


def test_command_on_the_server_runs_as_the_service_does(tmp_path: Path) -> None:
    """With `systemd-run` replaced by one that says what it was given, and runs the command with the secrets."""
    folder = tmp_path / "clone"
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/key").write_text("61" * 32)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/systemd-run").write_text(
        f'#!/bin/sh\ncd {folder}\nwhile [ "${{1#--}}" != "$1" ]; do echo "$1"; shift; done\n'
        f'exec env CREDENTIALS_DIRECTORY={tmp_path}/secrets "$@"\n'
    )
    (tmp_path / "bin/systemd-run").chmod(0o755)
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    ran = subprocess.run(
        [FOLDER / "compassion-bot", "keys", "show"],
        env={"PATH": path, "PYTHONPATH": f"{ROOT}:{':'.join(sys.path)}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "The keys are in ~/secrets/key." in ran.stdout.splitlines()
    given = [line.split("=", 1) for line in ran.stdout.splitlines() if "=" in line]
    properties = [value.split("=", 1) for key, value in given if key == "--property"]
    service, backups = unit("compassion-bot.service"), unit("compassion-bot-backup.service")
    assert [one for one in properties if one[1] not in service[one[0]] + backups.get(one[0], [])] == []
    assert {"User", "EnvironmentFile", "LoadCredential", "StateDirectory"} <= {key for key, _ in properties}
    settings = dict(value.split("=", 1) for key, value in given if key == "--setenv")
    expected = {
        key: value.replace("%S", "/var/lib") for key, value in environment(service).items() if "%d" not in value
    }
    assert settings == expected


# --- containers ---------------------------------------------------------------------------------------------------

COMPOSE: Final[dict[str, Any]] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
BOT: Final[dict[str, Any]] = COMPOSE["services"]["bot"]
CADDY: Final[dict[str, Any]] = COMPOSE["services"]["caddy"]
CADDYFILE: Final = (FOLDER / "Caddyfile").read_text("utf-8")


def image() -> dict[str, str]:
    """What the image sets."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(dockerfile("ENV "))))


@pytest.mark.parametrize("service", [BOT, CADDY], ids=["bot", "caddy"])
def test_container_can_change_nothing_and_gain_nothing(service: dict[str, Any]) -> None:
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_container_fits_the_image() -> None:
    assert (FOLDER / BOT["build"]).resolve() == ROOT
    assert [BOT["user"]] == dockerfile("USER ")
    (volumes,) = map(json.loads, dockerfile("VOLUME "))
    mounted = dict(reversed(line.split(":")) for line in BOT["volumes"])
    assert set(volumes) <= {place for place, source in mounted.items() if source in COMPOSE["volumes"]}
    assert BOT["healthcheck"]["test"] == ["CMD", "compassion-bot", "health"]
    assert int(BOT["stop_grace_period"].removesuffix("s")) >= GRACE + CLOSING
    assert {"max-size", "max-file"} <= set(BOT["logging"]["options"])


def test_container_is_handed_its_secrets_as_files() -> None:
    assert set(BOT["secrets"]) == set(COMPOSE["secrets"])
    files = {f"/run/secrets/{name}" for name in BOT["secrets"]}
    assert {BOT["environment"]["BOT_TOKEN_FILE"], image()["BOT_DATA_KEY_FILE"]} == files
    assert set(BOT["environment"]) <= SETTINGS
    assert not {"BOT_TOKEN", "BOT_DATA_KEY", "BOT_WEBHOOK_SECRET"} & set(BOT["environment"])
    for one in COMPOSE["secrets"].values():
        assert f"sudo chmod 400 {one['file']}" in PAGE or f" {one['file']}\n" in PAGE


def test_proxy_alone_is_reached_from_outside_and_only_if_asked_for() -> None:
    assert "ports" not in BOT
    assert (CADDY["ports"], CADDY["profiles"]) == (["443:443"], ["webhook"])
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in CADDY["volumes"]
    assert CADDY["environment"]["BOT_UPSTREAM"] == f"bot:{image()['BOT_LISTEN'].split(':')[1]}"


def test_proxy_passes_on_calls_of_the_webhook_alone() -> None:
    words = CADDYFILE.split()
    path = words[words.index("path") + 1]
    assert f"BOT_WEBHOOK_URL=https://bot.example{path}\n" in PAGE
    blocks = re.findall(r"\thandle ?(\S*) \{\n(.*?)\n\t\}", CADDYFILE, re.DOTALL)
    assert [(matcher, "reverse_proxy" in block) for matcher, block in blocks] == [("@telegram", True), ("", False)]
    assert "respond 404" in blocks[1][1]
    assert CADDYFILE.count("reverse_proxy") == CADDYFILE.count("@telegram {\n\t\tmethod POST\n") == 1
    (upstream,) = re.findall(r"\{\$BOT_UPSTREAM:(\S+)\}", CADDYFILE)
    assert upstream == image()["BOT_LISTEN"]


# --- metrics ------------------------------------------------------------------------------------------------------

OURS: Final = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
SUFFIXES: Final = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
EXPOSED: Final = {
    f"{family.name}{suffix}": family.type for family in REGISTRY.collect() for suffix in SUFFIXES.get(family.type, [])
}
LABELS: Final = {label for one in OURS for label in one._labelnames} | {"le"}  # noqa: SLF001 no other way to ask


def expressions() -> Iterator[str]:
    """Give each expression of the dashboard and of the alerts."""
    for panel in json.loads((FOLDER / "grafana.json").read_text("utf-8"))["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def named(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:bot|process|python)_\w+", re.sub(r"\{.*?\}|by \(.*?\)", "", expression)))


def test_dashboard_and_alerts_ask_for_metrics_that_there_are() -> None:
    unknown = {name for one in expressions() for name in named(one)} - set(EXPOSED)
    assert {name for name in unknown if name.startswith("bot_") or sys.platform == "linux"} == set()


def test_service_shows_what_the_process_takes() -> None:
    assert "ProcSubset" not in unit("compassion-bot.service")  # the metrics of the process need /proc/stat


def test_each_metric_of_the_bot_is_on_the_dashboard() -> None:
    shown = {name for one in expressions() for name in named(one)}
    assert [one for one in OURS if not {f"{one._name}{end}" for end in SUFFIXES[str(one._type)]} & shown] == []  # noqa: SLF001


def test_dashboard_and_alerts_ask_for_labels_and_outcomes_that_there_are() -> None:
    for one in expressions():
        grouped = {label for labels in re.findall(r"by \((.*?)\)", one) for label in labels.split(", ")}
        assert grouped <= LABELS
        matched = re.findall(r"(\w+)=~?\"([^\"]+)\"", one)
        assert {label for label, _ in matched} <= LABELS | {"job"}
        outcomes = {value for label, values in matched if label == "outcome" for value in values.split("|")}
        assert outcomes <= set(re.findall(r"\w+", metrics.UPDATES._documentation))  # noqa: SLF001


def test_what_is_asked_for_by_value_is_counted_from_the_start() -> None:
    """A count that appears with its first one has not grown, for whoever asks how much it has."""
    fresh = "from bot import metrics; from prometheus_client import generate_latest; print(generate_latest().decode())"
    shown = subprocess.run([sys.executable, "-c", fresh], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for one in expressions():
        for name, label, values in re.findall(r"(bot_\w+_total)\{(\w+)=~?\"([^\"]+)\"\}", one):
            assert [value for value in values.split("|") if f'{name}{{{label}="{value}"}} 0.0' not in shown] == []
    assert 'bot_dangers_total{tier="own"} 0.0' in shown
    assert 'tier="none"' not in shown


def test_every_alert_says_how_to_mend_it() -> None:
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text("utf-8"))["groups"]
    assert [rule["alert"] for rule in group["rules"] if not rule["annotations"]["mend"]] == []


# --- the page -----------------------------------------------------------------------------------------------------


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_column(title: str) -> list[str]:
    """What stands as code in the first column of the tables in a section."""
    rows = re.findall(r"^\| (`.+?) \|", section(title), re.MULTILINE)
    return [name for row in rows for name in re.findall("`([^`]+)`", row)]


def shell() -> list[str]:
    """The blocks of shell on the page."""
    return re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


def test_page_has_a_row_for_each_metric() -> None:
    expected = [f"{one._name}_total" if one._type == "counter" else one._name for one in OURS]  # noqa: SLF001
    assert sorted(first_column("Metrics and alerts")) == sorted(expected)


def test_page_names_settings_commands_and_files_that_there_are() -> None:
    assert set(re.findall(r"\bBOT_[A-Z_]+\b", PAGE)) <= SETTINGS | {"BOT_HOST"}
    ran = re.findall(r"^(?:.* )?(?:compassion-bot|python -m bot) ([a-z]+)\b", "\n".join(shell()), re.MULTILINE)
    named = re.findall(r"`compassion-bot ([a-z]+)", PAGE)
    assert (len(ran) > 5, len(named) > 5) == (True, True)
    assert {*ran, *named} <= set(Cli.model_fields)
    files = re.findall(r"\]\(operations/([^)]+)\)", PAGE)
    assert {path.name for path in FOLDER.iterdir()} - set(files) == {"compassion-bot-backup.service"}  # with its timer


def test_page_names_events_that_the_log_has() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "bot").rglob("*.py"))
    events = first_column("The log")
    assert len(events) > 10
    assert [name for name in events if f'"{name}"' not in code] == []


def test_page_names_what_the_doctor_looks_at() -> None:
    code = (ROOT / "bot/doctor.py").read_text("utf-8")
    looked_at = set(re.findall(r"_(?:ok|warn|wrong|or_well)\(\s*\"([\w ]+)\"", code)) | {"clock"}
    assert set(first_column("The doctor")) == looked_at


def test_shell_on_the_page_can_be_read() -> None:
    for block in shell():
        script = re.sub(r"<[\w ]+>", "x", block)
        read = subprocess.run(["/bin/sh", "-n"], input=script, text=True, capture_output=True, check=False)
        assert (read.returncode, read.stderr) == (0, ""), block
