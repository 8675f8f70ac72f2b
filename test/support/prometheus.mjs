/** A real Prometheus for the suites (jest) and the scripts (plain node), on what `npm run build` made; types in prometheus.d.mts. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { URLSearchParams } from 'node:url';
import { parse, stringify } from 'yaml';
import { freePort } from '../../dist/apps/cli/src/embedded/port.js';

const folder = resolve('.tools/prometheus');
const program = (name) => {
  if (!existsSync(join(folder, name))) throw new Error(`no ${name}: run scripts/install-prometheus.sh`);
  return join(folder, name);
};

export const prometheusCanBeHad =
  existsSync(join(folder, 'promtool')) || spawnSync('apt-get', ['--version']).error === undefined;

export const promtool = (...args) => execFileSync(program('promtool'), args, { encoding: 'utf8' });

export class Prometheus {
  constructor(url, stop) {
    this.url = url;
    this.stop = stop;
  }

  static scraping(targets) {
    const { scrape_configs } = parse(readFileSync('observability/prometheus.yml', 'utf8'));
    return Prometheus.start(
      scrape_configs.map(({ job_name }) => ({ job_name, static_configs: [{ targets: targets[job_name] }] })),
    );
  }

  static async start(scrapeConfigs) {
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [resolve('observability/alerts.yml')],
      scrape_configs: scrapeConfigs,
    };
    const data = mkdtempSync(join(tmpdir(), 'zimage-prometheus-'));
    writeFileSync(join(data, 'prometheus.yml'), stringify(config));
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
    const stop = async () => {
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      rmSync(data, { recursive: true, force: true });
    };
    for (const end = Date.now() + 60_000; ; await sleep(100)) {
      const ready = await fetch(`${url}/-/ready`).catch(() => null);
      if (ready?.ok === true) return new Prometheus(url, stop);
      if (Date.now() > end || server.exitCode !== null) {
        await stop();
        throw new Error('prometheus did not come up');
      }
    }
  }

  async query(expression) {
    const { result } = await this.get('query', { query: expression });
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async queryRange(expression, { startS, endS, stepS }) {
    const { result } = await this.get('query_range', { query: expression, start: startS, end: endS, step: stepS });
    return result.map(({ metric, values }) => ({
      metric,
      points: values.map(([timeS, value]) => [timeS, Number(value)]),
    }));
  }

  async rules() {
    const { groups } = await this.get('rules', {});
    return new Map(groups.flatMap(({ rules }) => rules).map(({ name, health }) => [name, health]));
  }

  async get(path, parameters) {
    const answer = await (await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`)).json();
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.data;
  }
}
