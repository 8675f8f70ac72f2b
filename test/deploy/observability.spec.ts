import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { freePort } from '../../apps/cli/src/embedded/port.js';
import { drawDashboard } from '../../scripts/dashboard/draw-dashboard.mjs';
import { Fleet } from '../fleet/fleet.mjs';
import { eventually } from '../support/eventually.js';
import { Prometheus, prometheusCanBeHad, promtool, type Sample } from '../support/prometheus.mjs';
import { WebhookReceiver } from '../support/webhook-receiver.js';

interface Dashboard {
  uid: string;
  panels: { title: string; datasource: { uid: string }; targets: { expr: string; legendFormat: string }[] }[];
}
interface Rules {
  groups: { rules: { alert: string; labels: { severity: string } }[] }[];
}

const dashboard = JSON.parse(readFileSync('observability/grafana/zimage-queue.json', 'utf8')) as Dashboard;
const alerts = (parse(readFileSync('observability/alerts.yml', 'utf8')) as Rules).groups.flatMap(({ rules }) => rules);

/** Queries that have nothing to show on a machine of the tests, and why. */
const withoutData: Record<string, string> = {
  'sum by (model, instance) (zimage_gpu_memory_used_bytes)': 'no nvidia-smi, no series',
};

it('has an entry in the runbook for every alert', () => {
  const operations = readFileSync('docs/operations.md', 'utf8');
  for (const { alert } of alerts) expect(operations).toMatch(new RegExp(`^### ${alert}$`, 'm'));
});

