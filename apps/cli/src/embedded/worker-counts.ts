import type { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { ServiceError } from '@app/common/errors.js';

const maxWorkersPerModel = 16;

/** `--workers` names no model of the catalog, or no number. */
export class WorkersInvalid extends ServiceError {
  readonly code = 'workers_invalid';
}

/** Reads `MODEL=N,…`: one entry per worker to start. Without a list: one worker for each model of the catalog. */
export function parseWorkers(list: string | undefined, catalog: ModelCatalog): string[] {
  if (list === undefined) return catalog.names;
  return list.split(',').flatMap((entry) => {
    const [model = '', count = '1', ...rest] = entry.trim().split('=');
    if (!catalog.get(model)) {
      throw new WorkersInvalid(`--workers: there is no model "${model}"; the catalog has ${catalog.names.join(', ')}`);
    }
    if (rest.length > 0 || !/^\d+$/.test(count) || Number(count) > maxWorkersPerModel) {
      throw new WorkersInvalid(`--workers: "${entry}" is not MODEL=N with N from 0 to ${maxWorkersPerModel}`);
    }
    return Array<string>(Number(count)).fill(model);
  });
}
