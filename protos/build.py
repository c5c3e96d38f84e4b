"""Builds gen/ from the contracts in protos/: `make protos`, which runs `python -m protos.build`.

Nothing is done where nothing has changed.

gen/ gets, for every file under protos/:
  *_pb2.py, *_pb2_grpc.py   google-protobuf messages, grpcio stubs: what services are written with
  *_pb2.pyi                 their types, where mypy-protobuf is installed (development only)
  *_pb.py                   protobuf-py messages: what the gateway turns bytes into JSON with
  guanxi.binpb              a FileDescriptorSet of it all, imports and comments included
Imported files get only what no installed package carries: `google/{api,rpc,type}` all but *_pb2.py,
`buf/validate` all of it. No `__init__.py` is written, so that gen/google
joins the `google` namespace of the installed packages instead of hiding it.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

from protos.promises import broken_promises

PROTOS = Path(__file__).resolve().parent
GEN = PROTOS.parent / "gen"
SCRIPTS = Path(sysconfig.get_path("scripts"))
SITE = Path(sysconfig.get_path("purelib"))  # google/{api,rpc,type}/*.proto
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"  # google/protobuf/*.proto
TOOLS = ("grpcio-tools", "googleapis-common-protos", "protoc-gen-py", "protovalidate")
TYPES_TOOL = "mypy-protobuf"
VALIDATE = "buf/validate/validate.proto"
# No contract imports them; errors are made of them, on the wire and in JSON.
ERRORS = ("google/rpc/code.proto", "google/rpc/error_details.proto")


def main() -> int:
    with _one_build_at_a_time():
        sources = _contracts(PROTOS)
        wanted = _fingerprint(sources)
        stamp = GEN / ".stamp"
        if stamp.exists() and stamp.read_text() == wanted:
            return 0
        with tempfile.TemporaryDirectory(prefix=".building-", dir=GEN) as scratch:
            built = Path(scratch) / "out"
            built.mkdir()
            try:
                build(PROTOS, built, Path(scratch))
            except BuildFailed as failure:
                print(f"protos: {failure}; gen/ is left as it was", file=sys.stderr)
                return 1
            stamp.unlink(missing_ok=True)  # stopped in the middle, the next build begins anew
            _replace(GEN, built)
        stamp.write_text(wanted)
        print(f"protos: {len(sources)} files built into gen/")
        return 0


class BuildFailed(Exception):
    """A contract has a mistake; where protoc found it, it has said so on stderr."""


def build(root: Path, out: Path, scratch: Path) -> None:
    """Generates everything for the contracts under `root`; raises BuildFailed."""
    sources = _contracts(root)
    everything = out / "guanxi.binpb"
    describe(root, everything, scratch)
    descriptors = FileDescriptorSet.FromString(everything.read_bytes())
    if broken := broken_promises(descriptors):
        raise BuildFailed("\n        ".join(broken))
    read = f"--descriptor_set_in={everything}"
    imported = sorted({file.name for file in descriptors.file} - set(sources))
    foreign = [name for name in imported if not name.startswith("google/protobuf/")]
    messages, stubs = f"--python_out={out}", f"--grpc_python_out={out}"
    _protoc([read, messages, stubs, *sources])
    _protoc([read, messages, VALIDATE])
    # Absolute imports: relative ones can't climb from `guanxi` over to `google` or `buf`.
    transcoding = [_plugin("protoc-gen-py"), "--py_opt=init_files=false,map_imports=**:."]
    _protoc([read, *transcoding, f"--py_out={out}", *sources, *foreign])
    if _version(TYPES_TOOL):
        types = [_plugin("protoc-gen-mypy"), f"--mypy_out=quiet:{out}"]
        stub_types = [_plugin("protoc-gen-mypy_grpc"), f"--mypy_grpc_out=quiet,only_async:{out}"]
        _protoc([read, *types, *stub_types, *sources])
        _protoc([read, *types, *foreign])


def describe(root: Path, descriptor_set: Path, scratch: Path) -> None:
    """Writes the FileDescriptorSet of every contract under `root`, imports and comments included.

    They may import the suite's own. Raises BuildFailed where a contract has a mistake; protoc has
    then said which on stderr.
    """
    validate_set = scratch / "validate.binpb"
    validate_set.write_bytes(_validate_descriptors(scratch))
    arguments = [f"--descriptor_set_in={validate_set}"]
    arguments += [f"--proto_path={path}" for path in (root, PROTOS, SITE, WELL_KNOWN)]
    arguments += ["--include_imports", "--include_source_info"]
    arguments += [f"--descriptor_set_out={descriptor_set}"]
    _protoc([*arguments, *_contracts(root), *ERRORS])


def _contracts(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.proto"))


def _validate_descriptors(scratch: Path) -> bytes:
    """buf/validate/validate.proto: no wheel has its text, protovalidate's has its descriptor."""
    well_known = scratch / "well_known.binpb"
    contract = validate_pb.desc().proto
    source, target = f"--proto_path={WELL_KNOWN}", f"--descriptor_set_out={well_known}"
    _protoc([source, "--include_imports", target, *contract.dependency])
    descriptors = FileDescriptorSet.FromString(well_known.read_bytes())
    descriptors.file.add().ParseFromString(contract.to_binary())
    return descriptors.SerializeToString()


def _plugin(name: str) -> str:
    return f"--plugin={name}={SCRIPTS / name}"


def _protoc(arguments: Sequence[str]) -> None:
    if protoc.main(["protoc", *arguments]) != 0:
        raise BuildFailed("protoc refused")


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _fingerprint(sources: Sequence[str]) -> str:
    """SHA-256 over everything that decides what is built: contracts, this file, tool versions."""
    digest = hashlib.sha256()
    for script in sorted(PROTOS.glob("*.py")):
        digest.update(script.read_bytes())
    for tool in (*TOOLS, TYPES_TOOL):
        digest.update(f"{tool}={_version(tool)}\n".encode())
    for source in sources:
        digest.update(f"{source}\n".encode() + (PROTOS / source).read_bytes())
    return digest.hexdigest()


def _replace(target: Path, built: Path) -> None:
    """Swaps files in one by one and only where they differ: a running process sees whole files."""
    kept = set()
    for path in sorted(built.rglob("*")):
        if path.is_file():
            relative = path.relative_to(built)
            kept.add(relative)
            old = target / relative
            if not old.is_file() or old.read_bytes() != path.read_bytes():
                old.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, old)
    for path in target.rglob("*_pb*.py*"):
        relative = path.relative_to(target)
        ours = path.suffix in {".py", ".pyi"} and not relative.parts[0].startswith(".")
        if ours and relative not in kept:
            path.unlink()
    for folder in sorted((p for p in target.rglob("*") if p.is_dir()), reverse=True):
        if folder.name == "__pycache__" and not any(folder.parent.glob("*.py")):
            shutil.rmtree(folder)
        elif not any(folder.iterdir()):
            folder.rmdir()


@contextmanager
def _one_build_at_a_time() -> Iterator[None]:
    GEN.mkdir(exist_ok=True)
    with (GEN / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
