import { timeText } from '#fleet/time-text.js';
import type { TwinConfig } from '#fleet/twin/fleet-twin.js';
import type { PoolEntry } from '#pool/schema.js';

/** One thing in which two configurations differ, as far as a simulation sees it. */
export interface ConfigChange {
  /** What it is a part of: `pool chat`, `model m`, `decision legal`, `signal long`, `failures and scaling of pool chat`, `workload`. */
  readonly of: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** By its path in that part; null where the whole part came or went. */
  readonly setting: string | null;
  /** In words; null where it is not set. */
  readonly first: string | null;
  readonly second: string | null;
  /** All of it in one line. */
  readonly text: string;
}

type Settings = ReadonlyMap<string, string>;

/**
 * What the second configuration changes, part by part in the order of the first. Configurations are compared as they are played, defaults filled
 * in: what is written otherwise and means the same is no change. Credentials, headers and addresses, which nothing simulated reads, are not told of.
 */
export function configChanges(first: TwinConfig, second: TwinConfig): readonly ConfigChange[] {
  const [before, after] = [partsOf(first), partsOf(second)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(of => changesOf(of, before.get(of), after.get(of)));
}

function changesOf(of: string, before: Settings | undefined, after: Settings | undefined): readonly ConfigChange[] {
  if (before === undefined || after === undefined) {
    const [kind, text] = before === undefined ? (['added', 'is new'] as const) : (['removed', 'is gone'] as const);
    const account = accountOf((before ?? after)!);
    const [one, other] = before === undefined ? [null, account] : [account, null];
    return [{ of, kind, setting: null, first: one, second: other, text: `${of} ${text} (${account})` }];
  }
  return [...new Set([...before.keys(), ...after.keys()])].flatMap(setting => {
    const [one, other] = [before.get(setting) ?? null, after.get(setting) ?? null];
    if (one === other) return [];
    const text = `${of}: ${setting} ${one ?? 'not set'} → ${other ?? 'not set'}`;
    return [{ of, kind: 'changed' as const, setting, first: one, second: other, text }];
  });
}

/** Settings that are named of a part that came or went. */
const NAMED = 3;

function accountOf(settings: Settings): string {
  return [...settings]
    .slice(0, NAMED)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function partsOf({ pool, router, fleet, workload }: TwinConfig): ReadonlyMap<string, Settings> {
  const parts = new Map<string, Settings>();
  for (const [name, entry] of Object.entries(pool.pools)) parts.set(`pool ${name}`, poolSettings(entry));
  for (const [name, model] of Object.entries(pool.models)) parts.set(`model ${name}`, settingsOf(model));
  const { decisions = [], signals = {}, ...rest } = router ?? {};
  if (decisions.length > 0) parts.set('decisions', new Map([['order', decisions.map(({ name }) => name).join(', ')]]));
  for (const { name, ...decision } of decisions) parts.set(`decision ${name}`, settingsOf(decision));
  for (const [name, signal] of Object.entries(signals)) parts.set(`signal ${name}`, settingsOf(signal));
  parts.set('router', settingsOf(rest));
  for (const [name, plan] of Object.entries(fleet?.pools ?? {})) {
    parts.set(`failures and scaling of pool ${name}`, settingsOf(plan));
  }
  parts.set('accepted answers', settingsOf(fleet?.accepted));
  parts.set('compressible prompts', settingsOf({ share: fleet?.compressible }));
  parts.set('workload', settingsOf(workload));
  return parts;
}

/** A pool's replicas by what they run on; of the rest what is not told by them. */
function poolSettings({ replicas = [], simulate, gpu, tp, ...rest }: PoolEntry): Settings {
  const kinds = new Map<string, number>();
  for (const replica of replicas) {
    const kind = `${replica.tp ?? simulate?.tp ?? tp} × ${replica.gpu ?? simulate?.gpu ?? gpu ?? 'unknown GPU'}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const counts = [...kinds].map(([kind, count]) => `${count} of ${kind}`).join(' + ');
  const engine = { engine: simulate?.model, kv_blocks: simulate?.blocks };
  return new Map([['replicas', counts], ...settingsOf({ ...engine, ...rest })]);
}

/** Not read by what is simulated, and some of it is secret. */
const UNTOLD = new Set(['api_key', 'headers', 'url', 'replay', 'description', 'tests']);
/** Durations by their names: the configuration has them in ms. */
const DURATIONS = new Set(
  (
    'ttft_p99 tpot_p99 within signal_deadline patience timeout ttl max_ttft max_tpot ttft tpot grace latency longest connect first_byte ' +
    'stall interval window open_for open_at_most for at_most mtbf mttr start cool_down'
  ).split(' '),
);
/** Characters of a value that are shown. */
const LONGEST = 160;

function settingsOf(value: unknown): Settings {
  const settings = new Map<string, string>();
  flatten(value, '', settings);
  return settings;
}

function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'object' && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value)) {
      if (!UNTOLD.has(name)) flatten(inner, path === '' ? name : `${path}.${name}`, into);
    }
    return;
  }
  const text = wordsFor(value, path.slice(path.lastIndexOf('.') + 1));
  into.set(path, text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`);
}

function wordsFor(value: unknown, name: string): string {
  if (typeof value === 'number') return DURATIONS.has(name) ? timeText(value) : `${value}`;
  if (!Array.isArray(value)) return String(value);
  return value
    .map(one => (typeof one === 'object' && one !== null ? JSON.stringify(one, shown) : String(one)))
    .join(', ');
}

function shown(name: string, value: unknown): unknown {
  return UNTOLD.has(name) ? undefined : value;
}
