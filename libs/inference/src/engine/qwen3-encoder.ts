import type { Qwen3Config } from '../models/qwen3-config.js';
import { qwen3RotaryTables } from '../models/qwen3-text-encoder.js';
import type { TextEncoder } from '../pipelines/components.js';
import type { Session } from '../session/session.js';
import { SharedCalls } from '../session/shared-calls.js';
import type { Tensor } from '../tensor/tensor.js';

/** The text encoder on its session. */
export class Qwen3Encoder implements TextEncoder {
  private readonly calls: SharedCalls<readonly number[]>;

  /** @param tokensPerCall of all of a call's prompts together */
  constructor(
    private readonly config: Qwen3Config,
    private readonly session: Session,
    promptsPerCall: number,
    tokensPerCall: number,
  ) {
    this.calls = new SharedCalls((prompts) => this.call(prompts), {
      layout: ({ length }) => String(length),
      most: ({ length }) => Math.min(promptsPerCall, Math.floor(tokensPerCall / length)),
    });
  }

  encode(tokenIds: readonly number[]): Promise<Tensor> {
    return this.calls.run(tokenIds);
  }

  /** Prompts of one length. */
  private async call(prompts: readonly (readonly number[])[]): Promise<Tensor> {
    const length = prompts[0]?.length ?? 0;
    const ids = { integers: prompts.flat(), dims: [prompts.length, length] };
    const { hidden } = await this.session.run({ token_ids: ids, ...qwen3RotaryTables(length, this.config) }, [
      'hidden',
    ]);
    return hidden;
  }
}
