import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { WorkerRegistry } from '@app/common/workers/worker-registry.js';
import { RequireScope } from '../http/auth.guard.js';
import { ApiProblems } from '../http/openapi-problems.js';
import { Problem } from '../http/problems.js';
import { listModels, ModelList } from './model-list.js';

const Backlog = z
  .object({ gpu_seconds: z.number().describe('Work of the queued and running jobs'), jobs: z.int() })
  .meta({ id: 'Backlog' });

@ApiTags('models')
@Controller('v1/models')
export class ModelsController {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly jobs: JobStore,
    private readonly workers: WorkerRegistry,
  ) {}

  @Get()
  @RequireScope('read')
  @ApiOperation({ operationId: 'listModels', summary: 'Models, their defaults, limits, workers and backlog' })
  @ApiResponse({ status: 200, description: 'The models', standardSchema: ModelList })
  list(): Promise<ModelList> {
    return listModels(this.catalog, this.jobs, this.workers);
  }

  /** For autoscalers. Without Redis 503, on which KEDA holds the replicas. */
  @Get(':name/backlog')
  @RequireScope('metrics')
  @ApiOperation({ operationId: 'getBacklog', summary: 'One figure to scale the workers of a model by' })
  @ApiResponse({ status: 200, description: 'The backlog', standardSchema: Backlog })
  @ApiProblems('not_found')
  async backlog(@Param('name') name: string): Promise<z.infer<typeof Backlog>> {
    if (!this.catalog.get(name)) throw new Problem('not_found');
    const { jobs, units } = await this.jobs.backlog(name);
    return { gpu_seconds: units, jobs };
  }
}
