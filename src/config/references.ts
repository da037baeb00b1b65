import type { Finding } from './problem.js';
import type { Settings } from './schema.js';
export function checkReferences(_settings: Settings): { errors: readonly Finding[]; warnings: readonly Finding[] } {
  return { errors: [], warnings: [] };
}
