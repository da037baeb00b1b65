import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

type Components = Readonly<Record<string, unknown>>;
interface Collector {
  readonly receivers: {
    readonly otlp: { readonly protocols: Readonly<Record<string, { readonly endpoint: string }>> };
  };
  readonly processors: Components;
  readonly exporters: Components;
  readonly extensions: Components;
  readonly service: {
    readonly extensions: readonly string[];
    readonly pipelines: Readonly<
      Record<string, Readonly<Record<'receivers' | 'processors' | 'exporters', readonly string[]>>>
    >;
  };
}

const file = fileURLToPath(new URL('../../deploy/otel/collector.yaml', import.meta.url));
const collector = parse(readFileSync(file, 'utf8')) as Collector;

it('the collector takes what Weir exports: traces and metrics, by OTLP over HTTP', () => {
  expect(Object.keys(collector.service.pipelines).sort()).toEqual(['metrics', 'traces']);
  expect(collector.receivers.otlp.protocols.http?.endpoint).toMatch(/:4318$/);
});

it('every part of a pipeline is described, every part that is described is used, and memory is limited first', () => {
  const { pipelines, extensions } = collector.service;
  for (const kind of ['receivers', 'processors', 'exporters'] as const) {
    const used = new Set(Object.values(pipelines).flatMap(pipeline => pipeline[kind]));
    expect([...used].sort()).toEqual(Object.keys(collector[kind]).sort());
  }
  expect([...extensions].sort()).toEqual(Object.keys(collector.extensions).sort());
  for (const { processors } of Object.values(pipelines)) expect(processors[0]).toBe('memory_limiter');
});
