import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ServiceError } from '@app/common/errors.js';

const firstPort = 3000;
const portsToTry = 100;

/** The port that was asked for cannot be listened on. */
export class PortUnavailable extends ServiceError {
  readonly code = 'port_unavailable';
}

/** The wanted port, or 3000 or the next one that is free. Throws {@link PortUnavailable}. */
export async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined) {
    const fault = await probe(wanted);
    if (fault) throw new PortUnavailable(`port ${wanted} cannot be used (${fault}); choose another with --port`);
    return wanted;
  }
  for (let port = firstPort; port < firstPort + portsToTry; port++) {
    if ((await probe(port)) === null) return port;
  }
  throw new PortUnavailable(`no free port from ${firstPort} to ${firstPort + portsToTry - 1}; choose one with --port`);
}

/**
 * A port that nobody listens on now, below those that systems give to outgoing connections: among them a connection of
 * anybody's may take it before we do, and a client that waits there for a server can end up connected to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 22_000);
    if ((await probe(port)) === null) return port;
  }
}

/** Why nobody can listen on this loopback port now, or null. */
async function probe(port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'in use' : (error as Error).message;
  }
  server.close();
  await once(server, 'close');
  return null;
}
