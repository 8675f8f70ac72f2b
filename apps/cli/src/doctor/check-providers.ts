import { probeProviders } from '@app/inference';
import { fail, ok, warn, type Finding } from './finding.js';

/** Runs a matrix product on each execution provider of `wanted`, and on CUDA where a GPU is (`gpuIsThere`). */
export async function checkProviders(wanted: readonly string[], gpuIsThere: boolean): Promise<Finding[]> {
  const names = [...new Set([...wanted, ...(gpuIsThere ? ['cuda'] : [])])];
  const probes = await probeProviders(names).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  });
  if (probes === null) {
    return [
      warn('provider', 'ONNX Runtime is not installed here', 'only workers need it: ask the doctor in their image'),
    ];
  }
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
