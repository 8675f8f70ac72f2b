import { StandardSchemaValidationPipe } from '@nestjs/common';
import { Problem } from './problems.js';

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  /** zod's own: the fields of an `unrecognized_keys` issue, whose path is their parent's. */
  readonly keys?: readonly string[];
}

/** `webhook.events[0]`; the body itself has no path. */
const nameOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '') || 'body';

function errorsOf(issue: Issue): { field: string; message: string }[] {
  const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  if (issue.keys) return issue.keys.map((key) => ({ field: nameOf([...path, key]), message: 'is not a known field' }));
  return [{ field: nameOf(path), message: messageOf(issue) }];
}

/** zod names the type it expected of a field that is not there. */
const messageOf = ({ message }: Issue): string => (message.endsWith(', received undefined') ? 'is missing' : message);

/** Every wrong field of a request, by name. */
function validationProblem(issues: readonly Issue[]): Problem {
  const errors = issues.flatMap(errorsOf);
  return new Problem('validation_failed', errors.map(({ field, message }) => `${field}: ${message}`).join('; '), {
    errors,
  });
}

/** Parses bodies, queries and headers by the zod schema that the route names: `@Body({ schema })`. */
export const validationPipe = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => validationProblem(issues),
});
