import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ModelCatalog } from '@app/common/contracts/model-catalog.js';
import { JobStore } from '@app/common/jobs/job-store.js';
import { RequireScope } from '../http/auth.guard.js';
import { ApiProblems } from '../http/openapi.js';
import { listModels, ModelList } from './model-list.js';

@ApiTags('models')
@Controller('v1/models')
export class ModelsController {
  constructor(
    private readonly catalog: ModelCatalog,
    private readonly jobs: JobStore,
  ) {}

  @Get()
  @RequireScope('read')
  @ApiOperation({ operationId: 'listModels', summary: 'Models, their defaults, limits and backlog' })
  @ApiResponse({ status: 200, description: 'The models', standardSchema: ModelList })
  @ApiProblems(401, 403, 503)
  list(): Promise<ModelList> {
    return listModels(this.catalog, this.jobs);
  }
}
