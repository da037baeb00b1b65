import { isWeirError, type WeirError } from '#contract/errors.js';
import { findGpu, type Gpu, knownGpus } from '#pool/engine/hardware.js';
import { findModel, knownModels } from '#pool/engine/models.js';
import { peakFlops } from '#pool/engine/precision.js';
import { engineProfile } from '#pool/engine/profile.js';
import type { SimulateEntry } from '#pool/local-engines-schema.js';
import type { PoolConfig, PoolEntry } from '#pool/schema.js';
import { suggestion } from './nearest.js';
import type { Finding, Path } from './problem.js';
import { checkRebalance } from './rebalance-references.js';

/** What the schema of the pool block cannot see: names that must exist, and engines that must be possible. */
export function checkPool(config: PoolConfig): readonly Finding[] {
  const { models, pools } = config;
  const known = Object.keys(models);
  const served = new Set(Object.values(pools).flatMap(entry => [entry.model, ...(entry.adapters?.models ?? [])]));
  const empty: readonly Finding[] =
    known.length > 0
      ? []
      : [
          {
            code: 'config.missing',
            path: ['pool', 'models'],
            at: 'key',
            message: 'there is no model',
            hint: 'name at least one',
          },
        ];
  return [
    ...empty,
    ...known.filter(model => !served.has(model)).map(unserved),
    ...Object.entries(pools).flatMap(([name, entry]) => checkEntry(['pool', 'pools', name], entry, models)),
    ...Object.entries(pools).flatMap(([name, entry]) => checkPrefill(['pool', 'pools', name], name, entry, pools)),
    ...checkRebalance(config),
  ];
}

/** Doubts about the pool block that keep nothing from working. */
export function doubtsAboutPool({ pools }: PoolConfig): readonly Finding[] {
  return Object.entries(pools).flatMap(([name, { gpu }]) => {
    if (gpu === undefined || !fails(() => findGpu(gpu))) return [];
    return unknown(
      ['pool', 'pools', name, 'gpu'],
      `nothing is known of the GPU ${quote(gpu)}: energy is not computed`,
      gpu,
      gpuNames(),
    );
  });
}

function unserved(model: string): Finding {
  return {
    code: 'config.missing',
    path: ['pool', 'models', model],
    at: 'key',
    message: `no pool serves ${quote(model)}`,
    hint: `add a pool with model: ${model}`,
  };
}

function checkEntry(path: Path, entry: PoolEntry, models: PoolConfig['models']): readonly Finding[] {
  const findings: Finding[] = [];
  const known = Object.keys(models);
  if (!known.includes(entry.model)) {
    const message = `there is no model ${quote(entry.model)} under pool.models`;
    findings.push(...unknown([...path, 'model'], message, entry.model, known));
  }
  if (models[entry.model]?.kind === 'embedding' && entry.api !== 'openai') {
    findings.push({
      code: 'config.invalid',
      path: [...path, 'api'],
      at: 'value',
      message: `only engines with api: openai embed, and ${quote(entry.model)} is an embedding model`,
      hint: 'api: openai',
    });
  }
  for (const [at, adapter] of (entry.adapters?.models ?? []).entries()) {
    if (known.includes(adapter)) continue;
    const message = `there is no model ${quote(adapter)} under pool.models`;
    findings.push(...unknown([...path, 'adapters', 'models', at], message, adapter, known));
  }
  findings.push(...pointless([...path, 'placement', 'scorers'], entry));
  findings.push(...repeated(path, entry));
  if (entry.simulate !== undefined) findings.push(...checkSimulation(path, entry, entry.simulate));
  else findings.push(...checkKernels(path, entry));
  return findings;
}

/** A prefill pool is another pool of the same model, whose replicas compute prompts and nothing else. */
function checkPrefill(path: Path, name: string, entry: PoolEntry, pools: PoolConfig['pools']): readonly Finding[] {
  const { prefill } = entry;
  if (prefill === undefined) return [];
  const at = [...path, 'prefill', 'pool'];
  const invalid = (message: string, hint: string): readonly Finding[] => [
    { code: 'config.invalid', path: at, at: 'value', message, hint },
  ];
  const other = pools[prefill.pool];
  if (other === undefined) {
    return unknown(at, `there is no pool ${quote(prefill.pool)}`, prefill.pool, Object.keys(pools));
  }
  if (prefill.pool === name) return invalid('a pool computes its own prompts anyhow', 'name another pool');
  if (other.prefill !== undefined) {
    return invalid(`${quote(prefill.pool)} has a prefill pool itself`, 'name a pool that computes prompts itself');
  }
  if (other.model !== entry.model) {
    return invalid(
      `${quote(prefill.pool)} serves ${quote(other.model)}, and KV of one model is of no use to another`,
      `name a pool with model: ${entry.model}`,
    );
  }
  if ((other.kv_cache ?? '16 bits') !== (entry.kv_cache ?? '16 bits')) {
    const said = other.kv_cache ?? 'of 16 bits';
    return invalid(
      `the KV cache of ${quote(prefill.pool)} is ${said}, and this pool could not read it`,
      `the same kv_cache in both`,
    );
  }
  for (const pool of [entry, other]) {
    if (pool.api !== 'openai' || pool.cloud !== undefined || pool.gguf !== undefined) {
      return invalid('only replicas that speak as vLLM does can hand KV on', 'replicas or simulate, and api: openai');
    }
  }
  return [];
}

