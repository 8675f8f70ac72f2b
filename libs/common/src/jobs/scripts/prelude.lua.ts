/** Longer than a worker that lost its job goes on with it. */
const leftoversAfterMs = 60_000;

/**
 * What every job script begins with: the keys of `ModelKeys.ofJob` by name, Redis' own time, and the one way into a
 * terminal state.
 */
export const prelude = `
local job, events, open, tenants, backlog, unqueued, due, outbox, fair, leftovers = unpack(KEYS, 1, 10)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local terminal = { succeeded = true, failed = true, canceled = true, expired = true }

local function get(field)
  return redis.call('HGET', job, field)
end

local function number(field)
  return tonumber(get(field) or nil)
end

-- The values of several fields; false for an absent one.
local function fields(...)
  return unpack(redis.call('HMGET', job, ...))
end

local function document()
  return redis.call('HGETALL', job)
end

local function emit(kind, data)
  redis.call('XADD', events, 'MAXLEN', '~', 1000, '*', 'type', kind, 'data', cjson.encode(data))
end

-- Writes the webhook to the outbox, when the request asked for this event. The suffix tells repeated events apart.
local function announce(event, suffix)
  local wanted = get('webhookEvents')
  if wanted and string.find(wanted, event, 1, true) then
    redis.call('ZADD', outbox, now, get('id') .. '.' .. event .. (suffix or ''))
  end
end

-- A job that ends without having run gives its place in the fair queue back to its flow.
local function refund()
  local flow, share = fields('flow', 'share')
  if redis.call('HEXISTS', fair, flow) == 1 then
    redis.call('HINCRBYFLOAT', fair, flow, '-' .. share)
  end
end

-- Images are copied to the client's own storage once there are some: an outbox entry for each.
local function oweCopies(id)
  local putUrls = get('putUrls')
  if not putUrls then return end
  for index = 1, #cjson.decode(putUrls) do
    redis.call('ZADD', outbox, now, id .. '.copy.' .. index - 1)
  end
end

local function finish(state)
  local id, tenant, cost, ttl, before = fields('id', 'tenant', 'cost', 'ttlMs', 'state')
  if before == 'queued' then refund() end
  redis.call('HSET', job, 'state', state, 'finishedAt', now)
  redis.call('ZREM', open, id)
  redis.call('ZREM', unqueued, id)
  redis.call('ZREM', due, id)
  -- Not at once: a worker that was stopped may still be uploading.
  if state ~= 'succeeded' and number('attempts') > 0 then
    redis.call('ZADD', leftovers, now + ${leftoversAfterMs}, id)
  end
  redis.call('HINCRBY', tenants, tenant, -1)
  redis.call('INCRBYFLOAT', backlog, '-' .. cost)
  emit('result', { state = state })
  announce('job.' .. state)
  if state == 'succeeded' then oweCopies(id) end
  -- Counted against the tenant's quota, which lies in another slot: given back by the sender.
  if (before == 'queued' or state == 'failed') and get('metered') then
    redis.call('ZADD', outbox, now, id .. '.refund')
  end
  redis.call('PEXPIRE', job, ttl)
  redis.call('PEXPIRE', events, ttl)
end
`;
