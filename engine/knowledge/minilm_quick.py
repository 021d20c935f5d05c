"""The shipped model's graph, written anew so that it computes in eight bits.

Owns the way from model.onnx, whose weights are kept in eight bits and multiplied in 32, to a
graph of the same weights that multiplies them as they are: three to four times quicker where
the processor has instructions for it, and its vectors are within a cosine of .97 to .995 of
the file's (docs/quality.md says what that does to ranking: nothing that can be told from
chance). Queries, keys and values are one product, and what onnxruntime has as one operation is
one. The graph reads one text at a time: activations are scaled to the largest of a run, so
that texts side by side would change each other's vectors. It runs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pathlib import Path

FORM = 1  # of the graph; another number makes those that were kept before be made anew

LAYERS, HEADS, WIDTH = 6, 12, 384
EPSILON = 1e-12  # of the layer norms, as the model was trained
INPUT, OUTPUT = "input_ids", "mean"
_OURS, _STANDARD = "com.microsoft", ""  # operations of onnxruntime; of ONNX

Numbers = NDArray[Any]


class Unfamiliar(Exception):
    """The model's file is not built like the one this was written for."""


class _Weights(NamedTuple):
    """[inputs, outputs] in eight bits, and what one step of each output is worth."""

    steps: Numbers
    scales: Numbers


def quick_graph(model_file: Path) -> bytes:
    """A model that takes [1, pieces] `input_ids` and gives their mean state, [1, WIDTH], not
    yet of length one. Takes a quarter of a second, and a package (onnx) that takes another
    half to import. Raises Unfamiliar, and ImportError where that package is missing."""
    import onnx
    from onnx import helper

    model = onnx.load(str(model_file))
    try:
        graph = _Graph(_File(model.graph))
    except (KeyError, IndexError, ValueError, AttributeError) as problem:
        raise Unfamiliar(f"{model_file.name}: {type(problem).__name__} {problem}") from None
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "minilm-quick",
            [helper.make_tensor_value_info(INPUT, onnx.TensorProto.INT64, [1, "pieces"])],
            [helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, [1, WIDTH])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid(_STANDARD, 17), helper.make_opsetid(_OURS, 1)],
        ir_version=8,
    )
    written: bytes = made.SerializeToString()
    return written


class _File:
    """What the given graph holds: constants by name, and the weights of a linear layer by the
    name of its bias (they themselves have names that only the exporter understood)."""

    def __init__(self, graph: Any) -> None:
        from onnx import numpy_helper

        self._constants = {one.name: one for one in graph.initializer}
        self._maker = {name: node for node in graph.node for name in node.output}
        self._taker = {name: node for node in graph.node for name in node.input}
        self._read = numpy_helper.to_array

    def constant(self, name: str) -> Numbers:
        return np.asarray(self._read(self._constants[name]))

    def weights(self, bias: str) -> _Weights:
        product = next(name for name in self._taker[bias].input if name != bias)
        node = self._maker[product]
        while node.op_type != "MatMul":
            node = self._maker[node.input[0]]
        scaled = self._maker[node.input[1]]
        steps = self.constant(self._maker[scaled.input[0]].input[0])
        if steps.dtype != np.int8:
            raise ValueError(f"{bias} adds to weights of {steps.dtype}")
        return _Weights(steps, self.constant(scaled.input[1]).reshape(-1).astype(np.float32))


