import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { WorkerRegistry } from '@app/common/workers/worker-registry.js';
import { RequireScope } from '../http/auth.guard.js';

const WorkerList = z
  .object({
    workers: z.array(
      z.object({
        id: z.string(),
        model: z.string(),
        host: z.string(),
        pid: z.int(),
        state: z.enum(['opening', 'serving', 'draining']),
        engine_deaths: z.int(),
        last_engine_death: z.string().nullable(),
        tokens_in_flight: z.int(),
        token_budget: z.int(),
        started_at: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'WorkerList' });

@ApiTags('admin')
@Controller('v1/workers')
export class WorkersController {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly workers: WorkerRegistry,
  ) {}

  @Get()
  @RequireScope('admin')
  @ApiOperation({ operationId: 'listWorkers', summary: 'The workers that live now' })
  @ApiResponse({ status: 200, description: 'By model, the oldest first', standardSchema: WorkerList })
  async list(): Promise<z.infer<typeof WorkerList>> {
    const byModel = await Promise.all(this.catalog.names.map((model) => this.workers.list(model)));
    return {
      workers: byModel
        .flat()
        .map(({ engineDeaths, lastEngineDeath, tokensInFlight, tokenBudget, startedAt, ...worker }) => ({
          ...worker,
          engine_deaths: engineDeaths,
          last_engine_death: lastEngineDeath,
          tokens_in_flight: tokensInFlight,
          token_budget: tokenBudget,
          started_at: new Date(startedAt).toISOString(),
        })),
    };
  }
}
