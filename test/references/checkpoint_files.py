"""A checkpoint directory of random weights, and diffusers' pipeline over the same weights in float32."""

import json
import shutil
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    ZImageImg2ImgPipeline,
    ZImageInpaintPipeline,
    ZImageOmniPipeline,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from safetensors.torch import save_file
from transformers import (
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
    Siglip2VisionConfig,
    Siglip2VisionModel,
)

# Not by its name in transformers, which without torchvision gives one that resizes by Pillow: the cases of test/golden were
# made with torchvision, as published pipelines run.
from transformers.models.siglip2.image_processing_siglip2 import Siglip2ImageProcessor

from random_weights import random_weight

TORCH_TYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
STEMS = {"transformer": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model", "siglip": "model"}
PIPELINES = {
    "text-to-image": ZImagePipeline,
    "image-to-image": ZImageImg2ImgPipeline,
    "inpaint": ZImageInpaintPipeline,
    "omni-edit": ZImageOmniPipeline,
}


def build(name, spec):
    """The networks of a spec, random and in float32."""
    text_class = Qwen3ForCausalLM if spec["text_encoder"].pop("causal", False) else Qwen3Model
    models = {
        "transformer": ZImageTransformer2DModel(**spec["transformer"]),
        "vae": AutoencoderKL(**spec["vae"]),
        "text_encoder": text_class(Qwen3Config(**spec["text_encoder"])),
    }
    if "siglip" in spec:
        models["siglip"] = Siglip2VisionModel(Siglip2VisionConfig(**spec["siglip"]))
    for component, model in models.items():
        model.eval()
        with torch.no_grad():
            for key, tensor in own_tensors(model).items():
                tensor.copy_(torch.from_numpy(random_weight(f"{name}/{component}/{key}", tuple(tensor.shape))))
    return models


def own_tensors(model):
    """A tied head is the embedding under a second name; it is neither drawn nor saved."""
    state = model.state_dict()
    if getattr(model.config, "tie_word_embeddings", False):
        state.pop("lm_head.weight", None)
    return state


def config_of(component, model, spec):
    """config.json as these libraries write it, or in the form that transformers 4 wrote."""
    if component == "siglip":
        return {**spec["siglip"], "model_type": "siglip2_vision_model", "architectures": ["Siglip2VisionModel"]}
    config = json.loads(model.to_json_string() if component != "text_encoder" else model.config.to_json_string(use_diff=False))
    if component == "text_encoder":
        config = {key: config[key] for key in sorted(config) if key in QWEN3_FIELDS}
        config["architectures"] = [type(model).__name__]
        if spec.get("flat_rope_theta"):
            config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
            config["rope_scaling"] = None
    return config


QWEN3_FIELDS = {
    "attention_bias", "attention_dropout", "dtype", "head_dim", "hidden_act", "hidden_size", "initializer_range",
    "intermediate_size", "layer_types", "max_position_embeddings", "max_window_layers", "model_type",
    "num_attention_heads", "num_hidden_layers", "num_key_value_heads", "rms_norm_eps", "rope_parameters",
    "sliding_window", "tie_word_embeddings", "use_cache", "use_sliding_window", "vocab_size",
}  # fmt: skip


def stored_tensors(models, spec):
    """component → file → tensor name → [type, shape]; types in turn where several are named, files by count."""
    layout = {}
    for component, model in models.items():
        types = spec["types"][component]
        shards = spec.get("shards", {}).get(component, 1)
        state = own_tensors(model)
        stem = STEMS[component]
        names = [f"{stem}.safetensors"] if shards == 1 else [
            f"{stem}-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)
        ]  # fmt: skip
        files = {file: {} for file in names}
        for i, (key, tensor) in enumerate(state.items()):
            files[names[i * shards // len(state)]][key] = [types[i % len(types)], list(tensor.shape)]
        layout[component] = files
    return layout


def write_small_files(folder, name, models, spec, tokenizer):
    """Everything but the weights."""
    index = {
        "_class_name": "ZImagePipeline",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", type(models["text_encoder"]).__name__],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "transformer": ["diffusers", "ZImageTransformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    if "siglip" in models:
        index["_class_name"] = "ZImageOmniPipeline"
        index["siglip"] = ["transformers", "Siglip2VisionModel"]
        index["siglip_processor"] = ["transformers", "Siglip2ImageProcessor"]
        processor = {"image_processor_type": "Siglip2ImageProcessor", **spec["siglip_processor"]}
        write_json(folder / "siglip_processor/preprocessor_config.json", processor)
    write_json(folder / "model_index.json", index)
    for component, model in models.items():
        write_json(folder / component / "config.json", config_of(component, model, spec))
    scheduler = FlowMatchEulerDiscreteScheduler(**spec["scheduler"])
    write_json(folder / "scheduler/scheduler_config.json", json.loads(scheduler.to_json_string()))
    write_json(folder / "tokenizer/tokenizer_config.json", json.loads((tokenizer / "tokenizer_config.json").read_text()))
    chat = spec.get("chat_template", "field")
    if chat != "field":
        config = json.loads((tokenizer / "tokenizer_config.json").read_text())
        template = config.pop("chat_template")
        if chat == "file":
            (folder / "tokenizer/chat_template.jinja").write_text(template)
        else:
            config["chat_template"] = [{"name": "tool_use", "template": "{{ tools }}"}, {"name": "default", "template": template}]
        write_json(folder / "tokenizer/tokenizer_config.json", config)
    return scheduler


def write_weights(folder, name, layout):
    for component, files in layout.items():
        for file, tensors in files.items():
            content = {
                key: torch.from_numpy(random_weight(f"{name}/{component}/{key}", tuple(shape))).to(TORCH_TYPES[kind])
                for key, (kind, shape) in tensors.items()
            }
            save_file({key: tensor.contiguous() for key, tensor in content.items()}, folder / component / file)
        if len(files) > 1:
            weight_map = {key: file for file, tensors in files.items() for key in tensors}
            stem = STEMS[component]
            write_json(folder / component / f"{stem}.safetensors.index.json", {"metadata": {}, "weight_map": weight_map})


def pipeline(folder, models, scheduler, tokenizer, kind="text-to-image"):
    """The tokenizer is read from disk, as its chat template is part of what is tried."""
    read_from = folder / "tokenizer"
    borrowed = not (read_from / "tokenizer.json").exists()
    if borrowed:
        shutil.copy(tokenizer / "tokenizer.json", read_from / "tokenizer.json")
    loaded = PreTrainedTokenizerFast.from_pretrained(read_from)
    if borrowed:
        (read_from / "tokenizer.json").unlink()
    if "siglip" in models:
        models = {**models, "siglip_processor": Siglip2ImageProcessor.from_pretrained(folder / "siglip_processor")}
    pipe = PIPELINES[kind](scheduler=scheduler, tokenizer=loaded, **models)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def write_json(path, content):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(content, indent=2) + "\n")
