import type { components } from '../../../../../clients/typescript/src/schema.js';

export type Job = components['schemas']['JobDocument'];
export type Model = components['schemas']['ModelList']['models'][number];

export interface JobEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** A picture to edit: bytes of the user's own, or a result of the service. */
export type InputPicture = { name: string; file: File } | { name: string; url: string };

/** What the form asks for, before pictures are made part of it. */
export interface Order {
  path: 'v1/generations' | 'v1/edits';
  body: Record<string, string | number>;
  pictures: InputPicture[];
}
