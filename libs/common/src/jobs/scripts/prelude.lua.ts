/** Longer than a worker that lost its job goes on with it. */
const leftoversAfterMs = 60_000;

/**
 * What every job script begins with: the keys of `ModelKeys.ofJob` by name, Redis' own time, what scripts decide by of the
 * document, and the one way into a terminal state. Written for Redis' time: one read of the document, and no write that
 * changes nothing.
 */
export const prelude = `
local job, events, open, tenants, backlog, unqueued, due, outbox, fair, leftovers = unpack(KEYS, 1, 10)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local terminal = { succeeded = true, failed = true, canceled = true, expired = true }

-- The document's fields as they were when the script began; absent ones are nil. Counters are absent at zero.
local names = { 'id', 'tenant', 'flow', 'cost', 'share', 'ttlMs', 'state', 'tag', 'fence', 'attempts', 'crashes', 'createdAt',
  'deadlineAt', 'cancelRequestedAt', 'error', 'webhookEvents', 'putUrls', 'metered' }
local doc = {}
for i, value in ipairs(redis.call('HMGET', job, unpack(names))) do
  doc[names[i]] = value or nil
end

local function runsUnder(fence)
  return doc.state == 'running' and tonumber(doc.fence) == tonumber(fence)
end

local function document()
  return redis.call('HGETALL', job)
end

local function emit(kind, data)
  redis.call('XADD', events, 'MAXLEN', '~', 1000, '*', 'type', kind, 'data', cjson.encode(data))
end

-- Writes the webhook to the outbox, when the request asked for this event. The suffix tells repeated events apart.
local function announce(event, suffix)
  if doc.webhookEvents and string.find(doc.webhookEvents, event, 1, true) then
    redis.call('ZADD', outbox, now, doc.id .. '.' .. event .. (suffix or ''))
  end
end

-- A job that ends without having run gives its place in the fair queue back to its flow.
local function refund()
  if redis.call('HEXISTS', fair, doc.flow) == 1 then
    redis.call('HINCRBYFLOAT', fair, doc.flow, '-' .. doc.share)
  end
end

-- Images are copied to the client's own storage once there are some: an outbox entry for each.
local function oweCopies()
  if not doc.putUrls then return end
  for index = 1, #cjson.decode(doc.putUrls) do
    redis.call('ZADD', outbox, now, doc.id .. '.copy.' .. index - 1)
  end
end

-- The fields and values that follow the state are written with it.
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
end
`;
