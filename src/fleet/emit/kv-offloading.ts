import type { EmittedPool } from './fleet.js';

/** What vLLM is told of where KV goes: to other engines, and behind the GPUs; and what its pod has for that. */
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

interface Connector {
  readonly kv_connector: string;
  readonly kv_role: 'kv_both';
  readonly kv_connector_extra_config?: object;
}

/** vLLM's NIXL connector, which says of each request which engine computes its prompt; both sides are told the same. */
const NIXL: Connector = { kv_connector: 'NixlConnector', kv_role: 'kv_both' };
/** LMCache's connector for vLLM. */
const LMCACHE: Connector = { kv_connector: 'LMCacheConnectorV1', kv_role: 'kv_both' };

/**
 * Host memory alone is vLLM's own (`--kv-offloading-size`, GiB of all GPUs of the engine together); storage behind it is LMCache's, whose sizes
 * are of each GPU's process, in GB. An engine has one connector: where KV also goes to other engines, it is vLLM's MultiConnector over both.
 */
export function kvOffloading({ memory, tp, transfers }: EmittedPool): KvOffloading {
  if (memory === undefined) return { args: transfers ? [connected(NIXL)] : [], env: [], requests: {} };
  const { host, disk } = memory;
  const gib = Math.max(1, Math.floor(host.gb / GIB));
  const requests = { memory: `${gib + OWN_GIB}Gi` };
  if (disk === undefined) {
    const args = transfers
      ? [connected(both(NIXL, native(gib)))]
      : [`--kv-offloading-size=${gib}`, '--kv-offloading-backend=native'];
    return { args, env: [], requests };
  }
  const each = (gb: number) => String(Number((gb / tp).toFixed(3)));
  return {
    args: [connected(transfers ? both(NIXL, LMCACHE) : LMCACHE)],
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

/** What `--kv-offloading-size` comes to. */
function native(gib: number): Connector {
  const bytes = { cpu_bytes_to_use: gib * 2 ** 30 };
  return { kv_connector: 'OffloadingConnector', kv_role: 'kv_both', kv_connector_extra_config: bytes };
}

function both(...connectors: readonly Connector[]): Connector {
  return { kv_connector: 'MultiConnector', kv_role: 'kv_both', kv_connector_extra_config: { connectors } };
}

function connected(connector: Connector): string {
  return `--kv-transfer-config=${JSON.stringify(connector)}`;
}
