import { z } from 'zod';

/** Answer of `POST /v1/uploads`: where to PUT an image, and the id that stands for it afterwards. */
export const Upload = z
  .strictObject({
    id: z.string().describe('Stands for the image in `image`, `mask` and `images`'),
    url: z.url(),
    method: z.literal('PUT'),
    headers: z.record(z.string(), z.string()).describe('To be sent with the PUT'),
    expires_at: z.iso.datetime(),
    max_bytes: z.int(),
  })
  .meta({ id: 'Upload' });
export type Upload = z.infer<typeof Upload>;
