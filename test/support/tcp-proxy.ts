import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline, Transform, type TransformCallback } from 'node:stream';

/**
 * A wire that can be cut, slowed down, or left hanging: stands between the processes of a test and a server. `hang`: bytes
 * are taken and go nowhere, as when a router drops packets; they are lost for good, like the connections that carried them.
 */
export class TcpProxy {
  delayMs = 0;
  private hanging = false;
  private refusing = false;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {}

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, targetPort);
    server.on('connection', (client) => proxy.join(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Breaks all connections; new ones are accepted unless `refuse` says otherwise. */
  cut({ refuse = false } = {}): void {
    this.refusing = refuse;
    for (const socket of this.sockets) socket.destroy();
  }

  hang(): void {
    this.hanging = true;
  }

  /** All is well again; what hung is cut, since bytes of it are missing. */
  restore(): void {
    if (this.hanging) this.cut();
    this.hanging = false;
    this.refusing = false;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    if (this.refusing) {
      client.destroy();
      return;
    }
    const server = connect(this.target, '127.0.0.1');
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => this.sockets.delete(socket));
    }
    const drop = (): void => {
      client.destroy();
      server.destroy();
    };
    pipeline(client, this.wire(), server, drop);
    pipeline(server, this.wire(), client, drop);
  }

  private wire(): Transform {
    const pass = (chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void => {
      const forward = (): void => done(null, this.hanging ? undefined : chunk);
      if (this.delayMs > 0) setTimeout(forward, this.delayMs);
      else forward();
    };
    return new Transform({ transform: pass });
  }
}
