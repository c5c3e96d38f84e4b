"""How a command of `guanxi` ends: what is said, and its code."""

from __future__ import annotations

import pytest

from cli.connection import CommandError, Interrupted
from cli.main import main


@pytest.mark.parametrize(
    ("ending", "sentence", "code"),
    [
        (Interrupted("Stopped; nothing had gone in."), "Stopped; nothing had gone in.", 130),
        (CommandError("No such file."), "No such file.", 1),
        (KeyboardInterrupt(), "Stopped.", 130),
    ],
)
def test_how_a_command_ended_is_a_sentence_and_a_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: BaseException,
    sentence: str,
    code: int,
) -> None:
    def end(*_: object, **__: object) -> None:
        raise ending

    monkeypatch.setattr("sys.argv", ["guanxi", "segments"])
    monkeypatch.setattr("cli.segments.asyncio.run", end)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert capsys.readouterr().err.strip() == f"guanxi: {sentence}"
