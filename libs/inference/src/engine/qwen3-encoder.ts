import type { Qwen3Config } from '../models/qwen3-config.js';
import { qwen3RotaryTables } from '../models/qwen3-text-encoder.js';
import type { TextEncoder } from '../pipelines/components.js';
import type { Session } from '../session/session.js';
import type { Tensor } from '../tensor/tensor.js';

/** The text encoder on its session. */
export class Qwen3Encoder implements TextEncoder {
  constructor(
    private readonly config: Qwen3Config,
    private readonly session: Session,
  ) {}

  async encode(tokenIds: readonly number[]): Promise<Tensor> {
    const tables = qwen3RotaryTables(tokenIds.length, this.config);
    const { hidden } = await this.session.run({ token_ids: { integers: tokenIds }, ...tables }, ['hidden']);
    return hidden.row(0);
  }
}
