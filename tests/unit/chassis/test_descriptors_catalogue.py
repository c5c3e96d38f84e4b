"""What the descriptor set says about the suite's own contracts."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from guanxi.events.v1 import event_feed_pb2

from services.chassis.descriptors import (
    ContractError,
    DataScope,
    Idempotency,
    load_catalogue,
    methods_of,
)
from tests.support import echo

PULL = "/guanxi.events.v1.EventFeed/Pull"


def test_a_method_is_found_by_its_path_with_what_its_contract_says() -> None:
    pull = load_catalogue().methods[PULL]
    assert pull.full_name == "guanxi.events.v1.EventFeed.Pull"
    assert pull.permission == "events.feed.pull"
    assert (pull.data_scope, pull.idempotency) == (DataScope.SHARED, Idempotency.READ_ONLY)
    assert pull.internal
    assert pull.may_be_retried
    assert pull.request_type == event_feed_pb2.PullRequest.DESCRIPTOR.full_name


def test_the_set_and_the_generated_modules_say_the_same() -> None:
    assert load_catalogue().methods[PULL] in methods_of("guanxi.events.v1.EventFeed")


def test_comments_are_found_by_full_name_without_instructions_to_linters() -> None:
    comments = load_catalogue().comments
    assert comments["guanxi.events.v1.EventFeed"] == (
        "Lets another service of the suite pull this service's events at its own pace."
    )
    assert comments["guanxi.events.v1.PullResponse.head_position"] == (
        "Highest position of the whole log."
    )
    assert comments["guanxi.options.v1.DataScope.DATA_SCOPE_OWNED"].startswith("Rows belong")


def test_every_method_of_the_suite_has_a_comment() -> None:
    catalogue = load_catalogue()
    silent = [
        m.full_name for m in catalogue.methods.values() if m.full_name not in catalogue.comments
    ]
    assert silent == []


def test_an_incomplete_contract_is_refused_naming_the_method(tmp_path: Path) -> None:
    files = FileDescriptorSet()
    echo.file().CopyToProto(files.file.add())
    path = tmp_path / "test.binpb"
    path.write_bytes(files.SerializeToString())
    with pytest.raises(ContractError, match=r"guanxi\.test\.v1\.Bare\.Unmarked .* permission"):
        load_catalogue(path)


def test_a_service_nobody_generated_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match=r"guanxi\.nowhere\.v1\.Nothing"):
        methods_of("guanxi.nowhere.v1.Nothing")
