"""What a request may hold has a bound that its contract says, so that it can be counted first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.transcode.shapes import Shape, Shapes
from gateway.transcode.values import field_of, message_of
from tests.support.transcoding import CONTRACT

WITH_BODY = {
    m.full_name: m for m in CONTRACT.methods if any(r.body for r in CONTRACT.rules[m.path])
}


def unbounded(shape: Shape, path: str, seen: tuple[int, ...] = ()) -> Iterator[str]:
    for member in {member.name: member for member in shape.members.values()}.values():
        here = f"{path}.{member.name}"
        if (member.listed or member.mapped) and not member.most:
            yield here
        if member.shape is not None and id(member.shape) not in seen:
            yield from unbounded(member.shape, here, (*seen, id(member.shape)))


@pytest.mark.parametrize("name", WITH_BODY)
def test_every_list_and_map_of_a_body_says_how_many_it_may_hold(name: str) -> None:
    method = WITH_BODY[name]
    rule = next(rule for rule in CONTRACT.rules[method.path] if rule.body)
    message = CONTRACT.types.message(method.request_type)
    assert message is not None
    field = field_of(message, rule.body)
    inner = message_of(field) if field is not None else None
    assert list(unbounded(Shapes(CONTRACT.types).of(inner or message), "body")) == []
