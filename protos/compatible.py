"""Fails where a contract breaks clients of the last release: `make lint` runs it.

The last release is the newest `v*` tag that HEAD contains; before the first one there is no
promise to keep. What counts as breaking is stated in buf.yaml.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from protos.build import GEN, PROTOS, SCRIPTS, BuildFailed, describe

REPOSITORY = PROTOS.parent


def main() -> int:
    tag = _last_release()
    if not tag:
        print("protos: no release yet, nothing to be compatible with")
        return 0
    with tempfile.TemporaryDirectory(prefix="guanxi-protos-") as folder:
        scratch = Path(folder)
        archive = _git("archive", "--format=tar", tag, "protos")
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as released:
            released.extractall(scratch, filter="data")
        before = scratch / "released.binpb"
        try:
            describe(scratch / "protos", before, scratch)
        except BuildFailed as failure:
            print(f"protos: the contracts of {tag} don't build: {failure}", file=sys.stderr)
            return 1
        command = [f"{SCRIPTS}/buf", "breaking", f"{GEN}/guanxi.binpb", "--against", f"{before}"]
        command += ["--config", f"{REPOSITORY}/buf.yaml"]
        verdict = subprocess.run(command, check=False)
    if verdict.returncode == 0:
        print(f"protos: compatible with {tag}")
    return verdict.returncode


def _last_release() -> str:
    """Empty where there is no release, or no git history at all (an unpacked archive)."""
    described = _git("describe", "--tags", "--abbrev=0", "--match", "v*")
    return described.stdout.decode().strip() if described.returncode == 0 else ""


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
