import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject, type SwaggerDocumentOptions } from '@nestjs/swagger';
import { z } from 'zod';
import { JobEventData } from '../jobs/job-event-data.js';
import { ImageStreamEvent } from '../openai/image-events.js';
import { OpenAiError } from '../openai/openai-error.js';
import { describeForm } from './openapi-forms.js';
import { describeProblems, problemExamples } from './openapi-problems.js';
import { describeStream } from './openapi-streams.js';
import { ProblemDocument } from './problems.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type SchemaComponents = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
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
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const operation of Object.values(methods) as Operation[]) {
      if (!('x-required-scope' in operation)) operation.security = [];
      describeProblems(path, operation);
      describeForm(operation);
      describeStream(operation);
    }
  }
  document.components = {
    ...document.components,
    schemas: {
      ...componentsOf([ProblemDocument, OpenAiError, JobEventData, ImageStreamEvent]),
      ...document.components?.schemas,
    },
    examples: problemExamples(),
  };
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'openapi.json', yamlDocumentUrl: 'openapi.yaml' });
}

/** Components of schemas that the document refers to by name alone, which Nest therefore does not know. */
function componentsOf(schemas: readonly z.ZodType[]): SchemaComponents {
  const components = schemas.map((schema) => convertSchema(schema, { schemaType: 'output' })?.components);
  const text = JSON.stringify(Object.assign({}, ...components)).replaceAll('"#/$defs/', '"#/components/schemas/');
  return JSON.parse(text) as SchemaComponents;
}
