import { describe, expect, it, jest } from '@jest/globals';
import { CheckpointError, type CheckpointSummary } from '@app/inference';
import { inspectCommand } from '../../apps/cli/src/commands/inspect.js';
import { checkpointOf } from '../support/golden.js';

/** What the command prints on stdout. */
async function run(...args: string[]): Promise<string> {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await inspectCommand().parseAsync(args, { from: 'user' });
    return write.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    write.mockRestore();
  }
}

describe('zimage inspect', () => {
  it('counts what is stored and says what the checkpoint serves', async () => {
    const summary = JSON.parse(await run(checkpointOf('z-image-nano-turbo'), '--json')) as CheckpointSummary;
    expect(summary).toMatchObject({
      pipeline: 'ZImagePipeline',
      serves: ['text-to-image', 'image-to-image', 'inpaint'],
    });
    const transformer = summary.components.find(({ name }) => name === 'transformer');
    const stored = transformer!.tensors.reduce(
      (sum, { dims, count }) => sum + count * dims.reduce((a, b) => a * b, 1),
      0,
    );
    expect(transformer).toMatchObject({ className: 'ZImageTransformer2DModel', parameters: stored });
    expect(summary.components.find(({ name }) => name === 'tokenizer')).toMatchObject({ parameters: 0, tensors: [] });
  });

  it('finds that a checkpoint with a vision encoder serves edits too', async () => {
    const summary = JSON.parse(await run(checkpointOf('z-image-nano-edit'), '--json')) as CheckpointSummary;
    expect(summary.serves).toContain('edit');
  });

  it('prints components and memory for each precision, and weights when asked, layers as one line', async () => {
    expect(await run(checkpointOf('tiny-t2i'))).not.toContain('layers.');
    const printed = await run(checkpointOf('tiny-t2i'), '--weights', '--token-budget', '1024');
    expect(printed).toMatch(/^transformer: ZImageTransformer2DModel, 1\.35 M parameters in 2\.7 MB$/m);
    expect(printed).toMatch(/^ {2}layers\.\*\.feed_forward\.w1\.weight \w+ \[256, 96\] × 3$/m);
    expect(printed).toMatch(/^memory at a token budget of 1024, estimated:$/m);
    expect(printed).toMatch(/^ {2}cuda bfloat16, text encoder on the cpu: host \d+\.\d\d GiB, GPU \d+\.\d\d GiB$/m);
  });

  it('refuses a folder that is no checkpoint', async () => {
    await expect(run(import.meta.dirname)).rejects.toThrow(CheckpointError);
  });
});
