import { Command, InvalidArgumentError } from 'commander';
import { inspectCheckpoint, samplesPerCall, type CheckpointSummary } from '@app/inference';

/** `zimage inspect`: what is in a checkpoint, without loading it. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show what is in a checkpoint, what it serves and the memory it takes')
    .argument('<dir>', 'checkpoint directory in the diffusers layout')
    .option('--token-budget <n>', 'image tokens × guidance passes in flight, for the memory', tokens, 4096)
    .option('--weights', 'list every weight too, by name, type and shape', false)
    .option('--json', 'print JSON', false)
    .action((directory: string, { json, ...flags }: Flags & { json: boolean }) => {
      const summary = inspectCheckpoint(directory, { tokenBudget: flags.tokenBudget, samplesPerCall });
      process.stdout.write(`${json ? JSON.stringify(summary) : describe(summary, flags)}\n`);
    });
}

interface Flags {
  tokenBudget: number;
  weights: boolean;
}

function describe(
  { pipeline, serves, components, memory }: CheckpointSummary,
  { tokenBudget, weights }: Flags,
): string {
  const sections = components.map(({ name, className, parameters, bytes, tensors }) => [
    `${name}: ${className}${parameters > 0 ? `, ${(parameters / 1e6).toFixed(2)} M parameters in ${(bytes / 1e6).toFixed(1)} MB` : ''}`,
    ...(weights ? tensors : []).map(
      (tensor) =>
        `  ${tensor.name} ${tensor.type} [${tensor.dims.join(', ')}]${tensor.count > 1 ? ` × ${tensor.count}` : ''}`,
    ),
  ]);
  const estimates = memory.map(({ executionProviders, precision, weights: kept, textEncoderProvider, ...estimate }) => {
    const where = [
      `${executionProviders.join(',')} ${precision}`,
      ...(textEncoderProvider ? ['text encoder on the cpu'] : []),
      ...(kept === 'stored' ? ['weights as stored'] : []),
    ];
    return `  ${where.join(', ')}: host ${gibibytes(estimate.hostBytes)}, GPU ${gibibytes(estimate.acceleratorBytes)}`;
  });
  const lines = [
    `${pipeline}, serves ${serves.join(', ')}`,
    ...sections.flat(),
    `memory at a token budget of ${tokenBudget}, estimated:`,
    ...estimates,
  ];
  // Names come out of the files: they must not steer a terminal.
  return lines.map((line) => line.replace(/\p{Cc}+/gu, ' ')).join('\n');
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

function tokens(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('not a whole number above 0');
  return value;
}
