import { ApiExtension, type OpenAPIObject } from '@nestjs/swagger';

interface Events {
  types: readonly string[];
  /** Name of the component that an event's `data` is, as JSON. */
  data: string;
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & { 'x-events'?: Events };

/** The Server-Sent Events that a route's 200 consists of, or may. */
export const ApiEvents = (events: Events): MethodDecorator => ApiExtension('x-events', events);

/** Describes an operation's stream: the schema is that of each event, as OpenAPI 3.2 sees them. */
export function describeStream(operation: Operation): void {
  const events = operation['x-events'];
  delete operation['x-events'];
  const answer = operation.responses['200'];
  if (!events || !answer || !('description' in answer)) return;
  const data = { contentMediaType: 'application/json', contentSchema: { $ref: `#/components/schemas/${events.data}` } };
  const properties = {
    id: { type: 'string' },
    event: { type: 'string', enum: [...events.types] },
    data: { type: 'string', ...data },
  };
  const schema = { type: 'object', properties, required: ['event', 'data'] };
  answer.content = { ...answer.content, 'text/event-stream': { schema } };
}
