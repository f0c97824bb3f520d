"""Cut the line reader out of PP-OCRv4: `python -m training.line_reader.prepare --help`.

PaddleOCR's recognition network (Apache-2.0) knows 6,623 signs, nearly all of them Chinese. Only the
answers for ASCII are kept, and the weights are stored with 16 bits, which is a third of the size.
The source is the wheel of `rapidocr-onnxruntime` 1.4.4:

    pip download --no-deps rapidocr-onnxruntime==1.4.4
"""

import argparse
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

MEMBER = "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx"
WEIGHTS = Path("cardioalert_models/weights/line_reader.onnx")
KEPT = "".join(chr(code) for code in range(33, 127)) + " "
LARGE = 256  # numbers from which a weight is stored with 16 bits
TOLERANCE = 0.02  # largest change of a probability


def pruned(source: bytes) -> tuple[onnx.ModelProto, str]:
    """Keep the answers for ASCII; return the network and its signs, the first answer is blank."""
    model = onnx.load_from_string(source)
    listed = {entry.key: entry.value for entry in model.metadata_props}["character"]
    signs = [*listed.splitlines(), " "]
    kept = [sign for sign in KEPT if sign in signs]
    rows = [0, *(1 + signs.index(sign) for sign in kept)]
    graph = model.graph
    softmax = graph.node[-1]
    add = next(node for node in graph.node if softmax.input[0] in node.output)
    product = next(node for node in graph.node if add.input[0] in node.output)
    for name in (product.input[1], add.input[1]):
        weight = _constant(graph, name)
        _replace(graph, name, np.ascontiguousarray(weight[..., rows]))
    del model.metadata_props[:]
    graph.output[0].type.tensor_type.shape.dim[2].dim_value = len(rows)
    return model, "".join(kept)


def _constant(graph: onnx.GraphProto, name: str) -> np.ndarray:
    for tensor in graph.initializer:
        if tensor.name == name:
            return numpy_helper.to_array(tensor)
    node = next(node for node in graph.node if name in node.output)
    return numpy_helper.to_array(node.attribute[0].t)


def _replace(graph: onnx.GraphProto, name: str, value: np.ndarray) -> None:
    for tensor in graph.initializer:
        if tensor.name == name:
            tensor.CopyFrom(numpy_helper.from_array(value, name))
            return
    node = next(node for node in graph.node if name in node.output)
    node.attribute[0].t.CopyFrom(numpy_helper.from_array(value))


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights with 16 bits, and compute with 32."""
    graph = model.graph
    nodes = []
    for node in graph.node:
        tensor = node.attribute[0].t if node.op_type == "Constant" else None
        if tensor is not None and tensor.data_type == TensorProto.FLOAT:
            value = numpy_helper.to_array(tensor)
            if value.size >= LARGE:
                small = f"{node.output[0]}_half"
                graph.initializer.append(numpy_helper.from_array(value.astype(np.float16), small))
                nodes.append(helper.make_node("Cast", [small], node.output, to=TensorProto.FLOAT))
                continue
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.doc_string = "PP-OCRv4 recognition, PaddleOCR, Apache-2.0; ASCII answers only"
    return model


def main() -> None:
    """Write the network; print its signs and its SHA-256."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    with zipfile.ZipFile(options.wheel) as wheel:
        model, signs = pruned(wheel.read(MEMBER))
    line = np.random.default_rng(0).random((1, 3, 48, 200), dtype=np.float32)
    before = _run(model.SerializeToString(), line)
    onnx.save(halved(model), options.out)
    after = _run(options.out.read_bytes(), line)
    change = float(np.abs(before - after).max())
    if change > TOLERANCE:
        raise RuntimeError(f"16 bits change a probability by {change}")
    print(repr(signs))
    print(hashlib.sha256(options.out.read_bytes()).hexdigest(), options.out.stat().st_size)


def _run(network: bytes, line: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: line})[0]


if __name__ == "__main__":
    main()
