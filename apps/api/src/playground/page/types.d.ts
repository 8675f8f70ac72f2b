import type { components } from '../../../../../clients/typescript/src/schema.js';

export type Job = components['schemas']['JobDocument'];
export type Model = components['schemas']['ModelList']['models'][number];

export interface JobEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** A picture to begin with: bytes of the user's own, or a result of the service. */
export type InputPicture = { name: string; file: File } | { name: string; url: string };

/** What can be made of pictures, by the API's name. */
export type PictureKind = 'edit' | 'image-to-image' | 'inpaint';

/** What the form asks for, before pictures are made part of it. */
export interface Order {
  path: 'v1/generations' | 'v1/edits';
  body: Record<string, string | number | object>;
  /** By the field of the body that they go into. */
  inputs: { images: InputPicture[] } | { image?: InputPicture; mask?: InputPicture };
}
