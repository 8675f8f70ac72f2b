import { describe, expect, it } from '@jest/globals';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { TriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { renderOverlay, runTool, type Manifest } from './tools.js';

interface Container {
  name: string;
  env?: { name: string; value?: string }[];
  startupProbe?: object;
  livenessProbe?: object;
  readinessProbe?: object;
  resources?: { requests?: object; limits?: { memory?: string } };
  securityContext?: object;
}
interface PodSpec {
  automountServiceAccountToken?: boolean;
  serviceAccountName?: string;
  terminationGracePeriodSeconds?: number;
  securityContext?: { runAsNonRoot?: boolean; seccompProfile?: { type: string } };
  containers: Container[];
  initContainers?: Container[];
}

const workloads = (manifests: readonly Manifest[]): { name: string; kind: string; pod: PodSpec }[] =>
  manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map(({ kind, metadata, spec }) => ({
      kind,
      name: metadata.name,
      pod: (spec as { template: { spec: PodSpec } }).template.spec,
    }));
const named = (manifests: readonly Manifest[], kind: string): Manifest[] => manifests.filter((m) => m.kind === kind);

describe.each([
  ['cpu-demo', 'models/catalog.json'],
  ['gpu', 'k8s/overlays/gpu/catalog.json'],
])('overlay %s', (overlay, catalogFile) => {
  const { text, manifests } = renderOverlay(overlay);

  it('is valid by the schemas of Kubernetes and KEDA', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zimage-k8s-'));
    const core = text.split(/^---$/m).filter((document) => !document.includes('keda.sh/'));
    writeFileSync(join(folder, 'rendered.yaml'), core.join('---\n'));
    runTool('kubernetes-validate', ['--strict', '--quiet', join(folder, 'rendered.yaml')]);
    rmSync(folder, { recursive: true });
    for (const manifest of named(manifests, 'ScaledObject')) new ScaledObject(manifest as never).validate();
    for (const manifest of named(manifests, 'TriggerAuthentication')) {
      new TriggerAuthentication(manifest as never).validate();
    }
  });

  it.each(workloads(manifests))('$kind $name is probed, bounded, and has no privileges', ({ pod }) => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    if (pod.serviceAccountName === undefined) expect(pod.automountServiceAccountToken).toBe(false);
    for (const container of pod.containers) {
      for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
        expect(container[probe]).toBeDefined();
      }
    }
    for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
      expect(container.resources?.limits?.memory).toBeDefined();
      expect(container.resources?.requests).toBeDefined();
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('lets Prometheus find every process by its port and the name that the alerts ask for', () => {
    interface Template {
      metadata: { annotations?: Record<string, string>; labels: Record<string, string> };
      spec: { containers: { ports: { containerPort: number }[] }[] };
    }
    const found = named(manifests, 'Deployment').map(({ spec }) => (spec as { template: Template }).template);
    for (const { metadata, spec } of found) {
      expect(metadata.annotations).toMatchObject({ 'prometheus.io/scrape': 'true' });
      const ports = spec.containers.flatMap((container) => container.ports.map(({ containerPort }) => containerPort));
      expect(ports).toContain(Number(metadata.annotations!['prometheus.io/port']));
    }
    const jobs = new Set(found.map(({ metadata }) => metadata.labels['app.kubernetes.io/name']));
    expect([...jobs].sort()).toEqual(['api', 'sender', 'worker']);
  });

  it('scales each model of the catalog by its backlog, down to zero, one pod a minute after five', () => {
    const models = ModelCatalog.read(catalogFile).names;
    const scaled = named(manifests, 'ScaledObject');
    expect(scaled.map(({ metadata }) => metadata.name).sort()).toEqual(models.map((name) => `worker-${name}`).sort());
    for (const { metadata, spec } of scaled) {
      const model = metadata.labels?.['zimage-queue/model'];
      expect(spec).toMatchObject({
        scaleTargetRef: { name: `worker-${model}` },
        minReplicaCount: 0,
        triggers: [{ type: 'metrics-api', metadata: { url: expect.stringContaining(`/v1/models/${model}/backlog`) } }],
        advanced: {
          horizontalPodAutoscalerConfig: {
            behavior: { scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: 'Pods', value: 1 }] } },
          },
        },
      });
      expect(named(manifests, 'Deployment').map((deployment) => deployment.metadata.name)).toContain(`worker-${model}`);
    }
  });

  it('gives a worker longer to end than its grace period, and the sender a place at all times', () => {
    for (const { name, pod } of workloads(manifests).filter((workload) => workload.name.startsWith('worker-'))) {
      const graceS = Number(pod.containers[0]?.env?.find((variable) => variable.name === 'GRACE_S')?.value);
      expect([name, pod.terminationGracePeriodSeconds! > graceS]).toEqual([name, true]);
    }
    const sender = named(manifests, 'Deployment').find(({ metadata }) => metadata.name === 'sender');
    expect((sender?.spec as { replicas: number }).replicas).toBeGreaterThanOrEqual(1);
  });

  it('keeps secrets out of ConfigMaps, and workers away from all but Redis, storage and DNS', () => {
    for (const { data } of named(manifests, 'ConfigMap')) {
      expect(Object.keys(data ?? {}).filter((key) => /KEY|SECRET|PASSWORD|TOKEN|REDIS_URL/.test(key))).toEqual([]);
    }
    const reaching = named(manifests, 'NetworkPolicy').filter(({ spec }) => {
      const selector = JSON.stringify((spec as { podSelector: object }).podSelector);
      const allowsEgress = ((spec as { egress?: unknown[] }).egress ?? []).length > 0;
      return allowsEgress && (selector === '{}' || selector.includes('"worker"'));
    });
    const expected = overlay === 'gpu' ? ['backends', 'managed-backends'] : ['backends'];
    expect(reaching.map(({ metadata }) => metadata.name).sort()).toEqual(expected);
  });
});

it('fetches weights only with the sums of weights.txt', () => {
  const script = readFileSync('k8s/overlays/gpu/fetch-weights.sh', 'utf8');
  expect(script).toContain('sha256sum -c');
});
