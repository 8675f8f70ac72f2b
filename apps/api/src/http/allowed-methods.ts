import type { Request } from 'express';

/** What is used of Express' router, whose types do not name its layers. */
interface Layer {
  match(path: string): boolean;
  route?: { methods: Record<string, boolean> };
}

/** The methods that the request's path has, in capitals, sorted; none when nothing lies under it. */
export function allowedMethods({ app, path }: Pick<Request, 'app' | 'path'>): string[] {
  const { stack } = app.router as unknown as { stack: Layer[] };
  const methods = stack.flatMap((layer) => (layer.route && layer.match(path) ? Object.keys(layer.route.methods) : []));
  const allowed = new Set(methods.map((method) => method.toUpperCase()));
  // Express answers HEAD by the route of GET.
  if (allowed.has('GET')) allowed.add('HEAD');
  return [...allowed].sort();
}
