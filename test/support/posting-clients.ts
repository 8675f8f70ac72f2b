import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from '../fleet/fleet.mjs';
import { eventually } from './eventually.js';

/** Clients of a fleet that post one job after the other while faults happen, and what they were answered. */
export class PostingClients {
  readonly accepted: string[] = [];
  readonly refusals: { status: number; tookMs: number }[] = [];
  private posting = true;
  private readonly clients: Promise<void>[];

  /** @param pauseMs of a client whose job was accepted */
  constructor(
    private readonly fleet: Fleet,
    count: number,
    private readonly pauseMs: number,
  ) {
    this.clients = Array.from({ length: count }, () => this.post());
  }

  async accept(further: number): Promise<void> {
    const enough = this.accepted.length + further;
    await eventually(() => this.accepted.length >= enough);
  }

  async stop(): Promise<void> {
    this.posting = false;
    await Promise.all(this.clients);
  }

  private async post(): Promise<void> {
    while (this.posting) {
      const startedAt = Date.now();
      const response = await this.fleet.post({ steps: 8 });
      if (response.status === 202) this.accepted.push(((await response.json()) as { id: string }).id);
      else this.refusals.push({ status: response.status, tookMs: Date.now() - startedAt });
      await sleep(response.status === 202 ? this.pauseMs : 200);
    }
  }
}
