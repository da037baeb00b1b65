import type { ConfigVersion, ConfigVersionStore } from '#contract/stores.js';

/**
 * Keeps a version and then brings it about, or does neither: what cannot be kept does not come into force.
 *
 * @throws WeirError `store.unavailable` when it cannot be kept, and what `bring` throws.
 */
export async function keptWith(
  open: () => ConfigVersionStore,
  entry: Omit<ConfigVersion, 'number'>,
  text: string,
  bring: () => Promise<void>,
): Promise<ConfigVersion> {
  const versions = open();
  const newest = versions.list(entry.source, 1)[0]?.number;
  const kept = versions.add(entry, text);
  try {
    await bring();
  } catch (error) {
    if (kept.number !== newest) forget(versions, kept.number);
    throw error;
  }
  return kept;
}

function forget(versions: ConfigVersionStore, number: number): void {
  try {
    versions.drop(number);
  } catch {
    // Why the change failed says more than that the history has a version too many.
  }
}
