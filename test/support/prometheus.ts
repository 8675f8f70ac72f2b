import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../apps/cli/src/embedded/port.js';

const folder = resolve('.tools/prometheus');
const program = (name: string): string => {
  if (!existsSync(join(folder, name))) throw new Error(`no ${name}: run scripts/install-prometheus.sh`);
  return join(folder, name);
};

/** Where there is no apt-get to have Prometheus from, its tests are left out; scripts/install-prometheus.sh says so. */
export const prometheusCanBeHad =
  existsSync(join(folder, 'promtool')) || spawnSync('apt-get', ['--version']).error === undefined;

/** What promtool says; throws when it fails. */
export const promtool = (...args: string[]): string => execFileSync(program('promtool'), args, { encoding: 'utf8' });

export interface Sample {
  metric: Record<string, string>;
  value: number;
}

/** A real Prometheus with a configuration and rules of the test's own. */
export class Prometheus {
  private constructor(
    readonly url: string,
    readonly stop: () => Promise<void>,
  ) {}

  /** `config`: the text of its prometheus.yml. Resolves when it is ready. */
  static async start(config: string): Promise<Prometheus> {
    const data = mkdtempSync(join(tmpdir(), 'zimage-prometheus-'));
    writeFileSync(join(data, 'prometheus.yml'), config);
    const url = `http://127.0.0.1:${await freePort()}`;
    const server = spawn(
      program('prometheus'),
      [
        `--config.file=${join(data, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(data, 'tsdb')}`,
        `--web.listen-address=${new URL(url).host}`,
      ],
      { stdio: 'ignore' },
    );
    const stop = async (): Promise<void> => {
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      rmSync(data, { recursive: true, force: true });
    };
    for (const end = Date.now() + 20_000; ;) {
      const ready = await fetch(`${url}/-/ready`).catch(() => null);
      if (ready?.ok === true) return new Prometheus(url, stop);
      if (Date.now() > end || server.exitCode !== null) {
        await stop();
        throw new Error('prometheus did not come up');
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The series that an expression has now. Throws what Prometheus says of a wrong one. */
  async query(expression: string): Promise<Sample[]> {
    const data = (await this.get(`query?${new URLSearchParams({ query: expression }).toString()}`)) as {
      result: { metric: Record<string, string>; value: [number, string] }[];
    };
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Health of every rule, by name. */
  async rules(): Promise<Map<string, string>> {
    const data = (await this.get('rules')) as { groups: { rules: { name: string; health: string }[] }[] };
    return new Map(data.groups.flatMap(({ rules }) => rules).map(({ name, health }) => [name, health]));
  }

  private async get(path: string): Promise<unknown> {
    const answer = (await (await fetch(`${this.url}/api/v1/${path}`)).json()) as { data: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.data;
  }
}
