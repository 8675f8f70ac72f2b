import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis, type RedisServer } from './redis-server.js';

const restartDelayMs = 500;

/** A Redis server of our own, started again on the same port and data when it dies. */
export class OwnRedis {
  private server: RedisServer | undefined;
  private stopping = false;

  constructor(private readonly options: { root: string; dataDir: string; log: (line: string) => void }) {}

  /** Starts the server; its URL. Throws RedisMissing, RedisStartFailed or DataFolderInUse. */
  async start(): Promise<string> {
    const server = await this.launch();
    return server.url;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.server?.stop();
  }

  private async launch(port?: number): Promise<RedisServer> {
    const { root, dataDir } = this.options;
    const server = await startRedis({ root, dataDir, ...(port !== undefined && { port }) });
    this.server = server;
    server.process.once('exit', () => void this.relaunch(server.port));
    return server;
  }

  private async relaunch(port: number): Promise<void> {
    while (!this.stopping) {
      this.options.log('redis ended, starting it again');
      await sleep(restartDelayMs);
      try {
        await this.launch(port);
        return;
      } catch (error) {
        this.options.log(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
