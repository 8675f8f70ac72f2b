import { describe, expect, it } from '@jest/globals';
import { ExecutionProviderError, PrecisionError } from '../errors.js';
import { planNetworks } from './network-plan.js';

describe('planNetworks', () => {
  it.each([
    [['cpu'], 'float32'],
    [['cuda', 'cpu'], 'bfloat16'],
    [['tensorrt', 'cuda'], 'bfloat16'],
    [['webgpu'], 'float32'],
  ])('takes the default precision of the first provider: %j → %s', (executionProviders, precision) => {
    const plan = planNetworks({ executionProviders });
    expect(plan.precision).toBe(precision);
    expect(plan.step).toMatchObject({ executionProviders, form: { compute: precision } });
  });

  it('keeps the autoencoder in float32, and the text encoder on the CPU when asked', () => {
    const plan = planNetworks({ executionProviders: ['cuda'], textEncoderProvider: 'cpu' });
    expect(plan.autoEncoder).toMatchObject({ executionProviders: ['cuda'], form: { compute: 'float32' } });
    expect(plan.textEncoder).toMatchObject({ executionProviders: ['cpu'], form: { compute: 'float32' } });
  });

  it('has int8 products in the step alone', () => {
    const { step, transformer, textEncoder } = planNetworks({ precision: 'int8' });
    expect(step.form).toMatchObject({ compute: 'float32', quantizedWeights: 'uint8' });
    for (const { form } of [transformer, textEncoder]) expect(form.quantizedWeights).toBeNull();
  });

  it('leaves weights as they are stored where a CPU reads them in float32', () => {
    const formsOf = (options: Parameters<typeof planNetworks>[0]) => {
      const { textEncoder, transformer, step, autoEncoder } = planNetworks({ ...options, weights: 'stored' });
      return [textEncoder, transformer, step, autoEncoder].map(({ weights }) => weights);
    };
    expect(formsOf({})).toEqual(['stored', 'stored', 'stored', 'computed']);
    const apart = { executionProviders: ['cuda'], textEncoderProvider: 'cpu' as const };
    expect(formsOf(apart)).toEqual(['stored', 'computed', 'computed', 'computed']);
  });

  it.each([
    [['cpu'], true],
    [['cuda', 'cpu'], true],
    [['tensorrt', 'cuda'], false],
    [['webgpu'], false],
  ])(
    'reads weights as they are stored where the provider has a kernel for it: %j → %s',
    (executionProviders, stored) => {
      const { step, autoEncoder } = planNetworks({ executionProviders });
      expect([step.form.storedProducts, autoEncoder.form.storedProducts]).toEqual([stored, stored]);
    },
  );

  it.each([
    [
      { executionProviders: ['cuda'], precision: 'int8' },
      'int8 does not run on cuda; it has bfloat16, float32, float16',
    ],
    [{ precision: 'bfloat16' }, 'bfloat16 does not run on cpu'],
    [{ executionProviders: ['cuda'], precision: 'float16' }, 'float16 overflows'],
    [{ weights: 'stored', precision: 'int8' }, 'not for int8 on cpu'],
    [{ weights: 'stored', executionProviders: ['cuda'] }, 'not for bfloat16 on cuda'],
  ] as const)('refuses by name: %j', (options, message) => {
    const plan = () =>
      planNetworks({
        ...options,
        executionProviders: [...('executionProviders' in options ? options.executionProviders : ['cpu'])],
      });
    expect(plan).toThrow(PrecisionError);
    expect(plan).toThrow(message);
  });

  it('runs float16 where it is allowed', () => {
    const plan = planNetworks({ executionProviders: ['cuda'], precision: 'float16', allowFloat16: true });
    expect(plan.step.form.compute).toBe('float16');
  });

  it.each([[['abacus']], [['cuda', 'abacus']], [[]]])(
    'refuses providers that do not exist: %j',
    (executionProviders) => {
      expect(() => planNetworks({ executionProviders })).toThrow(ExecutionProviderError);
    },
  );
});
