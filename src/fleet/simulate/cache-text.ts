import { shareText } from '#fleet/share-text.js';
import type { SimulationReport } from './report.js';

type Pool = SimulationReport['pools'][string];

/** What a replica of a pool keeps of prefixes and where that is known from, in words. */
export function cacheText({ cache }: Pool): string {
  const { from, device_tokens: device, host_tokens: host, disk_tokens: disk, believed_blocks: believed } = cache;
  const tiers = [
    `${whole(device)} tokens on its GPUs (${FROM[from]})`,
    ...(host === undefined ? [] : [`${whole(host)} in its host's memory`]),
    ...(disk === undefined ? [] : [`${whole(disk)} in storage`]),
  ];
  const taken = believed === undefined ? '' : `; placement takes it for ${whole(believed)} blocks (cache_blocks)`;
  return `${tiers.join(', ')}${taken}`;
}

/** Prompt tokens that were read from behind the GPUs, and what that held up; empty for a pool without tiers there. */
export function tiersText({ host_hit_rate: host, disk_hit_rate: disk, stalled = 0 }: Pool): string {
  if (host === undefined) return '';
  const storage = disk === undefined ? '' : `, ${shareText(disk, 1)} from storage`;
  return `${shareText(host, 1)} of prompt tokens read from host memory${storage}, for which engines waited ${shareText(stalled, 1)} of their busy time`;
}

const FROM = { memory: 'by GPU and model', 'simulate.blocks': 'simulate.blocks', given: 'as given' } as const;

function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
