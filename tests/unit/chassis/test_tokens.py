"""Who is believed: tokens signed by a known key, for this service, within their time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from services.chassis.access import Identity, Signer, TokenError, Verifier
from services.chassis.errors import StartRefused
from services.chassis.identity import ServiceToken
from tests.support.chassis import believed_keys, keys, named_keys, new_keys

KEYS = new_keys()
KNOWN = named_keys(gateway=KEYS)
NOW = 1_800_000_000


@dataclass
class StoppedClock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


def _reason(verifier: Verifier, token: str) -> str:
    with pytest.raises(TokenError) as refused:
        verifier.verify(token)
    return refused.value.reason


def test_a_verified_token_says_who_it_speaks_for() -> None:
    clock = StoppedClock()
    token = Signer(KEYS.private, now=clock).sign(
        "users/ann",
        roles=["rep"],
        teams=["teams/north"],
        scopes=["sales.orders.read"],
        audience=["customer", "sales"],
        request_id="r-1",
        lifetime_seconds=30,
    )
    assert Verifier(KNOWN, "sales", now=clock).verify(token) == Identity(
        "users/ann", ("rep",), ("teams/north",), ("sales.orders.read",), "r-1", NOW + 30
    )


def test_a_token_without_scopes_is_not_narrowed_and_one_with_none_is_narrowed_to_nothing() -> None:
    signer, verifier = Signer(KEYS.private), Verifier(KNOWN, "sales")
    free = signer.sign("users/ann", roles=["rep"], audience="sales")
    narrowed = signer.sign("users/ann", roles=["rep"], audience="sales", scopes=[])
    assert verifier.verify(free).scopes is None
    assert verifier.verify(narrowed).scopes == ()


def test_a_token_for_another_service_is_refused() -> None:
    token = Signer(KEYS.private).sign("users/ann", roles=["rep"], audience=["customer"])
    assert _reason(Verifier(KNOWN, "sales"), token) == "TOKEN_AUDIENCE"


def test_a_token_is_refused_once_it_has_expired_even_if_it_was_believed_before() -> None:
    clock = StoppedClock()
    verifier = Verifier(KNOWN, "sales", now=clock)
    token = Signer(KEYS.private, now=clock).sign("users/ann", roles=["rep"], audience="sales")
    verifier.verify(token)
    clock.now += 60
    assert _reason(verifier, token) == "TOKEN_EXPIRED"
    assert _reason(verifier, token) == "TOKEN_EXPIRED"


def test_a_token_from_the_future_is_refused_but_clocks_may_differ_a_little() -> None:
    verifier = Verifier(KNOWN, "sales", now=StoppedClock())
    early, too_early = (
        Signer(KEYS.private, now=StoppedClock(NOW + ahead)).sign(
            "users/ann", roles=["rep"], audience="sales"
        )
        for ahead in (4, 6)
    )
    assert verifier.verify(early).subject == "users/ann"
    assert _reason(verifier, too_early) == "TOKEN_FROM_THE_FUTURE"


def test_a_token_of_another_key_is_refused() -> None:
    token = Signer(new_keys().private).sign("users/ann", roles=["admin"], audience="sales")
    assert _reason(Verifier(KNOWN, "sales"), token) == "TOKEN_KEY_UNKNOWN"


def test_a_token_that_was_tampered_with_is_refused() -> None:
    token = Signer(KEYS.private).sign("users/ann", roles=["rep"], audience="sales")
    head, _, signature = token.split(".")
    other = Signer(KEYS.private).sign("users/ann", roles=["admin"], audience="sales")
    forged = ".".join((head, other.split(".")[1], signature))
    assert _reason(Verifier(KNOWN, "sales"), forged) == "TOKEN_INVALID"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "...."])
def test_what_is_not_a_token_is_refused(token: str) -> None:
    assert _reason(Verifier(KNOWN, "sales"), token) == "TOKEN_INVALID"


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_only_the_one_algorithm_is_believed(algorithm: str) -> None:
    genuine = Signer(KEYS.private).sign("users/ann", roles=["admin"], audience="sales")
    headers = {"kid": jwt.get_unverified_header(genuine)["kid"]}
    claims = jwt.decode(genuine, options={"verify_signature": False})
    key = "" if algorithm == "none" else "0" * 32
    forged = jwt.encode(claims, key, algorithm=algorithm, headers=headers)
    assert _reason(Verifier(KNOWN, "sales"), forged) == "TOKEN_INVALID"


def test_a_token_that_lives_longer_than_a_minute_is_neither_signed_nor_believed() -> None:
    signer = Signer(KEYS.private)
    with pytest.raises(ValueError, match="60 s"):
        signer.sign("users/ann", roles=["rep"], audience="sales", lifetime_seconds=61)
    token = signer.sign("users/ann", roles=["rep"], audience="sales")
    claims = jwt.decode(token, options={"verify_signature": False})
    claims["exp"] += 3600
    key = serialization.load_pem_private_key(KEYS.private.encode(), password=None)
    headers = {"kid": jwt.get_unverified_header(token)["kid"]}
    longer = jwt.encode(claims, key, algorithm="EdDSA", headers=headers)  # type: ignore[arg-type]  # Ed25519 by construction
    assert _reason(Verifier(KNOWN, "sales"), longer) == "TOKEN_LIFETIME"


def test_while_keys_rotate_tokens_of_both_are_believed() -> None:
    old, new = new_keys(), new_keys()
    verifier = Verifier(named_keys(gateway=old) + new.public, "sales")
    for pair in (old, new):
        token = Signer(pair.private).sign("users/ann", roles=["rep"], audience="sales")
        assert verifier.verify(token).subject == "users/ann"


def test_a_verified_token_is_not_verified_again(monkeypatch: pytest.MonkeyPatch) -> None:
    verified = []
    decode = jwt.decode

    def counting(token: str, *arguments: Any, **named: Any) -> Any:
        verified.append(token)
        return decode(token, *arguments, **named)

    monkeypatch.setattr(jwt, "decode", counting)
    clock = StoppedClock()
    signer, verifier = Signer(KEYS.private, now=clock), Verifier(KNOWN, "sales", now=clock)
    token = signer.sign("users/ann", roles=["rep"], audience="sales")
    first = verifier.verify(token)
    assert verifier.verify(token) is first
    assert verified == [token]
    refused = signer.sign("users/ann", roles=["rep"], audience="customer")
    for _ in range(2):
        assert _reason(verifier, refused) == "TOKEN_AUDIENCE"
    assert verified == [token, refused, refused]


def test_remembering_tokens_is_bounded_and_forgets_those_that_have_expired() -> None:
    clock = StoppedClock()
    signer, verifier = Signer(KEYS.private, now=clock), Verifier(KNOWN, "sales", now=clock)
    for n in range(4200):
        verifier.verify(signer.sign(f"users/{n}", roles=["rep"], audience="sales"))
        if n == 2000:
            clock.now += 61
    # 4,096 are kept; when the 4,097th came, the first 2,001 had expired.
    assert len(verifier._known) == 4200 - 2001


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "GUANXI_TOKEN_PUBLIC_KEYS"),
        ("nonsense", "write each as"),
        (KEYS.public, "write each as"),
        (f"{KNOWN}nonsense", "write each as"),
        ("sales = -----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----", "key of sales is not"),
        (named_keys(gateway=KEYS, sales=KEYS), "gateway and sales have the same key"),
        (KNOWN + named_keys(gateway=keys()), "name gateway once"),
        (KNOWN + keys().public + keys("sales").public, "at most 2 keys"),
    ],
    ids=["none", "no keys", "nobody's", "more", "broken", "shared", "twice", "three"],
)
def test_public_keys_that_make_no_sense_refuse_the_start_in_one_sentence(
    text: str, what: str
) -> None:
    with pytest.raises(StartRefused, match=what):
        Verifier(text, "sales")


@pytest.mark.parametrize("pem", ["", "nonsense"])
def test_a_missing_private_key_refuses_the_start_in_one_sentence(pem: str) -> None:
    with pytest.raises(StartRefused, match="TOKEN_PRIVATE_KEY"):
        Signer(pem)


def test_a_key_of_another_kind_refuses_the_start() -> None:
    key = generate_private_key(SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    with pytest.raises(StartRefused, match="Ed25519"):
        Signer(private)
    with pytest.raises(StartRefused, match="of sales is not an Ed25519 key"):
        Verifier(f"sales = {public}", "sales")


@pytest.mark.parametrize(
    ("process", "subject", "claims"),
    [
        ("customer", "users/ann", {"roles": ["admin"]}),
        ("customer", "users/ann", {"roles": ["service"]}),
        ("customer", "services/insight", {}),
        ("customer", "services/gateway", {}),
        ("customer", "services/customer", {"roles": ["admin"]}),
        ("customer", "services/customer", {"roles": ["service", "admin"]}),
        ("customer", "services/customer", {"roles": []}),
        ("customer", "services/customer", {"teams": ["teams/north"]}),
        ("customer", "services/customer", {"scopes": ["*.*.*"]}),
        ("customer", "services/customer", {"audience": ["sales", "insight"]}),
        ("gateway", "services/customer", {}),
        ("gateway", "users/ann", {"roles": ["service"]}),
        ("gateway", "users/ann", {"roles": ["rep", "system"]}),
        ("gateway", "system/sweep", {"roles": ["admin"]}),
        ("gateway", "ann", {"roles": ["admin"]}),
    ],
)
def test_a_key_speaks_only_for_whom_its_process_may(
    process: str, subject: str, claims: dict[str, Any]
) -> None:
    asked = {"roles": ["service"], "audience": "sales", **claims}
    token = Signer(keys(process).private).sign(subject, **asked)
    assert _reason(Verifier(believed_keys(), "sales"), token) == "TOKEN_SPEAKER"


@pytest.mark.parametrize("subject", ["users/ann", "apps/shop"])
def test_the_gateway_speaks_for_people_and_apps_to_several_services(subject: str) -> None:
    token = Signer(keys().private).sign(subject, roles=["app"], audience=["sales", "customer"])
    for service in ("sales", "customer"):
        assert Verifier(believed_keys(), service).verify(token).subject == subject


def test_a_process_that_is_not_named_is_not_believed() -> None:
    token = ServiceToken(Signer(keys("insight").private), "insight", "sales").token()
    assert Verifier(believed_keys(), "sales").verify(token).subject == "services/insight"
    assert _reason(Verifier(named_keys(gateway=keys()), "sales"), token) == "TOKEN_KEY_UNKNOWN"


def test_a_service_signs_for_itself_and_renews_its_token_well_before_the_end() -> None:
    clock = StoppedClock()
    signer = Signer(keys("insight").private, now=clock)
    source = ServiceToken(signer, "insight", "sales", now=clock)
    first = source.token()
    clock.now += 39
    assert source.token() == first
    clock.now += 1
    second = source.token()
    assert second != first
    identity = Verifier(believed_keys(), "sales", now=clock).verify(second)
    assert (identity.subject, identity.roles) == ("services/insight", ("service",))


def test_a_service_whose_clock_is_set_back_sends_no_token_from_the_future() -> None:
    clock = StoppedClock()
    source = ServiceToken(Signer(keys("insight").private, now=clock), "insight", "sales", now=clock)
    source.token()
    clock.now -= 3_600
    identity = Verifier(believed_keys(), "sales", now=clock).verify(source.token())
    assert identity.subject == "services/insight"


def test_a_token_is_renewed_in_time_while_the_clock_stands_still() -> None:
    clock, seconds = StoppedClock(), StoppedClock(100)
    signer = Signer(keys("insight").private, now=clock)
    source = ServiceToken(signer, "insight", "sales", now=clock, monotonic=seconds)
    first = source.token()
    clock.now += 1
    seconds.now += 39
    assert source.token() == first
    seconds.now += 1
    assert source.token() != first


def test_a_clock_that_is_set_back_makes_nobody_believed_for_longer() -> None:
    clock, seconds = StoppedClock(), StoppedClock(100)
    verifier = Verifier(KNOWN, "sales", now=clock, monotonic=seconds)
    token = Signer(KEYS.private, now=clock).sign("users/ann", roles=["rep"], audience="sales")
    verifier.verify(token)
    clock.now -= 3_600
    seconds.now += 60
    assert _reason(verifier, token) == "TOKEN_FROM_THE_FUTURE"
