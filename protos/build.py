"""Builds gen/ from the contracts in protos/; `make protos` calls it, and it skips what is unchanged.

gen/ gets, for every file under protos/:
  *_pb2.py, *_pb2_grpc.py   google-protobuf messages and grpcio stubs: what services are written with
  *_pb2.pyi                 their types, where mypy-protobuf is installed (development only)
  *_pb.py                   protobuf-py messages: what the gateway turns bytes into JSON with
  guanxi.binpb              a FileDescriptorSet of it all, imports and comments included
Imported files get only what no installed package carries: `buf/validate` both kinds of message,
`google/{api,rpc,type}` the protobuf-py kind. No `__init__.py` is written, so that gen/google joins
the `google` namespace of the installed packages instead of hiding it.
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

PROTOS = Path(__file__).resolve().parent
GEN = PROTOS.parent / "gen"
SCRIPTS = Path(sysconfig.get_path("scripts"))
SITE = Path(sysconfig.get_path("purelib"))  # google/{api,rpc,type}/*.proto
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"  # google/protobuf/*.proto
TOOLS = ("grpcio-tools", "googleapis-common-protos", "protoc-gen-py", "protovalidate")
TYPES_TOOL = "mypy-protobuf"
VALIDATE = "buf/validate/validate.proto"


def main() -> int:
    with _one_build_at_a_time():
        sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
        wanted = _fingerprint(sources)
        stamp = GEN / ".stamp"
        if stamp.exists() and stamp.read_text() == wanted:
            return 0
        with tempfile.TemporaryDirectory(prefix=".building-", dir=GEN) as scratch:
            built = Path(scratch) / "out"
            built.mkdir()
            try:
                _build(sources, built, Path(scratch))
            except BuildFailed as failure:
                print(f"protos: {failure}; gen/ is left as it was", file=sys.stderr)
                return 1
            _replace(GEN, built)
        stamp.write_text(wanted)
        print(f"protos: {len(sources)} files built into gen/")
        return 0


class BuildFailed(Exception):
    """protoc or a plugin refused; what it said is already on stderr."""


def _build(sources: Sequence[str], out: Path, scratch: Path) -> None:
    validate_set = scratch / "validate.binpb"
    validate_set.write_bytes(_validate_descriptors(scratch))
    everything = out / "guanxi.binpb"
    _protoc(
        [f"--descriptor_set_in={validate_set}", f"--proto_path={PROTOS}"]
        + [f"--proto_path={path}" for path in (SITE, WELL_KNOWN)]
        + ["--include_imports", "--include_source_info", f"--descriptor_set_out={everything}"]
        + list(sources)
    )
    read = f"--descriptor_set_in={everything}"
    imported = sorted(set(_files(everything)) - set(sources))
    foreign = [name for name in imported if not name.startswith("google/protobuf/")]
    messages, stubs = f"--python_out={out}", f"--grpc_python_out={out}"
    _protoc([read, messages, stubs, *sources])
    _protoc([read, messages, VALIDATE])
    _protoc(
        [read, _plugin("protoc-gen-py"), f"--py_out={out}"]
        # Absolute imports: relative ones can't climb from `guanxi` over to `google` or `buf`.
        + ["--py_opt=init_files=false,map_imports=**:.", *sources, *foreign]
    )
    if _version(TYPES_TOOL):
        types = [_plugin("protoc-gen-mypy"), f"--mypy_out=quiet:{out}"]
        stub_types = [_plugin("protoc-gen-mypy_grpc"), f"--mypy_grpc_out=quiet,only_async:{out}"]
        _protoc([read, *types, *stub_types, *sources])
        _protoc([read, *types, VALIDATE])


def _validate_descriptors(scratch: Path) -> bytes:
    """buf/validate/validate.proto: its text is in no wheel, its descriptor is in protovalidate's."""
    well_known = scratch / "well_known.binpb"
    names = list(validate_pb.desc().proto.dependency)
    _protoc(
        [f"--proto_path={WELL_KNOWN}", "--include_imports", f"--descriptor_set_out={well_known}"]
        + names
    )
    descriptors = FileDescriptorSet.FromString(well_known.read_bytes())
    descriptors.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    return descriptors.SerializeToString()


def _files(descriptor_set: Path) -> Iterator[str]:
    for file in FileDescriptorSet.FromString(descriptor_set.read_bytes()).file:
        yield file.name


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
    digest = hashlib.sha256(Path(__file__).read_bytes())
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
        if path.suffix in {".py", ".pyi"} and not relative.parts[0].startswith("."):
            if relative not in kept:
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