/** Scorers that could tell no replica from another. */
function pointless(path: Path, { placement, gpu, simulate, adapters }: PoolEntry): readonly Finding[] {
  const scorers = typeof placement === 'string' ? undefined : placement.scorers;
  const findings: Finding[] = [];
  const invalid = (name: string, message: string, hint: string) =>
    findings.push({ code: 'config.invalid', path: [...path, name], at: 'key', message, hint });
  if (scorers?.energy !== undefined && gpu === undefined && simulate === undefined) {
    invalid(
      'energy',
      'energy is computed from the hardware, and none is described',
      'say gpu, and tp where it is not 1',
    );
  }
  if (scorers?.lora !== undefined && adapters === undefined) {
    invalid('lora', 'there are no adapters in this pool', 'list them under adapters, or leave this scorer out');
  }
  return findings;
}

function repeated(path: Path, { replicas = [] }: PoolEntry): readonly Finding[] {
  const seen = new Set<string>();
  return replicas.flatMap((replica, index): readonly Finding[] => {
    const id = 'id' in replica && replica.id !== undefined ? replica.id : replica.url;
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    const hint = 'give each its own id, or remove one';
    return [
      {
        code: 'config.duplicate',
        path: [...path, 'replicas', index],
        at: 'value',
        message: `${quote(id)} stands twice here`,
        hint,
      },
    ];
  });
}

/** Weights that no kernel on the GPU of a replica multiplies; of a GPU that nothing is known of, nothing is said. */
function checkKernels(path: Path, { weights, gpu, replicas = [] }: PoolEntry): readonly Finding[] {
  if (weights === undefined) return [];
  const names = new Set([gpu, ...replicas.map(replica => replica.gpu)].filter(name => name !== undefined));
  return [...names].flatMap((name): readonly Finding[] => {
    const known = knownGpu(name);
    if (known === undefined) return [];
    const refusal = refusalOf(() => peakFlops(known, weights));
    if (refusal === undefined) return [];
    const { code, message, hint } = refusal;
    return [{ code, path: [...path, 'weights'], at: 'value', message, ...(hint !== undefined && { hint }) }];
  });
}

function checkSimulation(pool: Path, entry: PoolEntry, simulate: SimulateEntry): readonly Finding[] {
  const { context, weights, kv_cache: kvCache } = entry;
  const { model, gpu, tp, blocks } = simulate;
  const path = [...pool, 'simulate'];
  const findings: Finding[] = [];
  if (fails(() => findModel(model))) {
    const names = knownModels().map(({ name }) => name);
    findings.push(...unknown([...path, 'model'], `the engine catalogue has no model ${quote(model)}`, model, names));
  }
  if (fails(() => findGpu(gpu))) {
    findings.push(...unknown([...path, 'gpu'], `the engine catalogue has no GPU ${quote(gpu)}`, gpu, gpuNames()));
  }
  if (findings.length > 0) return findings;
  const refusal = refusalOf(() =>
    engineProfile({
      ...{ model, gpu, tp, ...(weights && { weights }), ...(kvCache && { kvCache }) },
      ...(context !== undefined && { contextTokens: context }),
      ...(blocks !== undefined && { blocks }),
    }),
  );
  if (refusal === undefined) return [];
  const { code, message } = refusal;
  const hint = refusal.hint?.replace(/^tp (\d+)$/, 'tp: $1 would do');
  return [{ code, path, at: 'value', message, ...(hint !== undefined && { hint }) }];
}

function unknown(path: Path, message: string, name: string, known: readonly string[]): readonly Finding[] {
  const hint = suggestion(name, known);
  return [{ code: 'config.unknown_reference', path, at: 'value', message, ...(hint !== undefined && { hint }) }];
}

function gpuNames(): readonly string[] {
  return knownGpus().map(({ name }) => name);
}

function knownGpu(name: string): Gpu | undefined {
  return fails(() => findGpu(name)) ? undefined : findGpu(name);
}

function fails(look: () => unknown): boolean {
  return refusalOf(look) !== undefined;
}

function refusalOf(look: () => unknown): WeirError | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (!isWeirError(error)) throw error;
    return error;
  }
}

function quote(text: string): string {
  return JSON.stringify(text);
}
