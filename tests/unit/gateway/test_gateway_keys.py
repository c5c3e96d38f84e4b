"""API keys: made, shown once, kept as hashes, two at a time, revoked."""

from __future__ import annotations

import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.__main__ import app, main
from gateway.signin.door import Door
from gateway.signin.keys import KeysError, create_key, read_keys, revoke_key
from gateway.signin.ring import KeyRing
from services.chassis.access import Signer, Verifier
from services.chassis.errors import DomainError
from tests.support.chassis import believed_keys, keys
from tests.support.directory import nobody
from tests.support.services import AdjustableClock

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "api-keys.json"


def made(path: Path, subject: str = "users/ann", expire_time: datetime | None = None) -> str:
    return create_key(path, subject, roles=["rep"], now=NOW, expire_time=expire_time)


def test_a_key_opens_the_door_to_its_subject(path: Path) -> None:
    key = create_key(
        path,
        "users/ann",
        roles=["rep"],
        teams=["teams/north"],
        scopes=["sales.*.read"],
        now=NOW,
    )
    found = KeyRing(path, AdjustableClock(NOW)).find(key)
    assert (found.subject, found.roles, found.teams, found.scopes) == (
        "users/ann",
        ("rep",),
        ("teams/north",),
        ("sales.*.read",),
    )


def test_only_a_hash_of_the_secret_is_kept_and_only_for_the_owners_eyes(path: Path) -> None:
    key = made(path)
    secret = key.split("_", 2)[2]
    assert secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_subject_has_two_live_keys_at_most(path: Path) -> None:
    made(path)
    made(path)
    with pytest.raises(KeysError, match="users/ann has 2 live keys"):
        made(path)
    made(path, "users/bob")
    revoke_key(path, read_keys(path)[0].id, NOW)
    made(path)


def test_an_expired_key_makes_room(path: Path) -> None:
    made(path, expire_time=NOW - timedelta(days=1))
    made(path)
    made(path)


@pytest.mark.parametrize("wrong", ["", "gx", "gx_", "gx_a", "gx_a_", "bearer", "gx_a_b", "xx_a_b"])
def test_what_is_no_key_is_refused(path: Path, wrong: str) -> None:
    made(path)
    with pytest.raises(DomainError) as refused:
        KeyRing(path, AdjustableClock(NOW)).find(wrong)
    assert refused.value.reason in ("API_KEY_MALFORMED", "API_KEY_INVALID")


def test_a_key_with_another_keys_secret_is_refused(path: Path) -> None:
    first, second = made(path), made(path, "users/bob")
    mixed = "_".join([*first.split("_", 2)[:2], second.split("_", 2)[2]])
    with pytest.raises(DomainError, match="not known or has been revoked"):
        KeyRing(path, AdjustableClock(NOW)).find(mixed)


def test_a_key_expires_at_its_time(path: Path) -> None:
    clock = AdjustableClock(NOW)
    key = made(path, expire_time=NOW + timedelta(hours=1))
    ring = KeyRing(path, clock)
    assert ring.find(key).subject == "users/ann"
    clock.move(hours=1)
    with pytest.raises(DomainError) as refused:
        ring.find(key)
    assert refused.value.reason == "API_KEY_EXPIRED"


def test_a_new_key_is_known_at_once(path: Path) -> None:
    made(path)
    ring = KeyRing(path, AdjustableClock(NOW))
    with pytest.raises(DomainError):
        ring.find("gx_nobody_secret")
    assert ring.find(made(path, "users/bob")).subject == "users/bob"


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_a_change_of_the_file_is_seen_after_a_second(path: Path) -> None:
    seconds = Seconds()
    ring = KeyRing(path, AdjustableClock(NOW), monotonic=seconds)
    key = made(path)
    seconds.at += 1
    assert ring.find(key).subject == "users/ann"
    revoke_key(path, read_keys(path)[0].id, NOW)
    seconds.at += 1
    with pytest.raises(DomainError):
        ring.find(key)


def test_a_revoked_key_is_refused_within_a_second_also_after_the_clock_was_set_back(
    path: Path,
) -> None:
    clock, seconds = AdjustableClock(NOW), Seconds()
    key = made(path)
    ring = KeyRing(path, clock, monotonic=seconds)
    ring.find(key)
    clock.move(hours=-1)
    revoke_key(path, read_keys(path)[0].id, NOW)
    seconds.at += 1
    with pytest.raises(DomainError) as refused:
        ring.find(key)
    assert refused.value.reason == "API_KEY_INVALID"


def test_a_caller_gets_a_token_that_is_believed_also_after_the_clock_was_set_back(
    path: Path,
) -> None:
    clock = AdjustableClock(NOW)
    ring = KeyRing(path, clock)
    key = ring.find(made(path))

    def now() -> float:
        return clock.now().timestamp()

    door = Door(ring, nobody(), Signer(keys().private, now=now), clock, {"sales": ("sales",)}, 5)
    first = door.authorization(key, "sales")
    assert door.authorization(key, "sales") == first
    clock.move(hours=-1)
    token = door.authorization(key, "sales").removeprefix("Bearer ")
    assert Verifier(believed_keys(), "sales", now=now).verify(token).subject == "users/ann"


