import type { ConfigurationDesk } from '#gateway/configuration/desk.js';
import type { AdminGuard } from './guard.js';

/** What the admin API needs beside the gateway itself. */
export interface AdminPorts {
  readonly guard: AdminGuard;
  /** The file the gateway runs on; absent where a gateway was given its configuration by hand. */
  readonly configuration?: ConfigurationDesk;
  /** The environment: where provider keys are looked for, by name only. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Version of Weir. */
  readonly version: string;
}
