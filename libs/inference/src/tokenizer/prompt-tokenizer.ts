import { createContext, runInContext } from 'node:vm';
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { PromptTimeout } from './prompt-timeout.js';
import { namedSpecialTokens } from './tokenizer-config.js';

/** Tokens of a prompt that the text encoder is shown, chat template included; the rest is cut, as in diffusers. */
export const maxPromptTokens = 512;

/**
 * Milliseconds that one prompt may take; the usual is a few, a hundred times that where too much runs beside. Chat templates are
 * programs and the tokenizer's patterns may backtrack without end: a checkpoint's own code must not hold the process.
 */
const encodeLimitMs = 5000;

/** A tokenizer folder's files, parsed. */
export interface TokenizerFiles {
  /** tokenizer.json */
  tokenizer: object;
  /** tokenizer_config.json */
  config: object;
  /** A Jinja template: chat_template.jinja, or `chat_template` of tokenizer_config.json. */
  chatTemplate: string;
}

// The package's own types do not resolve under nodenext (its relative imports carry no extension).
const TextTokenizer = Tokenizer as unknown as new (tokenizer: object, config: object) => TextTokenizer;
interface TextTokenizer {
  encode(text: string): { ids: number[] };
}

/** Turns prompts into the token ids that Z-Image's text encoder was given in training. */
export class PromptTokenizer {
  private readonly tokenizer: TextTokenizer;
  private readonly template: Template;
  private readonly specialTokens: Record<string, string>;

  /** @throws Error when the template is not valid Jinja or the tokenizer's model is of an unknown type. */
  constructor({ tokenizer, config, chatTemplate }: TokenizerFiles) {
    this.tokenizer = new TextTokenizer(tokenizer, config);
    this.template = new Template(chatTemplate);
    this.specialTokens = namedSpecialTokens(config);
  }

  /**
   * Token ids of the prompt as a user's chat message with thinking enabled; at most `maxPromptTokens`.
   * @throws PromptTimeout after `encodeLimitMs`
   */
  encode(prompt: string): number[] {
    return within(encodeLimitMs, () => this.encodeText(this.chatOf(prompt)));
  }

  /**
   * Token ids of an edit's prompt, cut where reference images stand in it: a part before, between and behind the images, and
   * one behind the image to make; at most `maxPromptTokens` each. The chat's form is fixed, whatever the template says.
   * Source: diffusers ZImageOmniPipeline._encode_prompt.
   * @throws as `encode`
   */
  encodeEdit(prompt: string, referenceCount: number): number[][] {
    const chat = `${prompt}<|im_end|>\n<|im_start|>assistant\n`;
    const between = Array.from({ length: referenceCount - 1 }, () => '<|vision_end|><|vision_start|>');
    const parts =
      referenceCount === 0
        ? [`<|im_start|>user\n${chat}`]
        : [
            '<|im_start|>user\n<|vision_start|>',
            ...between,
            `<|vision_end|>${chat}<|vision_start|>`,
            '<|vision_end|><|im_end|>',
          ];
    return within(encodeLimitMs, () => parts.map((part) => this.encodeText(part)));
  }

  private encodeText(text: string): number[] {
    return this.tokenizer.encode(text).ids.slice(0, maxPromptTokens);
  }

  private chatOf(prompt: string): string {
    return this.template.render({
      ...this.specialTokens,
      messages: [{ role: 'user', content: prompt }],
      // transformers passes them as None: defined, and false.
      tools: null,
      documents: null,
      add_generation_prompt: true,
      enable_thinking: true,
    });
  }
}

/** Runs synchronous code that is stopped, wherever it is, when its time is over. */
function within<Result>(timeoutMs: number, work: () => Result): Result {
  try {
    return runInContext('work()', createContext({ work }), { timeout: timeoutMs }) as Result;
  } catch (cause) {
    const timedOut = (cause as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw timedOut ? new PromptTimeout(`tokenizing the prompt timed out after ${timeoutMs} ms`, { cause }) : cause;
  }
}
