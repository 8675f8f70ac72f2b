import { Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller } from '@app/common/auth/scopes.js';
import { JobDocument } from '@app/common/jobs/job-document.js';
import { CallerOf, RequireScope } from '../http/auth.guard.js';
import { ApiProblems, bodyProblems } from '../http/openapi-problems.js';
import { ApiEvents } from '../http/openapi-streams.js';
import { EventStream } from './event-stream.js';
import { JobDocuments } from './job-documents.js';
import { JobList, JobListQuery } from './job-query.js';
import { TenantJobs } from './tenant-jobs.js';

@ApiTags('jobs')
@Controller('v1/jobs')
export class JobsController {
  constructor(
    private readonly jobs: TenantJobs,
    private readonly documents: JobDocuments,
    private readonly stream: EventStream,
  ) {}

  @Get()
  @RequireScope('read')
  @ApiOperation({ operationId: 'listJobs', summary: 'Jobs, newest first' })
  @ApiResponse({ status: 200, description: 'A page of jobs', standardSchema: JobList })
  @ApiProblems('validation_failed')
  async list(@Query({ schema: JobListQuery }) query: JobListQuery, @CallerOf() caller: Caller): Promise<JobList> {
    const page = await this.jobs.list(caller, query);
    const jobs = await Promise.all(page.jobs.map((record) => this.documents.of(record)));
    return { jobs, next_cursor: page.next };
  }

  @Get(':id')
  @RequireScope('read')
  @ApiOperation({ operationId: 'getJob', summary: 'A job, with fresh image URLs' })
  @ApiResponse({ status: 200, description: 'The job', standardSchema: JobDocument })
  @ApiProblems('job_not_found')
  async get(@Param('id') id: string, @CallerOf() caller: Caller): Promise<JobDocument> {
    return this.documents.of(await this.jobs.get(caller, id));
  }

  @Get(':id/events')
  @RequireScope('read')
  @ApiOperation({ operationId: 'streamJob', summary: 'State, progress, previews and result as Server-Sent Events' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Go on after this event' })
  @ApiEvents({ types: ['state', 'progress', 'preview', 'result'], data: 'JobEventData' })
  @ApiResponse({
    status: 200,
    description: 'Events `state`, `progress`, `preview` and, at last, `result` with the job',
  })
  @ApiResponse({ status: 204, description: 'The client has the result already' })
  @ApiProblems('job_not_found')
  async events(
    @Param('id') id: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @CallerOf() caller: Caller,
    @Res() response: Response,
  ): Promise<void> {
    await this.stream.write(await this.jobs.get(caller, id), lastEventId, response);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @RequireScope('generate')
  @ApiOperation({ operationId: 'cancelJob', summary: 'Queued: at once; running: at the next step' })
  @ApiResponse({ status: 200, description: 'The job as it stands', standardSchema: JobDocument })
  @ApiProblems('job_not_found', ...bodyProblems)
  async cancel(@Param('id') id: string, @CallerOf() caller: Caller): Promise<JobDocument> {
    return this.documents.of(await this.jobs.cancel(caller, id));
  }
}
