import type { Config } from '#config/load.js';
import { suggestion } from '#config/nearest.js';
import type { KnownModels } from '#identity/key-checks.js';

/** The names that a configuration has models by, real and virtual: what a key may be made for. */
export function knownModels({ router, pool }: Config): KnownModels {
  const names = new Set([...router.names, ...Object.keys(pool.models)]);
  return { has: name => names.has(name), suggestion: name => suggestion(name, names) };
}