it('provisions Grafana with the dashboard, from the data source that its panels name', () => {
  const { datasources } = parse(readFileSync('observability/grafana/datasource.yml', 'utf8')) as {
    datasources: { uid: string; type: string; url: string }[];
  };
  const { providers } = parse(readFileSync('observability/grafana/dashboards.yml', 'utf8')) as {
    providers: { options: { path: string } }[];
  };
  const { services, configs } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { configs?: { source: string; target: string }[] }>;
    configs: Record<string, { file?: string }>;
  };
  const mounted = new Map(services.grafana!.configs!.map(({ source, target }) => [configs[source]!.file, target]));
  expect(new Set(dashboard.panels.map(({ datasource }) => datasource.uid))).toEqual(new Set([datasources[0]!.uid]));
  expect(Object.keys(services)).toContain(new URL(datasources[0]!.url).hostname);
  expect(mounted.get('./observability/grafana/datasource.yml')).toMatch(/^\/etc\/grafana\/provisioning\/datasources\//);
  expect(mounted.get('./observability/grafana/dashboards.yml')).toMatch(/^\/etc\/grafana\/provisioning\/dashboards\//);
  expect(mounted.get('./observability/grafana/zimage-queue.json')).toContain(`${providers[0]!.options.path}/`);
});

(prometheusCanBeHad ? describe : describe.skip)('by a real Prometheus', () => {
  it('is a valid configuration with valid rules', () => {
    expect(promtool('check', 'config', 'observability/prometheus.yml')).toContain(`${alerts.length} rules found`);
  });

  it('fires each alert in the case it is for, and not in others', () => {
    expect(promtool('test', 'rules', 'observability/alerts.test.yml')).toContain('SUCCESS');
    const cases = readFileSync('observability/alerts.test.yml', 'utf8');
    for (const { alert } of alerts) expect(cases).toContain(alert);
  });

  describe('that scrapes an API, a sender and a worker with a real engine', () => {
    let fleet: Fleet;
    let receiver: WebhookReceiver;
    let prometheus: Prometheus;
    let workerMetrics: URL;

    beforeAll(async () => {
      const [worker, sender] = ['dist/apps/worker/src/main.js', 'dist/apps/api/src/sender.js'];
      const ports: Record<string, string> = { [worker]: String(await freePort()), [sender]: String(await freePort()) };
      receiver = await WebhookReceiver.start();
      fleet = await Fleet.start({
        workerEntry: worker,
        environmentOf: (entry) => (ports[entry] === undefined ? {} : { METRICS_PORT: ports[entry] }),
      });
      workerMetrics = new URL(`http://127.0.0.1:${ports[worker]}`);
      prometheus = await Prometheus.scraping({
        api: [new URL(fleet.url).host],
        sender: [`127.0.0.1:${ports[sender]}`],
        worker: [workerMetrics.host],
      });
      await eventually(async () => (await prometheus.query('up == 1')).length === 3);
      const webhook = { url: receiver.url };
      for (const seed of [1, 2, 3]) await fleet.generate({ prompt: 'red apple', seed, steps: 2, webhook });
      await eventually(() => receiver.received.length === 3);
    });
    afterAll(async () => {
      await prometheus.stop();
      await Promise.all([fleet.stop(), receiver.stop()]);
    });

    it.each(
      dashboard.panels.flatMap(({ title, targets }) =>
        targets.map(({ expr, legendFormat }) => [title, expr, legendFormat]),
      ),
    )('panel "%s": %s', async (_title, expression, legendFormat) => {
      if (withoutData[expression] !== undefined) {
        expect(await prometheus.query(expression)).toEqual([]);
        return;
      }
      let samples: Sample[] = [];
      // A rate needs two scrapes around what it counts.
      await eventually(async () => {
        samples = await prometheus.query(expression);
        return samples.some(({ value }) => Number.isFinite(value));
      });
      // What the legend names is a label of the series.
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        for (const { metric } of samples) expect(Object.keys(metric)).toContain(label);
      }
    });

    it('finds pods by prometheus-kubernetes.yml, under the job that alerts and dashboard ask for', async () => {
      const { scrape_configs, rule_files } = parse(readFileSync('observability/prometheus-kubernetes.yml', 'utf8')) as {
        scrape_configs: { relabel_configs: object[] }[];
        rule_files: string[];
      };
      expect(rule_files).toEqual(['alerts.yml']);
      // What its discovery would tell of the processes, and of a pod that is nobody's to scrape.
      const pod = (name: string, address: URL, scrape: string) => ({
        targets: ['10.0.0.1:1'],
        labels: {
          __meta_kubernetes_pod_ip: address.hostname,
          __meta_kubernetes_pod_name: `${name}-0`,
          __meta_kubernetes_pod_label_app_kubernetes_io_name: name,
          __meta_kubernetes_pod_annotation_prometheus_io_scrape: scrape,
          __meta_kubernetes_pod_annotation_prometheus_io_port: address.port,
        },
      });
      const pods = await Prometheus.start(
        scrape_configs.map(({ relabel_configs }) => ({
          job_name: 'pods',
          relabel_configs,
          static_configs: [
            pod('api', new URL(fleet.url), 'true'),
            pod('worker', workerMetrics, 'true'),
            pod('redis', new URL(fleet.url), ''),
          ],
        })),
      );
      try {
        await eventually(async () => (await pods.query('up == 1')).length === 2);
        const found = (await pods.query('up')).map(({ metric }) => `${metric.job} ${metric.instance}`);
        expect(found.sort()).toEqual(['api api-0', 'worker worker-0']);
      } finally {
        await pods.stop();
      }
    });

    it('draws every panel of the dashboard with its series', async () => {
      const endS = Date.now() / 1000;
      const svg = await drawDashboard(prometheus, { startS: endS - 60, endS, stepS: 1 });
      const texts = [...svg.matchAll(/>([^<]+)<\/text>/g)].map(([, text]) => text!.replaceAll('&#39;', "'"));
      const legends = ['p95 instant', 'budget instant', '/v1/generations 202', 'delivered'];
      expect(texts).toEqual(expect.arrayContaining([...dashboard.panels.map(({ title }) => title), ...legends]));
      expect(texts).not.toContain('No data');
    });

    it('evaluates every alert, and none fires', async () => {
      await eventually(async () => [...(await prometheus.rules()).values()].every((health) => health === 'ok'));
      expect([...(await prometheus.rules()).keys()].sort()).toEqual(alerts.map(({ alert }) => alert).sort());
      expect(await prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
    });
  });
});
