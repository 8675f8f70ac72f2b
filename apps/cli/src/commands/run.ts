import { Command, InvalidArgumentError, Option } from 'commander';
import { parseCaseRequest, readCase, runCase, type CaseRequest, type Precision, type Weights } from '@app/inference';

interface RunFlags {
  checkpoint: string;
  out: string;
  case?: string;
  prompt?: string;
  negative?: string;
  width: number;
  height: number;
  steps: number;
  guidance: number;
  seed: number | bigint;
  threads?: number;
  precision?: Precision;
  weights?: Weights;
}

/** `zimage run`: text to image in this process, without Redis. */
export function runCommand(): Command {
  return new Command('run')
    .description('make images from a checkpoint in this process, without a queue')
    .requiredOption('--checkpoint <dir>', 'checkpoint directory in the diffusers layout')
    .requiredOption('--out <dir>', 'where image.png and tensors.safetensors are written')
    .option('--case <dir>', 'folder with a request.json; instead of the options below')
    .option('--prompt <text>')
    .option('--negative <text>', 'negative prompt, with guidance')
    .option('--width <px>', 'pixels', number, 256)
    .option('--height <px>', 'pixels', number, 256)
    .option('--steps <n>', 'denoising steps', number, 8)
    .option('--guidance <scale>', '0 means none', number, 0)
    .option('--seed <n>', 'seed of torch’s CPU generator', integer, 0)
    .option('--threads <n>', 'threads of one run', count)
    .addOption(new Option('--precision <type>', 'what a CPU computes in').choices(['float32', 'int8']))
    .addOption(
      new Option('--weights <form>', 'stored: leave them in their files, and cast each when it is used').choices([
        'computed',
        'stored',
      ]),
    )
    .action(async (flags: RunFlags) => {
      const { checkpoint, out, threads, precision, weights } = flags;
      const request = flags.case === undefined ? requestOf(flags) : readCase(flags.case);
      const files = await runCase({
        checkpoint,
        request,
        out,
        ...(threads !== undefined && { threads }),
        ...(precision && { precision }),
        ...(weights && { weights }),
      });
      process.stdout.write(files.map((file) => `${file}\n`).join(''));
    });
}

function requestOf({ prompt, negative, width, height, steps, guidance, seed }: RunFlags): CaseRequest {
  if (prompt === undefined) throw new InvalidArgumentError('either --case or --prompt is needed');
  const request = {
    pipeline: 'text-to-image',
    prompts: [prompt],
    negative_prompt: negative,
    width,
    height,
    steps,
    guidance_scale: guidance,
    seed,
  };
  return parseCaseRequest(request, 'options');
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('not a number');
  return value;
}

function count(text: string): number {
  const value = number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('not a whole number above 0');
  return value;
}

function integer(text: string): number | bigint {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError('not an integer');
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}
