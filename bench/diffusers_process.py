"""Text to image with diffusers on PyTorch CPU, one image for each line on stdin.

Usage: diffusers_process.py CHECKPOINT THREADS. A line is JSON: {"dtype": "float32" | "bfloat16", "prompt", "width", "height", "steps", "seed"}.
Answers one JSON line each: {"wallMs", "cpuMs"} of the pipeline call; the first line after start says {"ready": true, ...}.
"""

import json
import sys
import time
from importlib.metadata import version

import torch
from diffusers import ZImagePipeline


def main(checkpoint: str, threads: int) -> None:
    torch.set_num_threads(threads)
    pipelines = {
        name: ZImagePipeline.from_pretrained(checkpoint, torch_dtype=getattr(torch, name))
        for name in ("float32", "bfloat16")
    }
    for pipeline in pipelines.values():
        pipeline.set_progress_bar_config(disable=True)
    answer(ready=True, torch=torch.__version__, diffusers=version("diffusers"))
    for line in sys.stdin:
        request = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        pipelines[request["dtype"]](
            request["prompt"],
            width=request["width"],
            height=request["height"],
            num_inference_steps=request["steps"],
            guidance_scale=0.0,
            generator=torch.Generator("cpu").manual_seed(request["seed"]),
        )
        answer(wallMs=(time.perf_counter() - wall) * 1000, cpuMs=(time.process_time() - cpu) * 1000)


def answer(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


main(sys.argv[1], int(sys.argv[2]))
