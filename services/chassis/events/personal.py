"""Which personal fields leave a feed, and for whom: those its producer declares for a reader.

What a message type has to lose is worked out once for each reader. What this version doesn't know
of a type leaves for nobody: only a newer one can say whether it is personal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from guanxi.options.v1 import options_pb2

from services.chassis.descriptors import ContractError

__all__ = ["PersonalFields", "clear_personal"]

_PLANS_KEPT: Final = 1_000
# Twice as much is kept at most; an answer of the feed has half of it.
_KEPT_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to clear in a message, and in which messages within it."""

    clear: tuple[str, ...]
    within: tuple[tuple[str, bool, _Plan], ...]

    def __bool__(self) -> bool:
        return bool(self.clear or self.within)


# Of what is kept: the type, the payload, and what it has to lose.
_Key = tuple[Descriptor, bytes, _Plan]


class PersonalFields:
    """`allowed` are the fields (`guanxi.customer.v1.Customer.display_name`) that a reader may have,
    by the reader's subject; whoever isn't named gets none.

    Raises ContractError for a field that there isn't, or that isn't personal.
    """

    def __init__(self, allowed: Mapping[str, Collection[str]]) -> None:
        for name in (name for names in allowed.values() for name in names):
            _expect_personal(name)
        self._allowed = {reader: frozenset(names) for reader, names in allowed.items()}
        self._recent = _Recent()
        self._plan = lru_cache(maxsize=_PLANS_KEPT)(self._planned)

    def shown(self, reader: str, event_type: str, payload: bytes) -> bytes | None:
        """As much of a payload as the reader may have; None where this version doesn't know the
        type, for a newer one has written it: all of it may be personal."""
        described = _described(event_type)
        if described is None:
            return None
        return self._recent.known_part(described, payload, self._plan(reader, described))

    def _planned(self, reader: str, described: Descriptor) -> _Plan:
        return _plan(described, self._allowed.get(reader, frozenset()), ())


def clear_personal(message: Message) -> None:
    """Takes every personal field out of a message."""
    _clear(message, _plan_of_all(message.DESCRIPTOR))


def _known_part(described: Descriptor, payload: bytes, plan: _Plan) -> bytes:
    """A payload without what is to be cleared, and without what this version doesn't know.

    The latter also in a type that has nothing personal so far: a newer version of this service may
    have given it its first such field. An order of 20 lines takes 16 µs.
    """
    message = GetMessageClass(described).FromString(payload)
    message.DiscardUnknownFields()
    _clear(message, plan)
    return message.SerializeToString()


class _Recent:
    """What leaves of payloads, the last few megabytes of it: it is the same for every reader who
    has to lose the same, and they read the newest events at the same time. By content, so that
    nothing can be out of date."""

    def __init__(self) -> None:
        self._kept: dict[_Key, bytes] = {}
        self._kept_before: dict[_Key, bytes] = {}
        self._kept_bytes = 0

    def known_part(self, described: Descriptor, payload: bytes, plan: _Plan) -> bytes:
        """The payload without what is to be cleared, and what this version doesn't know."""
        key = described, payload, plan
        known = self._kept.get(key) or self._kept_before.get(key)
        if known is None:
            known = _known_part(described, payload, plan)
            self._keep(key, payload if known == payload else known)
        return known

    def _keep(self, key: _Key, known: bytes) -> None:
        if self._kept_bytes > _KEPT_BYTES:
            self._kept_before, self._kept, self._kept_bytes = self._kept, {}, 0
        self._kept[key] = known
        _, payload, _ = key
        self._kept_bytes += len(payload) + (0 if known is payload else len(known))


@lru_cache(maxsize=_PLANS_KEPT)
def _plan_of_all(described: Descriptor) -> _Plan:
    return _plan(described, (), ())


def _described(event_type: str) -> Descriptor | None:
    try:
        return descriptor_pool.Default().FindMessageTypeByName(event_type)
    except KeyError:
        return None


def _expect_personal(name: str) -> None:
    try:
        field = descriptor_pool.Default().FindFieldByName(name)
    except KeyError:
        raise ContractError(f"there is no field {name} that a reader could have") from None
    if not _is_personal(field):
        raise ContractError(f"{name} isn't marked personal, so every reader has it")


def _is_personal(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().Extensions[options_pb2.personal])


def _plan(described: Descriptor, allowed: Collection[str], above: tuple[str, ...]) -> _Plan:
    clear: list[str] = []
    within: list[tuple[str, bool, _Plan]] = []
    above = (*above, described.full_name)
    for field in described.fields:
        if _is_personal(field) and field.full_name not in allowed:
            clear.append(field.name)
        elif field.message_type is not None:
            inner = _inner(field)
            if inner is None:
                continue
            if inner.full_name in above:
                clear.append(field.name)  # it has no end: better nothing than too much
            elif plan := _plan(inner, allowed, above):
                within.append((field.name, _is_map(field), plan))
    return _Plan(tuple(clear), tuple(within))


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _inner(field: FieldDescriptor) -> Descriptor | None:
    """The message a field holds, or a map's values; None for a map of plain values."""
    described = field.message_type
    if described is not None and described.GetOptions().map_entry:
        return described.fields_by_name["value"].message_type
    return described


def _clear(message: Message, plan: _Plan) -> None:
    for name in plan.clear:
        message.ClearField(name)
    for name, is_map, inner in plan.within:
        held: Any = getattr(message, name)
        messages: Iterable[Message]
        if is_map:
            messages = held.values()
        elif isinstance(held, Message):
            messages = (held,) if message.HasField(name) else ()
        else:
            messages = held
        for each in messages:
            _clear(each, inner)
