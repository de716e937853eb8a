"""Encoders that are compared: each encodes one batch of token numbers, on one thread."""
import json
import os
import pathlib
import subprocess
import time

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
os.environ.update(ONE_THREAD | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"})

import numpy
import onnx
import onnxruntime
import torch
import transformers

torch.set_num_threads(1)


class Semblance:
    """`encoder-benchmark`, driven line by line. Its times include the tokenizer."""

    def __init__(self, binary, model, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ, encoding="utf-8")
        self.model = model

    def ask(self, *words):
        self.process.stdin.write("\t".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"encoder-benchmark ended with {self.process.wait()} when asked: {words}")
        answer = json.loads(line)
        if answer.get("error"):
            raise RuntimeError(f"encoder-benchmark asked {words}: {answer['error']}")
        return answer

    def load(self, precision):
        return self.ask("load", self.model, precision)

    def write(self, name, texts):
        path = self.folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="ascii")
        return path

    def tokens(self, texts):
        out = self.folder / "tokens.txt"
        answer = self.ask("tokens", "float32", self.write("texts", texts), out)
        return [list(map(int, line.split())) for line in out.read_text().splitlines()], answer["truncated"]

    def embeddings(self, precision, texts):
        out = self.folder / "embeddings.f32"
        self.ask("encode", precision, self.write("texts", texts), out)
        return numpy.fromfile(out, dtype="<f4").reshape(len(texts), -1)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Original(torch.nn.Module):
    """The transformer with its pooling, from token numbers to embeddings."""

    def __init__(self, transformer):
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids, attention_mask):
        rows = self.transformer(input_ids=input_ids, attention_mask=attention_mask)[0]
        mask = attention_mask.unsqueeze(-1).to(rows.dtype)
        mean = (rows * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, p=2.0, dim=1)


def padded(rows):
    longest = max(map(len, rows))
    numbers = numpy.zeros((len(rows), longest), dtype=numpy.int64)
    mask = numpy.zeros_like(numbers)
    for index, row in enumerate(rows):
        numbers[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return numbers, mask


class Torch:
    def __init__(self, transformer):
        self.module = Original(transformer).eval()

    def prepare(self, rows):
        return tuple(map(torch.from_numpy, padded(rows)))

    def run(self, inputs):
        with torch.inference_mode():
            return self.module(*inputs).numpy()


class Onnx:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def prepare(self, rows):
        numbers, mask = padded(rows)
        return {"input_ids": numbers, "attention_mask": mask}

    def run(self, inputs):
        return self.session.run(None, inputs)[0]


def export(model, folder):
    """The same model for ONNX Runtime: as exported, fused by its own optimizer, and with weights in 8 bits."""
    # Attention written out, as the optimizer expects it.
    transformer = transformers.AutoModel.from_pretrained(str(model), attn_implementation="eager")
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    plain, fused, small = (folder / f"{name}.onnx" for name in ("plain", "fused", "int8"))
    numbers = torch.ones(2, 8, dtype=torch.int64)
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        Original(transformer).eval(), (numbers, numbers), str(plain), input_names=["input_ids", "attention_mask"],
        output_names=["embedding"], dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "batch"}},
        opset_version=17, dynamo=False)
    optimized = optimizer.optimize_model(
        str(plain), model_type="bert", num_heads=transformer.config.num_attention_heads,
        hidden_size=transformer.config.hidden_size, opt_level=0)
    optimized.save_model_to_file(str(fused))
    quantize_dynamic(
        str(fused), str(small), weight_type=QuantType.QInt8, per_channel=True,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    return pathlib.Path(plain), pathlib.Path(fused), pathlib.Path(small), optimized.get_fused_operator_statistics()


def timed(runtime, inputs, count):
    microseconds = []
    for _ in range(count):
        start = time.perf_counter()
        runtime.run(inputs)
        microseconds.append((time.perf_counter() - start) * 1e6)
    return microseconds
