"""diffusers' transformer on one device, one measurement for each line on stdin; the counterpart of transformer.mjs.

Usage: torch_transformer.py CONFIG DEVICE DTYPE. A line is JSON: {"side", "batch", "captionLength", "calls", "compiled"}, side in
pixels. Answers one JSON line each: {"ms"}, the median time of a call, outputs on the device. The first line says what runs.
"""

import json
import statistics
import sys
import time

import torch
from diffusers import ZImageTransformer2DModel


def main(config_file: str, device: str, dtype_name: str) -> None:
    config = {key: value for key, value in json.load(open(config_file)).items() if not key.startswith("_")}
    dtype = getattr(torch, dtype_name)
    torch.manual_seed(0)
    with torch.device(device):
        model = ZImageTransformer2DModel(**config).to(dtype).eval()
    # Every image size is compiled for itself, as a user who cares for speed would.
    compiled = torch.compile(model, dynamic=False)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    answer(device=name, torch=torch.__version__)
    for line in sys.stdin:
        asked = json.loads(line)
        answer(ms=measure(compiled if asked["compiled"] else model, config, device, dtype, asked))


@torch.no_grad()
def measure(model, config, device, dtype, asked) -> float:
    side, batch = asked["side"] // 8, asked["batch"]
    latents = [torch.randn(config["in_channels"], 1, side, side, device=device, dtype=dtype) for _ in range(batch)]
    captions = [torch.randn(asked["captionLength"], config["cap_feat_dim"], device=device, dtype=dtype) for _ in range(batch)]
    times = torch.full((batch,), 0.5, device=device, dtype=dtype)

    def call() -> float:
        start = time.perf_counter()
        model(latents, times, captions, return_dict=False)
        if device == "cuda":
            torch.cuda.synchronize()
        return (time.perf_counter() - start) * 1000

    for _ in range(2):
        call()
    return statistics.median(call() for _ in range(asked["calls"]))


def answer(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


main(*sys.argv[1:4])
