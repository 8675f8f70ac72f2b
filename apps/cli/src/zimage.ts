#!/usr/bin/env node
import { Command } from 'commander';
import { doctorCommand } from './commands/doctor.js';
import { exportCommand } from './commands/export.js';
import { inspectCommand } from './commands/inspect.js';
import { keysCommand } from './commands/keys.js';
import { runCommand } from './commands/run.js';

const program = new Command('zimage')
  .description('Z-Image on ONNX Runtime: run, inspect and export checkpoints, manage keys, look for faults')
  .addCommand(runCommand())
  .addCommand(inspectCommand())
  .addCommand(exportCommand())
  .addCommand(keysCommand(process.env.REDIS_URL))
  .addCommand(doctorCommand(process.env));

try {
  await program.parseAsync();
} catch (error) {
  // Whoever typed the command reads one line; a stack would hide it.
  process.stderr.write(`zimage: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
