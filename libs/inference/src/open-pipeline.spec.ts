import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkpointOf } from '../../../test/support/golden.js';
import { smallRequest } from '../../../test/support/small-request.js';
import { CheckpointError } from './errors.js';
import { openEngine } from './engine.js';
import { openPipeline } from './open-pipeline.js';

describe('openPipeline', () => {
  let checkpoint: string;
  beforeEach(() => {
    checkpoint = mkdtempSync(join(tmpdir(), 'zimage-checkpoint-'));
    cpSync(checkpointOf('tiny-t2i'), checkpoint, { recursive: true });
  });
  afterEach(() => rmSync(checkpoint, { recursive: true }));

  const edit = (file: string, change: (config: Record<string, unknown>) => unknown): void => {
    const path = join(checkpoint, file);
    const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    writeFileSync(path, JSON.stringify(change(config)));
  };
  const tokensOfPrompt = async (): Promise<number> => {
    const opened = await openPipeline({ checkpoint });
    try {
      return (await opened.pipeline.embed(smallRequest)).positive[0]!.rows;
    } finally {
      await opened.close();
    }
  };

  it('takes the chat template from tokenizer_config.json, its list of named templates, or a file of its own', async () => {
    const inField = await tokensOfPrompt();
    const short = '{{ messages[0].content }}';
    edit('tokenizer/tokenizer_config.json', (config) => ({
      ...config,
      chat_template: [
        { name: 'tool_use', template: short },
        { name: 'default', template: config.chat_template },
      ],
    }));
    expect(await tokensOfPrompt()).toBe(inField);
    writeFileSync(join(checkpoint, 'tokenizer/chat_template.jinja'), short);
    expect(await tokensOfPrompt()).toBeLessThan(inField);
    // As in transformers, which passes both as None.
    writeFileSync(
      join(checkpoint, 'tokenizer/chat_template.jinja'),
      '{% if tools is defined %}a b{% else %}a{% endif %}',
    );
    expect(await tokensOfPrompt()).toBe(2);
  });

  it.each([
    ['tokenizer/tokenizer_config.json', { chat_template: undefined }, /tokenizer_config\.json: chat_template: missing/],
    [
      'tokenizer/tokenizer_config.json',
      { chat_template: '{% for m in messages %}{{ m.content }}{%- break %}{% endfor %}' },
      /tokenizer_config\.json: chat_template: break is not supported/,
    ],
    ['tokenizer/tokenizer_config.json', { chat_template: '{% if %}' }, /^tokenizer: cannot be used/],
    ['tokenizer/tokenizer_config.json', { chat_template: null }, /tokenizer_config\.json: chat_template: missing/],
    [
      'tokenizer/tokenizer_config.json',
      { chat_template: "{{ raise_exception('no\\nway') }}" },
      /^tokenizer: cannot be used: .*no way$/,
    ],
    [
      'tokenizer/tokenizer_config.json',
      { truncation_side: 'left' },
      /tokenizer_config\.json: truncation_side: only right/,
    ],
    ...['add_bos_token', 'add_eos_token', 'add_prefix_space', 'do_lower_case', 'split_special_tokens'].map(
      (option): [string, Record<string, unknown>, RegExp] => [
        'tokenizer/tokenizer_config.json',
        { [option]: true },
        new RegExp(`tokenizer_config\\.json: ${option}: only false`),
      ],
    ),
    ...['invert_sigmas', 'use_exponential_sigmas', 'use_beta_sigmas', 'stochastic_sampling'].map(
      (option): [string, Record<string, unknown>, RegExp] => [
        'scheduler/scheduler_config.json',
        { [option]: true },
        new RegExp(`scheduler_config\\.json: ${option}: .*not supported`),
      ],
    ),
    ['scheduler/scheduler_config.json', { time_shift_type: 'cosine' }, /scheduler_config\.json: time_shift_type: /],
    ['tokenizer/tokenizer.json', { model: null }, /tokenizer\.json: model/],
    ['tokenizer/tokenizer.json', { model: { type: 'WordLevel' } }, /tokenizer\.json: model\.type: WordLevel is not/],
    ['tokenizer/tokenizer.json', { model: { type: 'BPE', dropout: 0.1 } }, /tokenizer\.json: model\.dropout: not/],
    ['tokenizer/tokenizer.json', { model: { type: 'BPE', fuse_unk: true } }, /tokenizer\.json: model\.fuse_unk: only/],
    ['tokenizer/tokenizer.json', { pre_tokenizer: null }, /tokenizer\.json: pre_tokenizer: must cut into bytes/],
    ['tokenizer/tokenizer.json', { pre_tokenizer: { type: 'Whitespace' } }, /pre_tokenizer\.type: Whitespace is not/],
    [
      'tokenizer/tokenizer.json',
      { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Split', behavior: 'MergedWithNext' }] } },
      /tokenizer\.json: pre_tokenizer\.pretokenizers\.0\.behavior: MergedWithNext is not/,
    ],
    ['tokenizer/tokenizer.json', { normalizer: { type: 'Precompiled' } }, /normalizer\.type: Precompiled is not/],
    [
      'tokenizer/tokenizer.json',
      { post_processor: { type: 'TemplateProcessing', special_tokens: { '<s>': { ids: [1] } } } },
      /tokenizer\.json: post_processor\.special_tokens\.<s>: tokens added to a prompt are not supported/,
    ],
    ['tokenizer/tokenizer.json', { truncation: { direction: 'Left' } }, /truncation\.direction: Left is not/],
    ...['single_word', 'lstrip', 'rstrip'].map((option): [string, Record<string, unknown>, RegExp] => [
      'tokenizer/tokenizer.json',
      { added_tokens: [{ id: 0, content: 'fox', [option]: true }] },
      new RegExp(`tokenizer\\.json: added_tokens\\.0\\.${option}: only false`),
    ]),
    ...Object.entries({
      pad_token: 'apple',
      eos_token: { content: 'apple' },
      additional_special_tokens: ['apple'],
      extra_special_tokens: { fruit: 'apple' },
    }).map(([field, tokens]): [string, Record<string, unknown>, RegExp] => [
      'tokenizer/tokenizer_config.json',
      { [field]: tokens },
      new RegExp(`tokenizer_config\\.json: ${field}: apple is not among the added_tokens`),
    ]),
    [
      'tokenizer/tokenizer_config.json',
      { added_tokens_decoder: { '7': { content: 'apple' } } },
      /tokenizer_config\.json: added_tokens_decoder\.7: apple is not/,
    ],
    [
      'scheduler/scheduler_config.json',
      { use_karras_sigmas: true },
      /scheduler_config\.json: use_karras_sigmas: .*not supported/,
    ],
    [
      'scheduler/scheduler_config.json',
      { use_dynamic_shifting: true, base_image_seq_len: 256, max_image_seq_len: 256 },
      /scheduler_config\.json: max_image_seq_len: must differ/,
    ],
    [
      'scheduler/scheduler_config.json',
      { _class_name: 'DDIMScheduler' },
      /scheduler_config\.json: _class_name: only FlowMatch/,
    ],
  ])('names the file and the field: %s %j', async (file, fields, message) => {
    edit(file, (config) => ({ ...config, ...fields }));
    await expect(openPipeline({ checkpoint })).rejects.toThrow(message);
    await expect(openPipeline({ checkpoint })).rejects.toThrow(CheckpointError);
  });

  it.each([
    ['special_tokens_map.json', { pad_token: 'apple' }, 'pad_token'],
    ['added_tokens.json', { apple: 7 }, 'additional_special_tokens'],
  ])(
    'names a token that %s would add, unless tokenizer_config.json lists all of them',
    async (name, content, field) => {
      writeFileSync(join(checkpoint, 'tokenizer', name), JSON.stringify(content));
      await expect(openPipeline({ checkpoint })).rejects.toThrow(`tokenizer/${name}: ${field}: apple is not among`);
      edit('tokenizer/tokenizer_config.json', (config) => ({ ...config, added_tokens_decoder: {} }));
      expect(await tokensOfPrompt()).toBeGreaterThan(0);
    },
  );

  it.each([
    ['transformer', 'transformer/config.json', { rope_theta: 1e-300 }],
    ['vae', 'vae/config.json', { scaling_factor: 1e-300 }],
  ])('makes no black image of an output that is not finite: %s', async (network, file, fields) => {
    edit(file, (config) => ({ ...config, ...fields }));
    await expect(openEngine({ checkpoint, tokenBudget: 1024 })).rejects.toThrow(`${network}: the output is not finite`);
  });

  it('is ready to edit when it opens: what only an edit goes through has been run', async () => {
    rmSync(checkpoint, { recursive: true });
    cpSync(checkpointOf('tiny-omni'), checkpoint, { recursive: true });
    edit('siglip_processor/preprocessor_config.json', (config) => ({ ...config, image_std: [1e-40, 1e-40, 1e-40] }));
    await expect(openEngine({ checkpoint, tokenBudget: 1024 })).rejects.toThrow('siglip: the output is not finite');
  });
});
