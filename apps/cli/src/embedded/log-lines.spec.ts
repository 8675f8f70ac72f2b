import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { readLog } from './log-lines.js';

async function read(...lines: string[]): Promise<{ line: string; isError: boolean }[]> {
  const source = new PassThrough();
  const read: { line: string; isError: boolean }[] = [];
  readLog(source, 'api', (line, _message, isError) => read.push({ line: line.slice('00:00:00 '.length), isError }));
  source.end(lines.join('\n'));
  await once(source, 'close');
  return read;
}

describe('readLog', () => {
  it("shortens pino's lines and keeps plain ones", async () => {
    expect(await read('{"level":30,"msg":"ready"}', 'plain text', '{"not":"a log"}')).toEqual([
      { line: 'api      ready', isError: false },
      { line: 'api      plain text', isError: false },
      { line: 'api      {"not":"a log"}', isError: false },
    ]);
  });

  it('shows requests in one line', async () => {
    const request = {
      level: 30,
      msg: 'request completed',
      req: { method: 'GET', path: '/v1/jobs' },
      res: { statusCode: 200 },
    };
    expect(await read(JSON.stringify({ ...request, responseTime: 3.2 }))).toEqual([
      { line: 'api      GET /v1/jobs 200 3 ms', isError: false },
    ]);
  });

  it('marks errors and adds their cause', async () => {
    expect(await read('{"level":50,"msg":"upload failed","err":{"message":"disk full"}}')).toEqual([
      { line: 'api      error: upload failed: disk full', isError: true },
    ]);
  });
});
