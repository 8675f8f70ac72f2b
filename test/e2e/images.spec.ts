import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import type { JobEvent } from '../../clients/typescript/src/index.js';
import { Embedded } from '../support/embedded.js';

let service: Embedded;

beforeAll(async () => {
  service = await Embedded.start();
});
afterAll(() => service.stop());

describe('previews', () => {
  it('come as events with signed URLs before the picture, again after Last-Event-ID', async () => {
    const { id } = await service.generate({ prompt: 'red apple', seed: 3, steps: 20, preview_every: 5 });
    const events: JobEvent[] = [];
    for await (const event of service.client.events(id)) events.push(event);
    const previews = events.filter((event) => event.type === 'preview');
    const steps = previews.map(({ data }) => data.step);
    // A busy machine may leave some out, never all.
    expect(steps.length).toBeGreaterThan(0);
    expect([5, 10, 15]).toEqual(expect.arrayContaining(steps));
    for (const { data } of previews) {
      const response = await fetch(data.url);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      const { format, width, height } = await sharp(await response.arrayBuffer()).metadata();
      expect({ format, width, height }).toEqual({ format: 'jpeg', width: data.width, height: data.height });
    }
    expect(events.at(-1)).toMatchObject({ type: 'result', data: { state: 'succeeded' } });
    expect(service.objects(id)).toHaveLength(1 + previews.length);

    const before = events[events.findIndex(({ type }) => type === 'preview') - 1]!;
    const rest = await service.fetch(`/v1/jobs/${id}/events`, { headers: { 'last-event-id': before.id } });
    const ids = [...(await rest.text()).matchAll(/^id: (\S+)\nevent: preview$/gm)].map(([, eventId]) => eventId);
    expect(ids).toEqual(previews.map((preview) => preview.id));
  });
});
