import { CheckpointError } from '../errors.js';
import type { StoredTensor, WeightSource } from '../tensor/stored-tensor.js';
import { sameDims } from '../tensor/tensor.js';

/** The stored tensors of one component, and which of them the built networks took. */
export class Weights implements WeightSource {
  private readonly taken = new Set<string>();

  /** @param file the weights file or shard index, for errors */
  constructor(
    private readonly file: string,
    private readonly tensors: ReadonlyMap<string, StoredTensor>,
  ) {}

  get all(): StoredTensor[] {
    return [...this.tensors.values()];
  }

  /** @throws CheckpointError when the weight is missing or misshapen */
  take(name: string, dims: readonly number[]): StoredTensor {
    const stored = this.tensors.get(name);
    if (!stored) throw new CheckpointError(this.file, name, `missing weight of shape [${dims.join(', ')}]`);
    if (!sameDims(stored.dims, dims)) {
      throw new CheckpointError(
        this.file,
        name,
        `has shape [${stored.dims.join(', ')}], the config asks for [${dims.join(', ')}]`,
      );
    }
    this.taken.add(name);
    return stored;
  }

  /**
   * Call when all networks of the component are built: a weight that none took means the config does not describe the file.
   * @param unneeded names of weights that the networks in use do without
   * @throws CheckpointError naming the weights left over
   */
  assertAllTaken(unneeded: readonly RegExp[] = []): void {
    const left = [...this.tensors.keys()].filter(
      (name) => !this.taken.has(name) && !unneeded.some((pattern) => pattern.test(name)),
    );
    const [first, ...others] = left;
    if (first === undefined) return;
    const more = others.length > 0 ? ` (and ${others.length} more)` : '';
    throw new CheckpointError(this.file, first, `weight that the config has no place for${more}`);
  }
}
