import { CatalogError, ModelCatalog, type Model } from '@app/common/contracts/model-catalog.js';
import { CheckpointError, inspectCheckpoint, samplesPerCall, type CheckpointSummary } from '@app/inference';
import { checkMemory } from './check-memory.js';
import type { DoctorConfig } from './doctor.config.js';
import { fail, ok, type Finding } from './finding.js';

type ModelsConfig = Pick<
  DoctorConfig,
  'MODELS_FILE' | 'MODEL' | 'EXECUTION_PROVIDERS' | 'PRECISION' | 'WEIGHTS' | 'TEXT_ENCODER_PROVIDER'
>;

/** Every file of the catalog's checkpoints, without loading weights, and the memory that they take together. */
export async function checkModels(config: ModelsConfig): Promise<Finding[]> {
  let catalog: ModelCatalog;
  try {
    catalog = ModelCatalog.read(config.MODELS_FILE);
  } catch (error) {
    if (!(error instanceof CatalogError)) throw error;
    return [fail('models', error.message, 'mend the file, or set MODELS_FILE to another (docs/operations.md)')];
  }
  const models = config.MODEL === undefined ? catalog.all : catalog.all.filter(({ name }) => name === config.MODEL);
  if (models.length === 0) {
    const mend = `set MODEL to one of ${catalog.names.join(', ')}`;
    return [fail('models', `${config.MODELS_FILE} has no model ${config.MODEL ?? ''}`, mend)];
  }
  const findings: Finding[] = [];
  const summaries: CheckpointSummary[] = [];
  for (const model of models) {
    try {
      const summary = inspectCheckpoint(model.checkpoint, { tokenBudget: model.token_budget, samplesPerCall });
      findings.push(checkKinds(model, summary));
      summaries.push(summary);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      const mend = `bring the file again; \`zimage inspect ${model.checkpoint}\` shows when it is right`;
      findings.push(fail(`model ${model.name}`, error.message, mend));
    }
  }
  return [...findings, ...(await checkMemory(summaries, config))];
}

function checkKinds({ name, kinds }: Model, { serves, pipeline, components }: CheckpointSummary): Finding {
  const check = `model ${name}`;
  const missing = kinds.filter((kind) => !serves.includes(kind));
  if (missing.length > 0) {
    const mend = `take them out of the catalog's "kinds", or point "checkpoint" at one that has them`;
    return fail(check, `the checkpoint does not serve ${missing.join(', ')}, as the catalog says`, mend);
  }
  const bytes = components.reduce((sum, component) => sum + component.bytes, 0);
  const parameters = components.reduce((sum, component) => sum + component.parameters, 0);
  return ok(check, `${pipeline}, ${(parameters / 1e6).toFixed(1)} M parameters in ${(bytes / 1e6).toFixed(0)} MB`);
}
