import type { Settings } from './schema.js';

/** A valid configuration, frozen. A request keeps the one it began with. */
export interface Config extends Settings {
  /** Twelve hexadecimal digits of the file's SHA-256, without its secrets: says which configuration was in force. */
  readonly version: string;
  /** Path of the file, or `demonstration`. */
  readonly source: string;
}
