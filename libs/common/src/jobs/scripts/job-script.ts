import type { Redis } from 'ioredis';
import { jobKeyNames, type JobKeyName, type JobKeys } from '../model-keys.js';
import { Script } from './script.js';

/** Longer than a worker that lost its job goes on with it. */
const leftoversAfterMs = 60_000;

/** What scripts share, by the name of what it defines. A part may use those above it. */
const parts: Readonly<Record<string, string>> = {
  now: `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)`,

  terminal: `
local terminal = { succeeded = true, failed = true, canceled = true, expired = true }`,

  runsUnder: `
local function runsUnder(fence)
  return doc.state == 'running' and tonumber(doc.fence) == tonumber(fence)
end`,

  document: `
local function document()
  return redis.call('HGETALL', job)
end`,

  emit: `
local function emit(kind, data)
  redis.call('XADD', events, 'MAXLEN', '~', 1000, '*', 'type', kind, 'data', cjson.encode(data))
end`,

  announce: `
-- Writes the webhook to the outbox, when the request asked for this event. The suffix tells repeated events apart.
local function announce(event, suffix)
  if doc.webhookEvents and string.find(doc.webhookEvents, event, 1, true) then
    redis.call('ZADD', outbox, now, doc.id .. '.' .. event .. (suffix or ''))
  end
end`,

  refund: `
-- A job that ends without having run gives its place in the fair queue back to its flow.
local function refund()
  if redis.call('HEXISTS', fair, doc.flow) == 1 then
    redis.call('HINCRBYFLOAT', fair, doc.flow, '-' .. doc.share)
  end
end`,

  oweCopies: `
-- Images are copied to the client's own storage once there are some: an outbox entry for each.
local function oweCopies()
  if not doc.putUrls then return end
  for i = 1, #cjson.decode(doc.putUrls) do
    redis.call('ZADD', outbox, now, doc.id .. '.copy.' .. i - 1)
  end
end`,

  finish: `
-- The one way into a terminal state. The fields and values that follow the state are written with it.
local function finish(state, ...)
  if doc.state == 'queued' then
    refund()
    redis.call('ZREM', unqueued, doc.id)
  end
  redis.call('HSET', job, 'state', state, 'finishedAt', now, ...)
  redis.call('ZREM', open, doc.id)
  if doc.deadlineAt or doc.cancelRequestedAt then redis.call('ZREM', due, doc.id) end
  -- Not at once: a worker that was stopped may still be uploading.
  if state ~= 'succeeded' and doc.attempts then
    redis.call('ZADD', leftovers, now + ${leftoversAfterMs}, doc.id)
  end
  redis.call('HINCRBY', tenants, doc.tenant, -1)
  redis.call('INCRBYFLOAT', backlog, '-' .. doc.cost)
  emit('result', { state = state })
  announce('job.' .. state)
  if state == 'succeeded' then oweCopies() end
  -- Counted against the tenant's quota, which lies in another slot: given back by the sender.
  if doc.metered and (doc.state == 'queued' or state == 'failed') then
    redis.call('ZADD', outbox, now, doc.id .. '.refund')
  end
  redis.call('PEXPIRE', job, doc.ttlMs)
  redis.call('PEXPIRE', events, doc.ttlMs)
end`,
};

/**
 * A Lua script over one job. Its body may use, by name: the keys of {@link JobKeys}; `doc`, the document's fields as they were when
 * the script began, absent ones false (counters are absent at zero); and the shared parts. What it does not name is neither
 * sent nor read nor run: half of what a small script costs Redis would be that.
 */
export class JobScript {
  private readonly script: Script;
  private readonly keys: readonly JobKeyName[];

  constructor(body: string) {
    const shared = withParts(body);
    const code = `${readOfDocument(shared)}\n${shared}`;
    const words = wordsOf(code);
    this.keys = jobKeyNames.filter((name) => words.has(name));
    this.script = new Script(`local ${this.keys.join(', ')} = unpack(KEYS)\n${code}`);
  }

  /** Throws for a key that the script names and `keys` lacks. */
  async run(redis: Redis, keys: JobKeys, args: (string | number)[] = []): Promise<unknown> {
    const given = this.keys.map((name) => {
      const key = keys[name];
      if (key === undefined) throw new TypeError(`the script needs the key ${name}`);
      return key;
    });
    return this.script.run(redis, given, args);
  }
}

/** The body after the parts that it needs, and those that these need. */
function withParts(body: string): string {
  let code = body;
  for (const [name, part] of Object.entries(parts).reverse()) if (wordsOf(code).has(name)) code = `${part}\n${code}`;
  return code;
}

/** One read of all fields that the code names. */
function readOfDocument(code: string): string {
  const fields = [...new Set([...code.matchAll(/\bdoc\.(\w+)/g)].map(([, field = '']) => field))];
  if (fields.length === 0) return '';
  const values = `unpack(redis.call('HMGET', job, '${fields.join("', '")}'))`;
  return `local doc = {}\n${fields.map((field) => `doc.${field}`).join(', ')} = ${values}`;
}

/** Outside of comments and texts. */
const wordsOf = (code: string): Set<string> => new Set(code.replace(/--.*$|'[^']*'/gm, '').match(/\w+/g));
