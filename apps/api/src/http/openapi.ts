import { applyDecorators, type INestApplication } from '@nestjs/common';
import {
  ApiResponse,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
  type SwaggerDocumentOptions,
} from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { ProblemDocument } from './problems.js';

/** The problem answers that a route can give, by status. */
export const ApiProblems = (...statuses: number[]): MethodDecorator =>
  applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: STATUS_CODES[status] ?? 'Problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ),
  );

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type SchemaConverter = NonNullable<SwaggerDocumentOptions['standardSchemaConverter']>;

/** zod's JSON Schema 2020-12 as OpenAPI 3.1 takes it, `$defs` as components; Nest's own converter is wired to 3.0. */
const convertSchema: SchemaConverter = (schema, { schemaType: io }) => {
  if (!(schema instanceof z.ZodType)) return undefined;
  const jsonSchema = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  const { $defs: components = {} } = jsonSchema;
  delete jsonSchema.$schema;
  delete jsonSchema.$defs;
  return { schema: jsonSchema, components };
};

/** Serves the OpenAPI 3.1 document at /openapi.json and its UI at /docs. */
export function serveOpenApi(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('zimage-queue')
    .setDescription('Image generation by Z-Image models over a queue.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'apiKey')
    .addSecurityRequirements('apiKey')
    .build();
  const document = SwaggerModule.createDocument(app, config, { standardSchemaConverter: convertSchema });
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path) as Operation[])) {
    if (!('x-required-scope' in operation)) operation.security = [];
  }
  // Problems are referred to by name alone, so their component is added by hand.
  document.components = {
    ...document.components,
    schemas: {
      ...document.components?.schemas,
      ...convertSchema(ProblemDocument, { schemaType: 'output' })?.components,
    },
  };
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'openapi.json', yamlDocumentUrl: 'openapi.yaml' });
}
