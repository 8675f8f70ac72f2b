import {
  context,
  defaultTextMapGetter,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';

export { SpanKind, type Span } from '@opentelemetry/api';

/**
 * Sends this process's spans to an OTLP/HTTP collector (`http://collector:4318`). Without an endpoint spans cost nothing and
 * go nowhere. The returned function sends what is left.
 */
export async function startTracing(service: string, endpoint: string | undefined): Promise<() => Promise<void>> {
  if (endpoint === undefined) return () => Promise.resolve();
  const [{ BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': `zimage-queue-${service}`,
      'service.namespace': 'zimage-queue',
    }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1000 })],
  });
  provider.register();
  return () => provider.shutdown();
}

interface SpanOptions {
  /** W3C traceparent of the span above, when it is one of another process; else the current one is. */
  parent?: string | undefined;
  kind?: SpanKind;
  attributes?: Attributes;
}

const tracer = () => trace.getTracer('zimage-queue');

const contextOf = (parent: string | undefined): Context =>
  parent === undefined
    ? context.active()
    : propagation.extract(context.active(), { traceparent: parent }, defaultTextMapGetter);

/** Runs work inside a span, which ends with it; an error is recorded on the span and thrown on. */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const { parent, kind = SpanKind.INTERNAL, attributes = {} } = options;
  return tracer().startActiveSpan(name, { kind, attributes }, contextOf(parent), async (span) => {
    try {
      return await work(span);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A span of what lies behind us. Times in milliseconds since the epoch. */
export function pastSpan(name: string, startMs: number, endMs: number, options: SpanOptions): void {
  const { parent, kind = SpanKind.INTERNAL, attributes = {} } = options;
  tracer().startSpan(name, { kind, attributes, startTime: startMs }, contextOf(parent)).end(endMs);
}

/** The current span as a W3C traceparent, to be carried to another process; undefined when nothing is traced. */
export function currentTraceparent(): string | undefined {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}
