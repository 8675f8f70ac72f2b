/** Receives zimage-queue's webhooks: PORT=8787 WEBHOOK_SECRETS=whsec_…[,whsec_…] node server.mjs */
import express from 'express';
import { Webhook } from 'standardwebhooks';

/** The tenant's secret; during a rotation the new one and the one before it. */
const webhooks = process.env.WEBHOOK_SECRETS.split(',').map((secret) => new Webhook(secret));
/** Deliveries that were handled. A real service keeps them for some days, with what they caused in one transaction. */
const handled = new Set();

const app = express();
// The signature is over the bytes as they came: a parsed and printed body would not match.
app.post('/webhooks', express.raw({ type: 'application/json' }), (request, response) => {
  const event = verified(request);
  if (event === undefined) {
    response.sendStatus(401);
    return;
  }
  const id = request.headers['webhook-id'];
  if (!handled.has(id)) {
    handled.add(id);
    handle(event);
  }
  // Within 15 seconds: what takes longer belongs into a queue. Anything but 2xx is delivered again.
  response.sendStatus(204);
});

const server = app.listen(Number(process.env.PORT ?? 8787), '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}/webhooks`),
);
process.on('SIGTERM', () => server.close());

/** The event, when one of the secrets made its signature within the last five minutes. */
function verified(request) {
  for (const webhook of webhooks) {
    try {
      return webhook.verify(request.body, request.headers);
    } catch {
      // Perhaps by the next one.
    }
  }
  return undefined;
}

function handle({ type, data: job }) {
  // Image URLs expire: fetch the image now, or the job again when it is needed.
  console.log(`${type} ${job.id} ${job.images.map(({ url }) => url).join(' ')}`);
}
