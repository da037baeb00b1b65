import type { EmittedPool } from './fleet.js';

/** What vLLM is told of the KV behind its GPUs, and what its pod has for that. */
export interface KvOffloading {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly requests: Readonly<Record<string, string>>;
  /** Where storage is mounted, and how large it is; absent without. */
  readonly disk?: { readonly path: string; readonly size: string };
}

/** Memory of a pod beside the KV: weights on their way to the GPUs, and the engine. */
const OWN_GIB = 32;
const GIB = 2 ** 30 / 1e9;
const PATH = '/kv';
/** LMCache's connector for vLLM. */
const LMCACHE = '{"kv_connector":"LMCacheConnectorV1","kv_role":"kv_both"}';

/**
 * Host memory alone is vLLM's own (`--kv-offloading-size`, GiB of all GPUs of the engine together); storage behind it is LMCache's, whose sizes
 * are of each GPU's process, in GB.
 */
export function kvOffloading({ memory, tp }: EmittedPool): KvOffloading {
  if (memory === undefined) return { args: [], env: [], requests: {} };
  const { host, disk } = memory;
  const gib = Math.max(1, Math.floor(host.gb / GIB));
  const requests = { memory: `${gib + OWN_GIB}Gi` };
  if (disk === undefined) {
    return { args: [`--kv-offloading-size=${gib}`, '--kv-offloading-backend=native'], env: [], requests };
  }
  const each = (gb: number) => String(Number((gb / tp).toFixed(3)));
  return {
    args: [`--kv-transfer-config=${LMCACHE}`],
    env: [
      { name: 'LMCACHE_LOCAL_CPU', value: 'True' },
      { name: 'LMCACHE_MAX_LOCAL_CPU_SIZE', value: each(host.gb) },
      { name: 'LMCACHE_LOCAL_DISK', value: `file://${PATH}/` },
      { name: 'LMCACHE_MAX_LOCAL_DISK_SIZE', value: each(disk.gb) },
    ],
    requests,
    disk: { path: PATH, size: `${Math.ceil(disk.gb / GIB)}Gi` },
  };
}
