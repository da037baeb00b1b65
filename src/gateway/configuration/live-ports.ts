import type { LoadOptions, LoadResult } from '#config/load.js';
import type { Clock } from '#contract/clock.js';
import type { ConfigVersion, ConfigVersionStore } from '#contract/stores.js';

/** A configuration that was read and is valid. */
export type Valid = LoadResult & { readonly ok: true };

/** What the configuration of a gateway is given, and whom it tells. */
export interface LiveConfigurationPorts {
  readonly clock: Clock;
  readonly load: LoadOptions;
  readonly seed: number;
  /** Where a configuration is written when the gateway runs on none. */
  readonly newFile: string;
  /** Puts a configuration in force. */
  readonly apply: (loaded: Valid) => Promise<void>;
  /** Opened on first use. */
  readonly versions: () => ConfigVersionStore;
  /** A file has come to be where there was none: from now on it is to be watched. */
  readonly onFile: (file: string) => Promise<void>;
  /** An edit of the file is in force. What it does with that is not waited for. */
  readonly onEdit?: (version: ConfigVersion) => void;
  /** An edit of the file is in force and could not be kept in the history. */
  readonly onUnkept?: (error: unknown) => void;
}
