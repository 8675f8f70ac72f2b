import { probeProviders } from '@app/inference';
import { fail, ok, warn, type Finding } from './finding.js';

/** Runs a matrix product on each execution provider of `wanted`, and on CUDA where a GPU is (`gpuIsThere`). */
export async function checkProviders(wanted: readonly string[], gpuIsThere: boolean): Promise<Finding[]> {
  const probes = await probeProviders([...new Set([...wanted, ...(gpuIsThere ? ['cuda'] : [])])]);
  return probes.map(({ name, error }) => {
    const check = `provider ${name}`;
    if (error !== null) {
      const mend = 'install what it needs (docs/operations.md, GPU), or take it out of EXECUTION_PROVIDERS';
      // A GPU that nobody asked for is no fault.
      return wanted.includes(name) ? fail(check, error, mend) : warn(check, `a GPU is here, but ${error}`, mend);
    }
    if (wanted.includes(name)) return ok(check, 'computes');
    return warn(check, 'computes, but is not asked for', `set EXECUTION_PROVIDERS=${name},cpu`);
  });
}
