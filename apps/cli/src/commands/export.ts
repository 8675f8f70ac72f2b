import { Command } from 'commander';
import { exportCheckpoint } from '@app/inference';

/** `zimage export`: a checkpoint's networks as .onnx files. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write each network of a checkpoint as an .onnx file for other runtimes')
    .argument('<dir>', 'checkpoint directory in the diffusers layout')
    .argument('<out>', 'folder to make')
    .action(async (directory: string, out: string) => {
      const files = await exportCheckpoint(directory, out);
      process.stdout.write(files.map((file) => `${file}\n`).join(''));
    });
}
