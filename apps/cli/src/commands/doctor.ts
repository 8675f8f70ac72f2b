import { Command } from 'commander';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@app/common/config/parse-config.js';
import { DoctorConfig } from '../doctor/doctor.config.js';
import { examine } from '../doctor/examine.js';
import type { Finding } from '../doctor/finding.js';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));

/** `zimage doctor`: what this machine lacks to serve, and how to mend it. Exit code 1 when something fails. */
export function doctorCommand(environment: Record<string, string | undefined>): Command {
  return new Command('doctor')
    .description('check Node, Redis, storage, execution providers, models, memory, disk and clocks')
    .option('--data <dir>', 'data folder of the embedded mode', '.data')
    .option('--json', 'print JSON')
    .action(async ({ data, json }: { data: string; json?: boolean }) => {
      const config = parseConfig(DoctorConfig, environment);
      const findings = await examine(config, { root, dataDir: resolve(data) });
      const isWell = !findings.some(({ status }) => status === 'fail');
      process.stdout.write(json === true ? `${JSON.stringify({ ok: isWell, findings })}\n` : report(findings));
      if (!isWell) process.exitCode = 1;
    });
}

function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ status, check, message, mend }) => [
    `${status.padEnd(4)}  ${check.padEnd(width)}  ${message}`,
    ...(mend === undefined ? [] : [`${' '.repeat(6)}${' '.repeat(width)}  → ${mend}`]),
  ]);
  // Messages carry names out of files: they must not steer a terminal.
  return lines.map((line) => `${line.replace(/\p{Cc}+/gu, ' ')}\n`).join('');
}
