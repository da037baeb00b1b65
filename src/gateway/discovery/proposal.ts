import { isMap, parseDocument } from 'yaml';
import type { EngineApi } from '#protocols/protocol.js';
import { REFERENCE_SCHEMA } from './starter.js';

/** A backend that is to be written into a configuration. */
export interface Backend {
  readonly url: string;
  readonly models: readonly ChosenModel[];
  /** What it speaks; OpenAI's API unless said. */
  readonly api?: EngineApi | undefined;
  /** Environment variable that holds the key; never the key itself. */
  readonly variable?: string | undefined;
}

/** A model of a backend that is to be used. */
export interface ChosenModel {
  readonly id: string;
  readonly context?: number | undefined;
  readonly kind?: 'chat' | 'embedding' | undefined;
  /** USD per 1M tokens; nothing where it is not known, as for engines of one's own. */
  readonly price?: { readonly prompt: number; readonly completion: number } | undefined;
}

const NAME = /[^A-Za-z0-9._:/-]+/g;

/**
 * A `weir.yaml` with these backends: a new one, or the given one with what it lacks added; its comments and order stay.
 *
 * @returns the text; whether it is valid is for the check to say.
 */
export function propose(backends: readonly Backend[], current?: string): string {
  const document = parseDocument(current ?? REFERENCE_SCHEMA);
  const names: string[] = [];
  for (const { url, models, api = 'openai', variable } of backends) {
    for (const { id, context, kind = 'chat', price = { prompt: 0, completion: 0 } } of models) {
      const name = modelName(id);
      if (kind === 'chat') names.push(name);
      if (document.getIn(['pool', 'models', name]) === undefined) {
        const facts = { ...(kind === 'chat' ? undefined : { kind }), ...(context && { context }), price };
        document.setIn(['pool', 'models', name], flow(document, facts));
      }
      if (served(document, name, url)) continue;
      document.setIn(
        ['pool', 'pools', freePool(document, name)],
        flow(document, {
          model: name,
          ...(api === 'openai' ? undefined : { api }),
          ...(name === id ? undefined : { served_as: id }),
          replicas: [url],
          ...(variable === undefined ? undefined : { api_key: `\${${variable}}` }),
        }),
      );
    }
  }
  const decisions = document.getIn(['router', 'decisions']);
  if (decisions === undefined && names.length > 0) {
    const models = [...new Set(names)];
    document.setIn(['router', 'decisions'], [flow(document, { name: 'default', when: 'otherwise', models })]);
  }
  return document.toString({ lineWidth: 120 });
}

function modelName(id: string): string {
  return id.replace(NAME, '-').replace(/^[^A-Za-z0-9]+/, '') || 'model';
}

/** Whether a pool of the model has this replica already. */
function served(document: ReturnType<typeof parseDocument>, model: string, url: string): boolean {
  const { pool } = (document.toJS() ?? {}) as { pool?: { pools?: Readonly<Record<string, Partial<PoolText> | null>> } };
  return Object.values(pool?.pools ?? {}).some(
    entry => entry?.model === model && [entry.replicas ?? []].flat().some(replica => urlOf(replica) === url),
  );
}

/** A pool as a file may have it: nothing of it has been checked. */
interface PoolText {
  readonly model: unknown;
  readonly replicas: readonly unknown[];
}

function urlOf(replica: unknown): string | undefined {
  const url = typeof replica === 'object' && replica !== null && 'url' in replica ? replica.url : replica;
  return typeof url === 'string' ? url.replace(/(?:\/v1)?\/*$/, '') : undefined;
}

/** A name for a pool of a model that no pool has yet. */
function freePool(document: ReturnType<typeof parseDocument>, model: string): string {
  const base = model.replace(/[/:]/g, '-');
  const taken = document.getIn(['pool', 'pools']);
  for (let i = 1; ; i++) {
    const name = i === 1 ? base : `${base}-${i}`;
    if (!isMap(taken) || !taken.has(name)) return name;
  }
}

/** A value on one line, as people write small mappings. */
function flow(document: ReturnType<typeof parseDocument>, value: object) {
  return document.createNode(value, { flow: true });
}
