import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const patienceMs = 60_000;

/**
 * Starts an image's command as its container would, from its own folder, and waits until its own health check passes.
 * @param {import('./build-stages.mjs').Image} image
 * @param {Record<string, string>} environment what the container is given
 */
export async function startImage({ root, workdir, env, command, healthcheck }, environment) {
  const options = {
    cwd: join(root, workdir),
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env, ...environment },
  };
  const child = spawn(process.execPath, withoutNode(command), { ...options, stdio: ['ignore', 'inherit', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk) => (log = (log + chunk).slice(-4000)));
  for (const end = Date.now() + patienceMs; !(await isHealthy()); await sleep(200)) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`${command.join(' ')} is not healthy:\n${log}`);
  }
  return {
    /** Stops it as Docker does; its exit code. */
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      return child.exitCode;
    },
  };

  async function isHealthy() {
    return promisify(execFile)(process.execPath, withoutNode(healthcheck), options).then(
      () => true,
      () => false,
    );
  }
}

/** Distroless images have node as their entry point, others name it. */
const withoutNode = (args) => (/(^|\/)node$/.test(args[0]) ? args.slice(1) : args);
