const { TestEnvironment } = require('jest-environment-node');

/**
 * Node's environment with the outer realm's typed arrays: onnxruntime-node's native code compares constructors, and jest
 * gives each test file a realm of its own ("data must be type of function Float32Array").
 */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of [
      'Float32Array',
      'Float64Array',
      'Uint8Array',
      'Uint16Array',
      'Uint32Array',
      'Int8Array',
      'Int16Array',
      'Int32Array',
      'BigInt64Array',
      'BigUint64Array',
      'ArrayBuffer',
    ]) {
      this.global[name] = globalThis[name];
    }
  }
};
