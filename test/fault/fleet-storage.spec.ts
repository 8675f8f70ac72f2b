import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { auditFleet } from '../fleet/audit.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { faultScale, reportFault } from '../support/fault-report.js';
import { FaultyHttp, type HttpFault } from '../support/faulty-http.js';
import { startS3Server, type S3Server } from '../support/s3-server.js';

describe('a storage that fails', () => {
  let server: S3Server;
  let proxy: FaultyHttp;
  let client: S3Client;
  let fleet: Fleet;
  beforeAll(async () => {
    server = await startS3Server();
    const endpoint = new URL(server.storageUrl).searchParams.get('endpoint')!;
    proxy = await FaultyHttp.start(endpoint);
    client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
    fleet = await Fleet.start({
      workers: 2,
      storageUrl: server.storageUrl.replace(endpoint, proxy.url),
      objectsOf: async (id) => {
        const keys: string[] = [];
        const pages = paginateListObjectsV2({ client }, { Bucket: 'images', Prefix: `acme/${id}` });
        for await (const { Contents = [] } of pages) keys.push(...Contents.map(({ Key }) => Key!));
        return keys;
      },
      environment: { INSTANT_STEP_MS: '5' },
    });
  });
  afterEach(() => {
    proxy.faultOf = () => 'none';
  });
  afterAll(async () => {
    await fleet.stop();
    client.destroy();
    await proxy.stop();
    await server.stop();
  });

  const run = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let seed = 0; seed < count; seed++) ids.push((await fleet.generate({ seed, n: 2 })).id);
    return ids;
  };
  const everyTenth =
    (fault: HttpFault, ...tenths: number[]) =>
    (asked: number): HttpFault =>
      tenths.includes(asked % 10) ? fault : 'none';

  it.each([
    ['30 % of all requests answered with 503', 'unavailable', everyTenth('unavailable', 0, 3, 6)],
    ['a third of all requests slow', 'slow', everyTenth('slow', 1, 4, 7)],
    ['half of all writes done, but the reply lost', 'reply lost', everyTenth('reply lost', 0, 2, 4, 6, 8)],
  ] as const)('%s: each job succeeds with its objects, none twice, none partial', async (name, fault, faultOf) => {
    let asked = 0;
    const before = proxy.counts[fault];
    proxy.faultOf = ({ method }) => (fault !== 'reply lost' || method === 'PUT' ? faultOf(asked++) : 'none');
    const ids = await run(20 * faultScale);
    const audit = await auditFleet(fleet, ids);
    reportFault(`storage: ${name}`, audit);
    expect(audit).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, states: { succeeded: ids.length } });
    expect(proxy.counts[fault]).toBeGreaterThan(before + 5);
    for (const id of ids) {
      const images = JSON.parse((await fleet.document(id)).images!) as { sha256: string }[];
      expect(images.map(({ sha256 }) => sha256.length)).toEqual([64, 64]);
    }
  });
});
