/** What the page reads of the API's answers; /openapi.json has them whole. */
export interface Model {
  name: string;
  default: boolean;
  kinds: string[];
  defaults: { width: number; height: number; steps: number; guidance_scale: number };
  limits: { min_side: number; max_side: number; max_pixels: number; max_steps: number; max_images: number };
  workers: number;
  cold: boolean;
  estimated_wait_s: number | null;
}

export interface JobImage {
  index: number;
  seed: number;
  width: number;
  height: number;
  url: string;
}

export interface Job {
  id: string;
  state: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'expired';
  kind: 'generation' | 'edit';
  model: string;
  request: {
    prompt: string;
    negative_prompt: string | null;
    width: number;
    height: number;
    steps: number;
    guidance_scale: number;
    seed: number;
    n: number;
  };
  progress: { step: number; steps: number };
  images: JobImage[];
  error: { code: string; message: string } | null;
  timings: { queue_ms: number | null; compute_ms: number | null };
}

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
