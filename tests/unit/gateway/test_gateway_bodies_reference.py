"""Bodies judged as by a plain reference, which builds everything and then looks at it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import DomainError, Kind
from tests.support.probes import request_codec

_SINGLE = {"plainText", "smallNumber", "real", "color", "data", "probeTime"}
_SPELLED = {"plain_text": "plainText", "mail_address": "mailAddress", "small_number": "smallNumber"}
_MOST = {"texts": 5, "parts": 3, "labels": 3, "colors": 5}


class Pairs(list[tuple[str, Any]]):
    """An object as it stands in the text, twice given keys and all."""


def right(value: Any) -> bool:
    """Whether a Probe may be written like this, as far as names, numbers of items and depth go."""
    if not isinstance(value, Pairs):
        return False
    names = [_SPELLED.get(key, key) for key, _ in value]
    given = [n for n, (_, inner) in zip(names, value, strict=True) if inner is not None]
    if len(set(names)) < len(names) or {"mailAddress", "through"} <= set(given):
        return False
    return all(_right_member(name, inner) for name, (_, inner) in zip(names, value, strict=True))


def _right_member(name: str, value: Any) -> bool:
    known = {*_SINGLE, "mailAddress", "texts", "parts", "inner", "through", "labels"}
    if name not in known:
        return False
    if value is None:
        return True
    if name in ("inner", "through"):
        return right(value)
    if name in ("texts", "parts"):
        items = list(value) if isinstance(value, list) and not isinstance(value, Pairs) else None
        if items is None or len(items) > _MOST[name]:
            return False
        return all(right(i) if name == "parts" else isinstance(i, str) for i in items)
    if name == "labels":
        keys = [key for key, _ in value] if isinstance(value, Pairs) else None
        if keys is None or len(set(keys)) < len(keys) or len(keys) > _MOST[name]:
            return False
        return all(isinstance(inner, str) for _, inner in value)
    return isinstance(value, str)


texts = st.sampled_from(["", "a", '[{"', "\\", 'x"y', "ä{", "\u2028", "]},"])
single_keys = st.sampled_from(["plainText", "plain_text", "mailAddress", "mail_address"])
singles = st.tuples(single_keys, st.one_of(texts, st.none()))
labels = st.lists(st.tuples(texts, texts), max_size=4).map(Pairs)


def members(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(
        st.one_of(
            singles,
            st.tuples(st.sampled_from(["inner", "through", "plainText", "odd"]), inner),
            st.tuples(st.just("parts"), st.lists(inner, max_size=4)),
            st.tuples(st.sampled_from(["texts", "inner"]), st.lists(texts, max_size=6)),
            st.tuples(st.sampled_from(["labels", "parts"]), labels),
        ),
        max_size=4,
    ).map(Pairs)


probes = st.recursive(st.lists(singles, max_size=3).map(Pairs), members, max_leaves=8)


def written(value: Any, space: str, escape: bool) -> str:
    """The JSON text of a value, twice given keys and all."""
    if isinstance(value, Pairs):
        inside = [f"{json.dumps(k)}{space}:{written(v, space, escape)}" for k, v in value]
        return "{" + space + f"{space},{space}".join(inside) + space + "}"
    if isinstance(value, list):
        return "[" + space + ",".join(written(v, space, escape) for v in value) + "]"
    return json.dumps(value, ensure_ascii=escape)


@given(value=probes, space=st.sampled_from(["", " ", "\n\t "]), escape=st.booleans())
def test_names_counts_and_depth_are_judged_as_by_a_plain_reading(
    value: Any, space: str, escape: bool
) -> None:
    text = written(value, space, escape)
    assert right(json.loads(text, object_pairs_hook=Pairs)) == right(value)
    error = refusal(text)
    assert (error is None) == right(value)
    assert error is None or error.violations


@given(text=st.text(alphabet='{}[]",:\\ u0aAtruefalsn.1-e"plainTextpartsinner', max_size=60))
def test_any_text_at_all_is_read_or_refused(text: str) -> None:
    body = '{"inner":{' + text
    error = refusal(body)
    assert error is None or (error.kind is Kind.INVALID_ARGUMENT and error.violations)


def refusal(body: str) -> DomainError | None:
    try:
        request_codec("Echo").encode((), "", body.encode())
    except DomainError as error:
        return error
    return None
