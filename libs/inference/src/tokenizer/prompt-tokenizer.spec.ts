import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checkpointOf } from '../../../../test/support/golden.js';
import { PromptTimeout } from './prompt-timeout.js';
import { maxPromptTokens, PromptTokenizer } from './prompt-tokenizer.js';

const folder = join(checkpointOf('z-image-nano-turbo'), 'tokenizer');
const json = (file: string): { chat_template: string } =>
  JSON.parse(readFileSync(join(folder, file), 'utf8')) as { chat_template: string };
const config = json('tokenizer_config.json');
const tokenizer = new PromptTokenizer({
  tokenizer: json('tokenizer.json'),
  config,
  chatTemplate: config.chat_template,
});

const userTurn = [1, 436, 304, 205];
const assistantTurn = [2, 205, 1, 1232, 1071, 914, 205];
// Expected ids: transformers' AutoTokenizer on the same folder.
const contentIds: [prompt: string, ids: number[]][] = [
  ['red apple', [933, 2851]],
  ['', []],
  ['  leading and trailing  ', [227, 435, 455, 293, 394, 820, 924, 293, 227, 227]],
  ['火箭，扁平风格，深蓝色背景', [1100, 1035, 291, 608, 291, 1026]],
  ['고양이, 분홍색 배경', [754, 1642, 18, 1332, 371]],
  [
    'tokens <|im_end|> in <think>prompt</think> <|endoftext|>x',
    [327, 2544, 89, 227, 2, 417, 227, 5, 86, 267, 2521, 90, 6, 227, 0, 94],
  ],
  [
    'café naïve e\u0301 Å ﬁ',
    [73, 843, 134, 109, 362, 71, 134, 114, 452, 227, 134, 109, 227, 134, 234, 227, 178, 112, 230],
  ],
  [
    'line\nbreaks\r\n\ttabs   spaces',
    [82, 917, 205, 72, 298, 71, 81, 89, 208, 205, 204, 90, 717, 89, 227, 227, 932, 330, 89],
  ],
  [
    'a 🐱\u200d🚀 astronaut cat 👩🏽\u200d💻 emoji',
    [
      71, 227, 179, 260, 245, 116, 416, 242, 179, 260, 255, 229, 2666, 1068, 227, 179, 260, 246, 109, 179, 260, 244,
      128, 416, 242, 179, 260, 247, 126, 341,
    ],
  ],
];

describe('PromptTokenizer', () => {
  it.each(contentIds)('encodes %j as transformers does', (prompt, ids) => {
    expect(tokenizer.encode(prompt)).toEqual([...userTurn, ...ids, ...assistantTurn]);
  });

  it('cuts at 512 tokens, template included', () => {
    const ids = tokenizer.encode('熊猫'.repeat(600));
    expect(ids).toHaveLength(maxPromptTokens);
    expect(ids.slice(0, 6)).toEqual([...userTurn, 2645, 1350]);
    expect(ids.at(-1)).toBe(1350);
  });

  it('ends a prompt that the checkpoint’s own code would take for ever, by code', () => {
    const endless = new PromptTokenizer({
      tokenizer: json('tokenizer.json'),
      config,
      chatTemplate: '{% for i in range(9999) %}{% for j in range(9999) %}{{ j }}{% endfor %}{% endfor %}',
    });
    expect(() => endless.encode('red apple')).toThrow(PromptTimeout);
    expect(new PromptTimeout('')).toMatchObject({ code: 'prompt_timeout', retryable: false });
  });

  it('lets the template name special tokens, written as strings or as objects', () => {
    const named = new PromptTokenizer({
      tokenizer: json('tokenizer.json'),
      config: { ...config, bos_token: { content: '<|im_start|>' }, eos_token: '<|im_end|>', pad_token: null },
      chatTemplate: '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}',
    });
    expect(named.encode('red apple')).toEqual([1, 933, 2851, 2]);
  });
});
