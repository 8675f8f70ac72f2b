import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.js';

describe('createLogger', () => {
  it("leaves out a failed Redis command's arguments, and keeps what went wrong", () => {
    const lines: string[] = [];
    const logger = createLogger('test', 'info', { write: (line) => lines.push(line) });
    const command = { name: 'evalsha', args: ['abc', '{"prompt":"a secret wish"}'] };
    logger.error({ err: Object.assign(new Error('OOM command not allowed'), { command }) }, 'request failed');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('OOM command not allowed');
    expect(lines[0]).not.toContain('secret wish');
  });
});
