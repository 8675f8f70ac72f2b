import type { CheckpointOptions } from '../engine-types.js';
import { MemoryInsufficient } from '../errors.js';
import type { CheckpointConfigs } from './checkpoint-graphs.js';
import type { Capacity, MemoryCapacity } from './memory-capacity.js';
import { estimateMemory, type Load, type MemoryEstimate, type NetworkMemory } from './memory-estimate.js';
import { planNetworks } from './network-plan.js';

/** How far an estimate may be above what is measured (docs/operations.md, Memory): nobody is refused for that. */
const estimateMargin = 0.15;

type Options = Omit<CheckpointOptions, 'checkpoint'>;

/**
 * Compares what a checkpoint would take with what there is, before anything of it is loaded.
 * @throws MemoryInsufficient with the figures, by component, and what would fit
 */
export function checkMemory(configs: CheckpointConfigs, options: Options, load: Load, capacity: MemoryCapacity): void {
  const estimate = estimateMemory(configs, planNetworks(options), load);
  const lacking = placeLacking(estimate, capacity);
  if (lacking === null) return;
  const { place, needed, available } = lacking;
  const retryable = needed * (1 - estimateMargin) <= available.total;
  const sentences = [
    `about ${gibibytes(needed)} of ${place === 'host' ? 'host' : 'GPU'} memory are needed (${figures(estimate, place)}), ${gibibytes(available.free)} are free of ${gibibytes(available.total)}`,
    describe(alternatives(configs, options, load, capacity)),
  ];
  throw new MemoryInsufficient(sentences.join('; '), retryable);
}

interface Lack {
  place: NetworkMemory['place'];
  needed: number;
  available: Capacity;
}

function placeLacking({ hostBytes, acceleratorBytes }: MemoryEstimate, capacity: MemoryCapacity): Lack | null {
  const places: [Lack['place'], number, Capacity | null][] = [
    ['accelerator', acceleratorBytes, capacity.accelerator],
    ['host', hostBytes, capacity.host],
  ];
  for (const [place, needed, available] of places) {
    if (available && needed * (1 - estimateMargin) > available.free) return { place, needed, available };
  }
  return null;
}

const components: Readonly<Record<string, readonly string[]>> = {
  'text encoder': ['textEncoder'],
  transformer: ['caption', 'modulation', 'step', 'vision', 'reference'],
  autoencoder: ['encoder', 'decoder'],
  'vision encoder': ['visionEncoder'],
};

function figures({ networks, runtimeBytes }: MemoryEstimate, place: NetworkMemory['place']): string {
  const own = Object.entries(networks).filter(([, network]) => network.place === place && network.always);
  const parts = Object.entries(components).flatMap(([component, names]) => {
    const bytes = own
      .filter(([name]) => names.includes(name))
      .reduce((sum, [, { weightBytes, activationBytes }]) => sum + weightBytes + activationBytes, 0);
    return bytes > 0 ? [`${component} ${gibibytes(bytes)}`] : [];
  });
  return [...parts, `runtime ${gibibytes(runtimeBytes[place])}`].join(', ');
}

type Change = [name: string, options: Options, load?: Load];
const hostChanges: readonly Change[] = [
  ['precision int8', { precision: 'int8', weights: 'computed' }],
  ['weights stored, in float32', { precision: 'float32', weights: 'stored' }],
];
const acceleratorChanges: readonly Change[] = [
  ['textEncoderProvider cpu', { textEncoderProvider: 'cpu' }],
  ['textEncoderProvider cpu with weights stored', { textEncoderProvider: 'cpu', weights: 'stored' }],
  ['precision bfloat16', { precision: 'bfloat16' }],
];

/** Changes after which the checkpoint would fit, with what it then takes. */
function alternatives(configs: CheckpointConfigs, options: Options, load: Load, capacity: MemoryCapacity): string[] {
  const { executionProviders: [first = 'cpu'] = [] } = options;
  const changes: Change[] = [
    ...(first === 'cpu' ? hostChanges : acceleratorChanges),
    ...[4096, 1024, 256]
      .filter((tokenBudget) => tokenBudget < load.tokenBudget)
      .map((tokenBudget): Change => [`a token budget of ${tokenBudget}`, {}, { ...load, tokenBudget }]),
  ];
  return changes.flatMap(([name, change, changedLoad = load]) => {
    const changed = { ...options, ...change };
    if (first === 'webgpu' && changed.precision === 'bfloat16') return [];
    const estimate = estimateMemory(configs, planNetworks(changed), changedLoad);
    if (placeLacking(estimate, capacity) !== null) return [];
    const gpu = estimate.acceleratorBytes > 0 ? `, GPU ${gibibytes(estimate.acceleratorBytes)}` : '';
    return [`${name} (host ${gibibytes(estimate.hostBytes)}${gpu})`];
  });
}

const describe = (fitting: readonly string[]): string =>
  fitting.length > 0 ? `would fit: ${fitting.join('; ')}` : 'no option makes it fit';

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
