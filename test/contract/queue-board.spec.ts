import { beforeAll, describe, expect, it } from '@jest/globals';
import { scopes } from '@app/common/auth/scopes.js';
import { useApi } from '../support/api.js';

const { api } = await useApi();

describe('/admin/queues', () => {
  let admin: string;

  beforeAll(async () => {
    admin = await api.keyOf({ tenant: 'operator', scopes: ['generate', 'admin'] });
  });

  it.each(['', '/', '/api/queues', '/static/css/main.css'])(
    'lets nobody without the scope admin see %j',
    async (path) => {
      const nobody = await api.call(`/admin/queues${path}`);
      expect([nobody.status, nobody.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="zimage-queue"']);
      const key = await api.keyOf({ tenant: 'acme', scopes: scopes.filter((scope) => scope !== 'admin') });
      const other = await api.call(`/admin/queues${path}`, { key });
      expect([other.status, other.json]).toEqual([403, expect.objectContaining({ code: 'scope_missing' })]);
    },
  );

  it('shows the queues of all models, and of deliveries, to a browser that sends the key as password', async () => {
    const authorization = `Basic ${Buffer.from(`admin:${admin}`).toString('base64')}`;
    const page = await api.call('/admin/queues/', { headers: { authorization } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    const script = /src="(static\/js\/main[^"]+)"/.exec(page.text)?.[1];
    expect((await api.call(`/admin/queues/${script}`, { headers: { authorization } })).status).toBe(200);
    const { queues } = (await api.call('/admin/queues/api/queues', { headers: { authorization } })).json as {
      queues: { name: string; readOnlyMode: boolean }[];
    };
    expect(queues.map(({ name }) => name)).toEqual([
      'z-image-nano-turbo-jobs',
      'z-image-nano-jobs',
      'z-image-nano-edit-jobs',
      'deliveries',
    ]);
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
  });

  it('changes nothing', async () => {
    await api.post(admin, { prompt: 'x' });
    for (const action of ['pause', 'empty', 'obliterate']) {
      const answer = await api.call(`/admin/queues/api/queues/z-image-nano-turbo-jobs/${action}`, {
        method: 'PUT',
        key: admin,
      });
      expect([action, answer.status]).toEqual([action, 405]);
    }
    const { queues } = (await api.call('/admin/queues/api/queues', { key: admin })).json as {
      queues: { counts: Record<string, number>; isPaused: boolean }[];
    };
    expect(Object.values(queues[0]!.counts).reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(queues[0]!.isPaused).toBe(false);
  });
});
