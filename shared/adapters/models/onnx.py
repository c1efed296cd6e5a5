"""Model files that ship inside Python packages, and ONNX Runtime sessions that share a machine with live calls."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnxruntime  # type: ignore[import-untyped]


class ModelMissing(LookupError):
    """A model file is not installed, or is not the one that was tested; the text says what to do."""


def package_file(package: str, relative_path: str, sha256: str, *, requirement: str) -> Path:
    """Find a file of an installed package without importing the package, and check its digest.

    `requirement` is what to install when it is missing, such as "hibari-tts==0.2.1".

    Raises:
        ModelMissing: the package or the file is absent, or the digest differs.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        message = f"{requirement} is not installed (or has no build for this platform): pip install '{requirement}'"
        raise ModelMissing(message)
    path = Path(spec.origin).parent / relative_path
    if not path.is_file():
        message = f"{relative_path} is missing from {package}: reinstall '{requirement}'"
        raise ModelMissing(message)
    check_digest(path, sha256)
    return path


def check_digest(path: Path, sha256: str) -> None:
    """Refuse a file whose SHA-256 is not the expected one.

    Raises:
        ModelMissing: the digest differs.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        message = f"{path.name} is not the tested file: SHA-256 {digest}, expected {sha256}"
        raise ModelMissing(message)


def single_threaded_options() -> onnxruntime.SessionOptions:
    """Session options for one thread that sleeps when idle.

    More threads were slower on two cores, and spinning threads take the processor from the event loop.
    """
    import onnxruntime  # Loading it takes 0.1 s and 60 MB; processes without local models never pay.

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def open_session(path: Path) -> Any:  # ONNX Runtime carries no type information.
    """Load a model for the processor. A session may be run by several threads at once."""
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), single_threaded_options(), providers=["CPUExecutionProvider"])
