"""What OpenAI's Python client makes of the service: `openai_client.py SCENARIO URL KEY` prints its outcome as JSON."""

import base64
import json
import sys

import openai

scenario, url, key = sys.argv[1:]
client = openai.OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)


def size_of(base64_png: str) -> list[int]:
    """Width and height, out of a PNG's header."""
    png = base64.b64decode(base64_png)
    assert png.startswith(b"\x89PNG\r\n\x1a\n"), png[:8]
    return [int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")]


def generate():
    answer = client.images.generate(
        prompt="python", n=2, size="128x64", quality="high", user="u-1", extra_body={"seed": 7, "steps": 2}
    )
    usage = answer.usage.output_tokens
    return {"sizes": [size_of(image.b64_json) for image in answer.data], "size": answer.size, "usage": usage}


def edit(images: list[bytes], mask: bytes):
    files = [(f"{i}.png", image, "image/png") for i, image in enumerate(images)]
    joined = client.images.edit(prompt="python joined", image=files, size="128x128", extra_body={"seed": 3})
    masked = client.images.edit(prompt="python masked", image=files[0], mask=("mask.png", mask, "image/png"))
    return [size_of(answer.data[0].b64_json) for answer in (joined, masked)]


def stream():
    told = []
    for event in client.images.generate(prompt="python", stream=True, partial_images=2, size="64x64"):
        index = getattr(event, "partial_image_index", None)
        told.append([type(event).__name__, event.type, index, event.size, size_of(event.b64_json)])
    return told


def errors():
    def raised(call):
        try:
            call()
        except openai.APIStatusError as error:
            return [type(error).__name__, error.status_code, error.code, error.param, error.request_id is not None]

    def streamed():
        list(client.images.generate(prompt="python", n=99, stream=True))

    stranger = openai.OpenAI(api_key="zq_wrong", base_url=f"{url}/v1", max_retries=0)
    return [
        raised(lambda: client.images.generate(prompt="python", size="10x10")),
        raised(lambda: client.images.generate(prompt="python", model="sdxl")),
        raised(lambda: client.images.edit(prompt="python", image=("a.png", b"no image", "image/png"))),
        raised(lambda: stranger.images.generate(prompt="python")),
        raised(streamed),
    ]


def retry():
    """The first attempts run into their time-out: nobody serves the model yet."""
    hasty = client.with_options(timeout=0.5, max_retries=60)
    answer = hasty.images.with_raw_response.generate(prompt="python again", model="z-image-nano", size="64x64")
    return {"retries": answer.retries_taken, "size": size_of(answer.parse().data[0].b64_json)}


if scenario == "edit":
    sent = json.load(sys.stdin)
    outcome = edit([base64.b64decode(image) for image in sent["images"]], base64.b64decode(sent["mask"]))
else:
    outcome = {"generate": generate, "stream": stream, "errors": errors, "retry": retry}[scenario]()
print(json.dumps(outcome))
