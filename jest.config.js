/** One project per suite: unit specs sit beside their source, the rest under test/. */
const shared = {
  rootDir: import.meta.dirname,
  // onnxruntime-node checks typed arrays against the outer realm's constructors.
  testEnvironment: '<rootDir>/test/environment.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@app/common/(.*)\\.js$': '<rootDir>/libs/common/src/$1',
    '^@app/inference$': '<rootDir>/libs/inference/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

const suite = (name, testMatch, extra = {}) => ({ ...shared, displayName: name, testMatch, ...extra });

export default {
  projects: [
    suite('unit', ['<rootDir>/apps/**/*.spec.ts', '<rootDir>/libs/**/*.spec.ts']),
    ...['contract', 'redis', 'parity', 'fault', 'e2e', 'browser', 'deploy'].map((name) =>
      suite(name, [`<rootDir>/test/${name}/**/*.spec.ts`]),
    ),
  ],
  testSequencer: '<rootDir>/test/mixed-sequencer.mjs',
  // For a test that hangs: none is bounded by how busy the machine is.
  testTimeout: 240_000,
};
