"""Receives zimage-queue's webhooks: PORT=8787 WEBHOOK_SECRETS=whsec_…[,whsec_…] python3 server.py"""

import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

# The tenant's secret; during a rotation the new one and the one before it.
WEBHOOKS = [Webhook(secret) for secret in os.environ["WEBHOOK_SECRETS"].split(",")]
# Deliveries that were handled. A real service keeps them for some days, with what they caused in one transaction.
HANDLED = set()
HANDLING = threading.Lock()
# Bodies are below 20 kB; more is not from the service.
MAX_BYTES = 65_536


def verified(body, headers):
    """The event, when one of the secrets made its signature within the last five minutes; else None."""
    for webhook in WEBHOOKS:
        try:
            return webhook.verify(body, headers)
        except WebhookVerificationError:
            pass  # perhaps by the next one
    return None


def handle(event):
    job = event["data"]
    # Image URLs expire: fetch the image now, or the job again when it is needed.
    print(event["type"], job["id"], *[image["url"] for image in job["images"]], flush=True)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers.get("content-length", 0))
        if self.path != "/webhooks" or size > MAX_BYTES:
            return self.answer(404 if self.path != "/webhooks" else 413)
        # The signature is over the bytes as they came: a parsed and printed body would not match.
        body = self.rfile.read(size).decode("utf-8", "replace")
        event = verified(body, {name.lower(): value for name, value in self.headers.items()})
        if event is None:
            return self.answer(401)
        delivery = self.headers["webhook-id"]
        with HANDLING:
            if delivery not in HANDLED:
                handle(event)
                HANDLED.add(delivery)
        # Within 15 seconds: what takes longer belongs into a queue. Anything but 2xx is delivered again.
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8787))), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}/webhooks", flush=True)
    server.serve_forever()
