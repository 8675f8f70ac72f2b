import {
  Inject,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { WorkerConfig } from './worker.config.js';
import { Worker, type WorkerSurroundings } from './worker.js';

/** Ties the worker's life to the application's: it serves when the application is up, and drains before it goes. */
@Module({})
export class WorkerModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(Worker) private readonly worker: Worker) {}

  static forConfig(config: WorkerConfig, surroundings: WorkerSurroundings): DynamicModule {
    const useFactory = (): Worker => new Worker(config, surroundings);
    return { module: WorkerModule, providers: [{ provide: Worker, useFactory }] };
  }

  onApplicationBootstrap(): Promise<void> {
    return this.worker.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.worker.stop();
  }
}
