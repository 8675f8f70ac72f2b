import { z } from 'zod';

/*
 * What a tokenizer's files may say: those parts of transformers' fast tokenizers with which @huggingface/tokenizers gives the
 * same ids, compared over thousands of prompts of mixed scripts. Others cut some texts differently.
 */

/** An option that would change what a prompt is cut into. */
const switchedOff = z.literal(false, { error: 'only false is supported' }).nullish();

const oneOf = <const Types extends readonly string[]>(types: Types) =>
  z.enum(types, { error: ({ input }) => `${String(input)} is not supported, only ${types.join(', ')}` });

const normalizers = [
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'Lowercase',
  'StripAccents',
  'BertNormalizer',
  'Replace',
  'Prepend',
] as const;
const normalizer = z.looseObject({
  type: oneOf([...normalizers, 'Sequence']),
  normalizers: z.array(z.looseObject({ type: oneOf(normalizers) })).optional(),
});

const preTokenizers = ['ByteLevel', 'Split', 'Digits', 'Punctuation', 'Metaspace'] as const;
const behavior = oneOf(['Isolated', 'MergedWithPrevious']).optional();
const preTokenizer = z.looseObject({
  type: oneOf([...preTokenizers, 'Sequence']),
  behavior,
  pretokenizers: z.array(z.looseObject({ type: oneOf(preTokenizers), behavior })).optional(),
});

const postProcessors = ['ByteLevel', 'TemplateProcessing'] as const;
/** Tokens put around a prompt: long prompts would have to be cut inside them. */
const addedAround = z.record(z.string(), z.never({ error: 'tokens added to a prompt are not supported' })).optional();
const postProcessor = z.looseObject({
  type: oneOf([...postProcessors, 'Sequence']),
  special_tokens: addedAround,
  processors: z.array(z.looseObject({ type: oneOf(postProcessors), special_tokens: addedAround })).optional(),
});

const addedToken = z.looseObject({
  content: z.string(),
  single_word: switchedOff,
  lstrip: switchedOff,
  rstrip: switchedOff,
});

/** tokenizer.json */
export const tokenizerJson = z
  .looseObject({
    added_tokens: z.array(addedToken).default([]),
    model: z.looseObject({
      type: oneOf(['BPE', 'Unigram']),
      byte_fallback: z.boolean().nullish(),
      continuing_subword_prefix: z.literal('', { error: 'not supported' }).nullish(),
      dropout: z.literal(0, { error: 'not supported' }).nullish(),
      fuse_unk: switchedOff,
    }),
    normalizer: normalizer.nullish(),
    post_processor: postProcessor.nullish(),
    pre_tokenizer: preTokenizer.nullish(),
    truncation: z.looseObject({ direction: oneOf(['Right']).optional() }).nullish(),
  })
  .refine(
    ({ model, pre_tokenizer: whole }) => model.type !== 'BPE' || model.byte_fallback === true || cutsBytes(whole),
    {
      path: ['pre_tokenizer'],
      error: 'must cut into bytes (ByteLevel), unless model.byte_fallback is true: no character may be unknown',
    },
  );

function cutsBytes(whole: z.output<typeof preTokenizer> | null | undefined): boolean {
  return [whole, ...(whole?.pretokenizers ?? [])].some((each) => each?.type === 'ByteLevel');
}

const namedToken = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);

const tokenLists = {
  additional_special_tokens: z.array(namedToken).nullish(),
  extra_special_tokens: z.union([z.array(namedToken), z.record(z.string(), namedToken)]).nullish(),
};

/** special_tokens_map.json and added_tokens.json of transformers 4, read where tokenizer_config.json has no `added_tokens_decoder`. */
export const specialTokensMap = z.looseObject(tokenLists);
export const addedTokensFile = z
  .record(z.string(), z.int())
  .transform((ids) => ({ additional_special_tokens: Object.keys(ids) }));

/** tokenizer_config.json */
export const tokenizerConfig = z.looseObject({
  ...tokenLists,
  // diffusers cuts long prompts on the side that is named here; from the left it would cut the template's beginning.
  truncation_side: z.literal('right', { error: 'only right is supported' }).optional(),
  add_bos_token: switchedOff,
  add_eos_token: switchedOff,
  add_prefix_space: switchedOff,
  do_lower_case: switchedOff,
  split_special_tokens: switchedOff,
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
  added_tokens_decoder: z.record(z.string(), addedToken).optional(),
});

/** Special tokens that transformers lets a config, and a chat template, name. */
const specialTokens = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/** The special tokens that a tokenizer_config.json gives a name, by that name. */
export function namedSpecialTokens(config: object): Record<string, string> {
  const named = Object.entries(config).flatMap(([name, value]) => {
    const token = specialTokens.includes(name) ? namedToken.safeParse(value) : undefined;
    return token?.success ? [[name, token.data] as const] : [];
  });
  return Object.fromEntries(named);
}

/**
 * A token that transformers would add to the vocabulary because a config names it and tokenizer.json does not add it; texts that
 * hold it would be cut differently.
 * @returns field and token, or null
 */
export function unknownSpecialToken(
  { added_tokens }: z.output<typeof tokenizerJson>,
  config: Partial<z.output<typeof tokenizerConfig>>,
): { field: string; token: string } | null {
  const known = new Set(added_tokens.map(({ content }) => content));
  const named = [
    ...Object.entries(namedSpecialTokens(config)),
    ...Object.entries(config.added_tokens_decoder ?? {}).map(
      ([id, { content }]) => [`added_tokens_decoder.${id}`, content] as const,
    ),
    ...(config.additional_special_tokens ?? []).map((token) => ['additional_special_tokens', token] as const),
    ...Object.values(config.extra_special_tokens ?? {}).map((token) => ['extra_special_tokens', token] as const),
  ];
  const unknown = named.find(([, token]) => !known.has(token));
  return unknown ? { field: unknown[0], token: unknown[1] } : null;
}
