import { fileURLToPath } from 'node:url';
import { startJsonProcess } from '../json-process.mjs';

/** torch_transformer.py as a process that answers one measurement at a time; null when this Python has no diffusers. */
export async function startTorch(python, configFile, device, dtype) {
  const script = fileURLToPath(new URL('torch_transformer.py', import.meta.url));
  const torch = await startJsonProcess(python, [script, configFile, device, dtype], 'inherit');
  if (torch === null) return null;
  const { about, ask, stop } = torch;
  /** `measure`: milliseconds of a call; null when the process did not survive it, for want of memory or of a compiler. */
  return { about, measure: async (request) => (await ask(request))?.ms ?? null, stop };
}
