// The arrows of docs/architecture.md, as a check. A rule's name is what a reader sees when an import breaks it.
const only = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(apps|libs)/', pathNot: to },
});
const inferenceErrors = '^libs/inference/src/errors\\.ts$';
const leaf = (folder) =>
  only(`inference-${folder}-is-a-leaf`, `^libs/inference/src/${folder}/`, [
    `^libs/inference/src/${folder}/`,
    inferenceErrors,
  ]);
const inference = (folder, mayUse) =>
  only(`inference-${folder}-arrows`, `^libs/inference/src/${folder}/`, [
    ...[folder, ...mayUse].map((f) => `^libs/inference/src/${f}/`),
    inferenceErrors,
  ]);
const home = (name, vendor, homes) => ({
  name: `${name}-has-one-home`,
  severity: 'error',
  from: { path: '^(apps|libs)/', pathNot: [...homes, '\\.spec\\.ts$'] },
  to: { path: `node_modules/${vendor}` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('api-uses-common-only', '^apps/api/', ['^apps/api/', '^libs/common/']),
    only('worker-uses-common-and-inference', '^apps/worker/', [
      '^apps/worker/',
      '^libs/common/',
      '^libs/inference/src/index\\.ts$',
    ]),
    only('cli-uses-common-and-inference', '^apps/cli/', [
      '^apps/cli/',
      '^libs/common/',
      '^libs/inference/src/index\\.ts$',
    ]),
    only('common-stands-alone', '^libs/common/', ['^libs/common/']),
    only('inference-stands-alone', '^libs/inference/', ['^libs/inference/']),
    leaf('tensor'),
    inference('scheduler', ['tensor']),
    leaf('tokenizer'),
    inference('checkpoint', ['tensor']),
    inference('graph', ['tensor']),
    inference('layers', ['graph', 'tensor']),
    inference('models', ['layers', 'graph', 'checkpoint', 'tensor']),
    inference('session', ['tensor']),
    inference('image', ['tensor']),
    inference('pipelines', ['session', 'models', 'tokenizer', 'scheduler', 'image', 'tensor']),
    inference('batcher', ['tensor']),
    home('nest', '@nestjs/', ['^apps/']),
    home('onnxruntime', 'onnxruntime-', ['^libs/inference/src/session/']),
    home('aws-sdk', '@aws-sdk/', ['^libs/common/src/storage/']),
    home('sharp', 'sharp/', ['^libs/inference/src/image/', '^libs/common/src/(input-images|previews)/']),
    home('bullmq', 'bullmq/', ['^libs/common/src/queue/', '^apps/']),
    home('ioredis', 'ioredis/', ['^libs/common/src/(queue|jobs|auth|webhooks|limits|workers)/', '^apps/']),
    home('opentelemetry', '@opentelemetry/', ['^libs/common/src/telemetry/']),
    home('protobuf', '@bufbuild/', ['^libs/inference/src/graph/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.spec\\.ts$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
