import type { OpenAPIObject } from '@nestjs/swagger';

type Operation = NonNullable<OpenAPIObject['paths'][string]['post']>;

interface ObjectSchema {
  properties: Record<string, object>;
  required?: string[];
}

const file = { type: 'string', format: 'binary', description: 'PNG, JPEG or WebP' };
const files = { type: 'array', items: file, minItems: 1, maxItems: 4 };

/** Describes the form of an operation that takes one: as its JSON, but with files for `images` and `mask`. */
export function describeForm({ requestBody }: Operation): void {
  const content = requestBody && 'content' in requestBody ? requestBody.content : {};
  const json = content['application/json']?.schema as ObjectSchema | undefined;
  if (!json || !('multipart/form-data' in content)) return;
  const { mask, ...fields } = json.properties;
  delete fields.images;
  content['multipart/form-data'] = {
    schema: {
      type: 'object',
      properties: { ...fields, image: files, 'image[]': files, ...(mask !== undefined && { mask: file }) },
      required: (json.required ?? []).filter((name) => name !== 'images'),
      anyOf: [{ required: ['image'] }, { required: ['image[]'] }],
      additionalProperties: false,
    },
  };
}
