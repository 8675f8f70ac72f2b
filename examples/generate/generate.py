"""python3 generate.py PROMPT FILE: one picture, by ZIMAGE_URL and ZIMAGE_API_KEY. No packages."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ["ZIMAGE_URL"]
KEY = os.environ["ZIMAGE_API_KEY"]


def call(path, body=None, headers=None):
    """The JSON that a route answers with; body None means GET."""
    request = urllib.request.Request(
        URL + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        # Errors are problem+json (RFC 9457): `code` is for programs, `detail` for people.
        problem = json.load(error)
        sys.exit(f"{error.code} {problem['code']}: {problem['detail']}")


def main(prompt, file):
    # A call that is repeated after a lost answer gets the same job; the answer is the finished job within 30 s.
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Prefer": "wait=30"}
    job = call("/v1/generations", {"prompt": prompt}, headers)
    while job["state"] in ("queued", "running"):
        time.sleep(1)
        job = call(f"/v1/jobs/{job['id']}")
    if job["state"] != "succeeded":
        sys.exit(f"{job['id']} {job['state']}: {job['error']}")

    image = job["images"][0]
    # Signed, and good for some minutes; reading the job again signs a new one. No key is sent along.
    with urllib.request.urlopen(image["url"], timeout=60) as response, open(file, "wb") as output:
        output.write(response.read())
    print(f"{file}: {image['width']} × {image['height']}, seed {image['seed']}, {job['timings']['compute_ms']} ms")


if __name__ == "__main__":
    main(*sys.argv[1:])
