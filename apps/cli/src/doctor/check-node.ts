import { fail, ok, type Finding } from './finding.js';

const oldest = [20, 19] as const;

/** `version`: as `process.versions.node` has it. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return ok('node', `Node.js ${version}`);
  return fail('node', `Node.js ${version} is too old`, `install ${oldest.join('.')} or newer from https://nodejs.org`);
}
