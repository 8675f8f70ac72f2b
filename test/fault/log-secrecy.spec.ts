import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { Fleet } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const secret = 'heliotrope';

describe('the logs of a run', () => {
  it('tell of requests and jobs, with no prompt, key, image or signature in them, even at debug', async () => {
    const fleet = await Fleet.start({ environment: { LOG_LEVEL: 'debug' } });
    const receiver = await WebhookReceiver.start();
    try {
      const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
        .png()
        .toBuffer();
      const image = `data:image/png;base64,${png.toString('base64')}`;
      const texts = { prompt: `a ${secret}`, negative_prompt: `no ${secret}`, metadata: { note: secret } };
      const webhook = { url: `${receiver.url}?token=${secret}` };
      const { secret: webhookSecret } = (await (await fleet.get('/v1/webhook-secret')).json()) as { secret: string };

      const done = await fleet.generate({ ...texts, webhook });
      const failing = await fleet.generate({ ...texts, prompt: `greedy ${secret}`, image });
      const crashing = await fleet.generate({ ...texts, prompt: `crash ${secret}` });
      await Promise.all([done, failing, crashing].map(({ id }) => fleet.finished(id)));
      const job = (await (await fleet.get(`/v1/jobs/${done.id}`)).json()) as { images: { url: string }[] };
      const url = job.images[0]!.url;
      expect((await fetch(url)).status).toBe(200);

      const refused = await Promise.all([
        fleet.post({ ...texts, steps: secret }),
        fleet.post({ ...texts, image: `https://127.0.0.1/${secret}` }),
        fleet.post(texts, { key: `zq_${secret}` }),
        fleet.post(texts, { headers: { 'idempotency-key': `${secret} ${secret}` } }),
        fleet.get(`/v1/jobs?cursor=${secret}`),
      ]);
      expect(refused.map(({ status }) => status)).toEqual([422, 422, 401, 422, 422]);
      await eventually(() => receiver.received.length === 1);

      const log = fleet.log();
      expect(log).toContain('"path":"/v1/generations"');
      expect(log).toContain(`"path":"/v1/jobs/${done.id}"`);
      const signature = new URL(url).searchParams.get('signature')!;
      for (const kept of [secret, fleet.key, webhookSecret, signature, png.toString('base64').slice(0, 40)]) {
        expect(log).not.toContain(kept);
      }
    } finally {
      await Promise.all([fleet.stop(), receiver.stop()]);
    }
  });
});