def test_a_token_is_handed_out_for_50_seconds_whatever_the_clock_says(path: Path) -> None:
    clock, seconds = AdjustableClock(NOW), Seconds()
    ring = KeyRing(path, clock)
    key = ring.find(made(path))
    signer = Signer(keys().private, now=lambda: seconds.at)
    door = Door(ring, nobody(), signer, clock, {"sales": ("sales",)}, 5, monotonic=seconds)
    first = door.authorization(key, "sales")
    seconds.at += 49
    assert door.authorization(key, "sales") == first
    seconds.at += 1
    assert door.authorization(key, "sales") != first


def test_a_file_that_breaks_while_running_changes_nothing(path: Path) -> None:
    seconds = Seconds()
    key = made(path)
    ring = KeyRing(path, AdjustableClock(NOW), monotonic=seconds)
    path.write_text("{")
    seconds.at += 1
    assert ring.find(key).subject == "users/ann"


@pytest.mark.parametrize("text", ["{", "[]", '{"keys": [{}]}', '{"keys": 3}'])
def test_a_file_that_is_broken_at_the_start_is_named(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(KeysError, match="API keys file"):
        KeyRing(path, AdjustableClock(NOW))


@pytest.mark.parametrize(
    "subject", ["ann", "users/", "teams/north", "users/ANN", "users/%", "users/a b", "users/ann-"]
)
def test_a_key_belongs_to_a_user_whom_the_contract_can_name(path: Path, subject: str) -> None:
    with pytest.raises(KeysError, match="users/NAME"):
        made(path, subject)
    assert not path.exists()


@pytest.mark.parametrize(
    ("grants", "why"),
    [
        ({"teams": [""]}, "the team '' is not of the form teams/NAME"),
        ({"teams": ["teams/north", "teams/"]}, "the team 'teams/' is not of the form"),
        ({"teams": ["teams/%"]}, "the team 'teams/%' is not of the form"),
        ({"teams": ["north"]}, "the team 'north' is not of the form"),
        ({"roles": []}, "at least one role"),
        ({"roles": ["rep", "boss"]}, "there is no role 'boss'; there are admin, analyst, app,"),
        ({"roles": ["service"]}, "there is no role 'service'"),
        ({"scopes": ["sales.read"]}, "'sales.read' is not a permission of the form"),
        ({"scopes": ["sales.order.read"]}, "'sales.order.read' is no permission; there are"),
    ],
)
def test_what_a_key_says_of_its_holder_means_something(
    path: Path, grants: dict[str, list[str]], why: str
) -> None:
    given: Any = {"roles": ["rep"], **grants}
    with pytest.raises(KeysError, match=re.escape(why)):
        create_key(path, "users/ann", now=NOW, **given)
    assert not path.exists()


def test_as_many_teams_as_fit_in_a_token_and_no_more(path: Path) -> None:
    teams = [f"teams/{number:03}-{'x' * 59}" for number in range(200)]
    fitting = create_key(path, "users/ann", roles=["rep"], teams=teams[:55], now=NOW)
    door = Door(
        KeyRing(path, AdjustableClock(NOW)),
        nobody(),
        Signer(keys().private),
        AdjustableClock(NOW),
        {"gateway": ("gateway", "customer", "sales", "insight")},
        5,
    )
    authorization = door.authorization(door.admit("", fitting), "gateway")
    assert len(authorization) < 7_000
    with pytest.raises(KeysError, match="fit in a token; give the key fewer"):
        create_key(path, "users/bob", roles=["rep"], teams=teams, now=NOW)


def test_the_command_refuses_an_empty_team_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUANXI_DATA_DIR", str(tmp_path))
    assert main(["keys", "create", "users/ann", "--role", "manager", "--team", ""]) == 2
    assert "the team '' is not of the form teams/NAME" in capsys.readouterr().err


def test_a_key_that_nobody_has_can_not_be_revoked(path: Path) -> None:
    with pytest.raises(KeysError, match="no live key"):
        revoke_key(path, "nobody", NOW)


def test_the_command_makes_lists_and_revokes(tmp_path: Path) -> None:
    runner = CliRunner(env={"GUANXI_DATA_DIR": str(tmp_path)})
    created = runner.invoke(app, ["keys", "create", "users/ann", "--role", "rep", "--days", "30"])
    assert created.exit_code == 0
    identifier = created.stdout.strip().split("_")[1]
    assert identifier in runner.invoke(app, ["keys", "list"]).stdout
    assert runner.invoke(app, ["keys", "revoke", identifier]).exit_code == 0
    stored = json.loads((tmp_path / "api-keys.json").read_text())["keys"]
    assert stored[0]["revoke_time"] is not None
