"""Personal fields are found wherever a message holds them: in messages, lists and maps."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from guanxi.options.v1 import options_pb2

from services.chassis.events.personal import PersonalFields, clear_personal

_Field = descriptor_pb2.FieldDescriptorProto
READER, NOBODY = "services/insight", "services/sales"


def _declared() -> dict[str, Any]:
    """`Nest` holds `Egg`s, whose `yolk` is personal: one, several, and by key; and itself."""
    file = descriptor_pb2.FileDescriptorProto(
        name="tests/nests.proto", package="tests.nests", syntax="proto3"
    )
    egg = file.message_type.add(name="Egg")
    egg.field.add(name="colour", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    yolk = egg.field.add(
        name="yolk", number=2, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL
    )
    yolk.options.Extensions[options_pb2.personal] = True
    nest = file.message_type.add(name="Nest")
    for number, (name, label, type_name) in enumerate(
        [
            ("one", _Field.LABEL_OPTIONAL, ".tests.nests.Egg"),
            ("several", _Field.LABEL_REPEATED, ".tests.nests.Egg"),
            ("within", _Field.LABEL_OPTIONAL, ".tests.nests.Nest"),
            ("keyed", _Field.LABEL_REPEATED, ".tests.nests.Nest.KeyedEntry"),
            ("labels", _Field.LABEL_REPEATED, ".tests.nests.Nest.LabelsEntry"),
        ],
        start=1,
    ):
        nest.field.add(
            name=name, number=number, type=_Field.TYPE_MESSAGE, label=label, type_name=type_name
        )
    for name, value in (("KeyedEntry", _Field.TYPE_MESSAGE), ("LabelsEntry", _Field.TYPE_STRING)):
        entry = nest.nested_type.add(name=name)
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
        held = entry.field.add(name="value", number=2, type=value, label=_Field.LABEL_OPTIONAL)
        if value == _Field.TYPE_MESSAGE:
            held.type_name = ".tests.nests.Egg"
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tests.nests.{name}"))
        for name in ("Egg", "Nest")
    }


Egg, Nest = _declared().values()


def full() -> Any:
    egg = Egg(colour="s", yolk="y")
    return Nest(one=egg, several=[egg, egg], keyed={"a": egg, "b": egg}, labels={"c": "d"})


def without_yolk() -> Any:
    egg = Egg(colour="s")
    return Nest(one=egg, several=[egg, egg], keyed={"a": egg, "b": egg}, labels={"c": "d"})


def shown(reader: str, message: Any) -> Any:
    fields = PersonalFields({READER: {"tests.nests.Egg.yolk"}})
    payload = fields.shown(reader, "tests.nests.Nest", message.SerializeToString())
    assert payload is not None
    return Nest.FromString(payload)


def test_personal_fields_go_from_messages_lists_and_maps_and_nothing_else_does() -> None:
    assert shown(NOBODY, full()) == without_yolk()


def test_a_reader_who_may_have_them_finds_them_in_all_of_these() -> None:
    assert shown(READER, full()) == full()


@pytest.mark.parametrize("reader", [NOBODY, READER])
def test_what_is_not_there_is_not_there_afterwards(reader: str) -> None:
    seen = shown(reader, Nest(labels={"c": "d"}))
    assert not seen.HasField("one")
    assert seen == Nest(labels={"c": "d"})


@pytest.mark.parametrize("reader", [NOBODY, READER])
def test_a_message_within_its_like_goes_whole_for_it_has_no_end(reader: str) -> None:
    assert shown(reader, Nest(labels={"c": "d"}, within=full())) == Nest(labels={"c": "d"})


def test_where_all_is_cleared_nobody_is_excepted() -> None:
    message = full()
    message.within.CopyFrom(full())
    clear_personal(message)
    assert message == without_yolk()
