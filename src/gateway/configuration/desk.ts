import type { LiveConfiguration } from './live-configuration.js';

/** What the admin API asks of the configuration. */
export const DESK_CALLS = [
  'shown',
  'check',
  'changes',
  'restart',
  'change',
  'rollBack',
  'history',
  'version',
  'difference',
] as const satisfies readonly (keyof LiveConfiguration)[];

export type DeskCall = (typeof DESK_CALLS)[number];

/** The {@link LiveConfiguration} of this gateway, in this process or in another one. */
export type ConfigurationDesk = {
  readonly [Call in DeskCall]: (
    ...given: Parameters<LiveConfiguration[Call]>
  ) => ReturnType<LiveConfiguration[Call]> | Promise<Awaited<ReturnType<LiveConfiguration[Call]>>>;
};
