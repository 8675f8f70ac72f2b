"""One call of diffusers' pipeline, written in the form of test/golden/README.md."""

import json

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from random_weights import uniform


def input_image(name, width, height, mode="RGB"):
    """Blocks of 8 pixels, so that the file is small; a mask has black and white ones."""
    channels = len(mode)
    rows, columns = -(-height // 8), -(-width // 8)
    blocks = uniform(name, rows * columns * channels).reshape(rows, columns, channels)
    values = np.where(blocks < 0, 0, 255) if mode == "L" else 127.5 + 127 * blocks
    pixels = np.repeat(np.repeat(values.astype(np.uint8), 8, 0), 8, 1)[:height, :width]
    return Image.fromarray(pixels.squeeze(), mode)


def source_of(folder, model, request):
    """The images that a case starts from, saved and as the pipeline's arguments."""
    kind = request["pipeline"]
    if kind == "text-to-image":
        return {}
    images = [input_image(f"{model}/input{i}", *size) for i, size in enumerate(request["inputs"])]
    for i, image in enumerate(images):
        image.save(folder / f"input{i or ''}.png", optimize=True)
    if kind == "omni-edit":
        return {"image": images}
    arguments = {"image": images[0], "strength": request["strength"]}
    if kind == "inpaint":
        mask = input_image(f"{model}/mask", request["width"], request["height"], "L")
        mask.save(folder / "mask.png", optimize=True)
        arguments["mask_image"] = mask
    return arguments


def stay_float32(pipe):
    """The omni pipeline rounds reference images to bfloat16 for its autoencoder, which is float32 here."""
    encode = pipe.vae.encode
    pipe.vae.encode = lambda image, *args, **kwargs: encode(image.float(), *args, **kwargs)
    torch.Tensor.bfloat16 = lambda tensor: tensor


def record(pipe, folder, model, request):
    """Writes request.json, tensors.safetensors and the images into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    request = {"pipeline": "text-to-image", **request}
    omni = request["pipeline"] == "omni-edit"
    if omni:
        stay_float32(pipe)
    tensors, calls = {}, []
    encode = pipe.encode_prompt

    def encode_prompt(*args, **kwargs):
        positive, negative = encode(*args, **kwargs)
        if omni:  # lists of parts
            return positive, negative
        tensors.update({f"prompt_embeds{i}": embeds for i, embeds in enumerate(positive)})
        tensors.update({f"negative_prompt_embeds{i}": embeds for i, embeds in enumerate(negative)})
        return positive, negative

    def on_velocity(module, args, named, output):
        if omni:
            args = ([images[-1] for images in named["x"]], named["t"])
        if not calls:
            tensors["velocity0"] = torch.stack(list(output[0])).squeeze(2)
            if request["pipeline"] in ("text-to-image", "omni-edit"):
                tensors["initial_latents"] = torch.stack(list(args[0])).squeeze(2)[: len(request["prompts"])]
        calls.append(args[1].tolist())

    def on_step(_, step, timestep, kwargs):
        tensors["latents"] = kwargs["latents"]
        return {}

    pipe.encode_prompt = encode_prompt
    hook = pipe.transformer.register_forward_hook(on_velocity, with_kwargs=True)
    with torch.no_grad():
        images = pipe(
            prompt=list(request["prompts"]),  # the pipeline puts the chat text into the list it is given
            negative_prompt=None if request["negative_prompt"] is None else [request["negative_prompt"]] * len(request["prompts"]),
            width=request["width"],
            height=request["height"],
            num_inference_steps=request["steps"],
            guidance_scale=request["guidance_scale"],
            cfg_normalization=request["cfg_normalization"],
            cfg_truncation=request["cfg_truncation"],
            generator=torch.Generator("cpu").manual_seed(request["seed"]),
            **source_of(folder, model, request),
            callback_on_step_end=on_step,
        ).images
    hook.remove()
    pipe.encode_prompt = encode

    for i, image in enumerate(images):
        image.save(folder / f"image{i or ''}.png", optimize=True)
    save_file({key: tensor.float().contiguous().clone() for key, tensor in tensors.items()}, folder / "tensors.safetensors")
    seen = {
        "timesteps": pipe.scheduler.timesteps.tolist(),
        "sigmas": pipe.scheduler.sigmas.tolist(),
        "transformer_calls": len(calls),
        "t0": calls[0],
    }
    asked = {"pipeline": request["pipeline"], "model": model, **request}
    asked.pop("inputs", None)
    (folder / "request.json").write_text(json.dumps({**asked, **seen}, indent=1) + "\n")
