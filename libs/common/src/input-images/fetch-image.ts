import { errors, request, type Agent } from 'undici';
import { inputImageLimits } from '../contracts/input-image.js';
import { AddressRefused, guardedAgent } from '../net/guarded-agent.js';
import { outgoingUrlRefusal } from '../net/outgoing-url.js';
import { ImageTooLarge, ImageUnreachable, ImageUrlRefused } from './input-errors.js';

const timeoutMs = 10_000;

/**
 * Fetches images from URLs that tenants chose: https only outside the embedded mode, no redirects, addresses checked when
 * the connection is made, time and bytes bounded. Its content type is not looked at.
 */
export class ImageFetcher {
  private readonly agent: Agent;

  constructor(private readonly options: { embedded: boolean; timeoutMs?: number }) {
    this.agent = guardedAgent({ allowLoopback: options.embedded });
  }

  /** Throws {@link ImageUrlRefused} for what can be told without asking anybody. */
  check(url: string): void {
    const refusal = outgoingUrlRefusal(url, this.options);
    if (refusal !== null) throw new ImageUrlRefused(refusal);
  }

  /** Throws {@link ImageUrlRefused}, {@link ImageUnreachable} or {@link ImageTooLarge}. */
  async fetch(url: string): Promise<Uint8Array> {
    this.check(url);
    try {
      const response = await request(url, {
        dispatcher: this.agent,
        headers: { 'user-agent': 'zimage-queue', accept: 'image/png,image/jpeg,image/webp' },
        signal: AbortSignal.timeout(this.options.timeoutMs ?? timeoutMs),
      });
      const { statusCode, body } = response;
      if (statusCode !== 200) {
        await body.dump({ limit: 0 }).catch(() => undefined);
        throw new ImageUnreachable(`the URL answered ${statusCode}`);
      }
      return await upTo(inputImageLimits.bytes, body);
    } catch (cause) {
      throw refusalOf(cause);
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

/** Leaving the loop early destroys the stream, and with it the connection. */
async function upTo(maxBytes: number, body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new ImageTooLarge(`has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Says no more of a failed connection than whether it took too long: an error's own text may describe a network. */
function refusalOf(cause: unknown): Error {
  if (cause instanceof ImageUnreachable || cause instanceof ImageTooLarge) return cause;
  if (cause instanceof AddressRefused) return new ImageUrlRefused('must not point at a private address');
  const isTimeout =
    cause instanceof errors.ConnectTimeoutError || (cause instanceof Error && cause.name === 'TimeoutError');
  return new ImageUnreachable(isTimeout ? 'the URL did not answer in time' : 'the URL could not be fetched', { cause });
}