class _Graph:
    def __init__(self, file: _File) -> None:
        self._file = file
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        state = self._embeddings()
        for number in range(LAYERS):
            state = self._layer(number, state)
        self._add("ReduceMean", [state], [OUTPUT], axes=[1], keepdims=0)

    def _embeddings(self) -> str:
        """Words are looked up in eight bits: in 32 their table alone would take 47 MB."""
        at = "inner.embeddings."
        words = self._constant("words", self._file.constant(at + "word_embeddings.weight_q"))
        scales = self._file.constant(at + "word_embeddings.weight_scale")
        places = self._file.constant(at + "position_embeddings.weight_q").astype(np.float32)
        places = places * self._file.constant(at + "position_embeddings.weight_scale")
        # Every text is of the first of the two kinds that the model knows.
        places += self._file.constant(at + "token_type_embeddings.weight")[0]
        self._constant("places", places.astype(np.float32))
        self._constant("word_scales", scales.reshape(-1, 1).astype(np.float32))
        for name, number in (("zero", 0), ("one", 1), ("two", 2)):
            self._constant(name, np.array([number], dtype=np.int64))
        self._add("Gather", [words, INPUT], ["word_steps"])
        self._add("Cast", ["word_steps"], ["word_numbers"], to=1)
        self._add("Gather", ["word_scales", INPUT], ["word_scale"])
        self._add("Mul", ["word_numbers", "word_scale"], ["word"])
        self._add("Shape", [INPUT], ["shape"])
        self._add("Slice", ["shape", "one", "two"], ["length"])
        self._add("Slice", ["places", "zero", "length"], ["place"])
        self._add("Add", ["word", "place"], ["placed"])
        norm = [self._kept(f"{at}LayerNorm.{part}") for part in ("weight", "bias")]
        return self._add("LayerNormalization", ["placed", *norm], ["state"], epsilon=EPSILON)

    def _layer(self, number: int, state: str) -> str:
        at = f"inner.encoder.layer.{number}."
        asked = [f"{at}attention.self.{part}.bias" for part in ("query", "key", "value")]
        each = [f"{at}{part}" for part in ("query", "key", "value")]
        self._constant(f"{at}widths", np.array([WIDTH] * 3, dtype=np.int64))
        self._add("Split", [self._linear(state, *asked), f"{at}widths"], each, axis=-1)
        heard = self._add("MultiHeadAttention", each, [f"{at}heard"], _OURS, num_heads=HEADS)
        said = self._linear(heard, f"{at}attention.output.dense.bias")
        state = self._normed(said, state, f"{at}attention.output.LayerNorm.")
        wide = self._linear(state, f"{at}intermediate.dense.bias")
        wide = self._add("Gelu", [wide], [f"{wide}.gelu"], _OURS)
        said = self._linear(wide, f"{at}output.dense.bias")
        return self._normed(said, state, f"{at}output.LayerNorm.")

    def _linear(self, state: str, *biases: str) -> str:
        """The product of a state with weights in eight bits, and their bias; several layers
        that read the same state are one."""
        found = [self._file.weights(bias) for bias in biases]
        name, steps, step, zero = (f"{biases[0]}.{part}" for part in ("", "in", "step", "zero"))
        self._add("DynamicQuantizeLinear", [state], [steps, step, zero])
        weights = self._constant(f"{name}w", np.concatenate([one.steps for one in found], axis=1))
        scales = self._constant(f"{name}s", np.concatenate([one.scales for one in found]))
        added = np.concatenate([self._file.constant(bias) for bias in biases])
        bias = self._constant(f"{name}b", added.astype(np.float32))
        inputs = [steps, weights, step, scales, zero, "", bias]
        return self._add("MatMulIntegerToFloat", inputs, [f"{name}out"], _OURS)

    def _normed(self, said: str, before: str, norm: str) -> str:
        inputs = [said, before, self._kept(f"{norm}weight"), self._kept(f"{norm}bias")]
        name = f"{norm}out"
        return self._add("SkipLayerNormalization", inputs, [name], _OURS, epsilon=EPSILON)

    def _kept(self, name: str) -> str:
        return self._constant(name, self._file.constant(name).astype(np.float32))

    def _constant(self, name: str, numbers: Numbers) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(numbers), name))
        return name

    def _add(
        self,
        operation: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        domain: str = _STANDARD,
        **attributes: Any,
    ) -> str:
        """The name of the first output."""
        from onnx import helper

        self.nodes.append(helper.make_node(operation, inputs, outputs, domain=domain, **attributes))
        return outputs[0]
