/**
 * Where processes that serve together tell one another what is good to know and may be lost: each message reaches all that can be
 * reached now, once or not at all, and nobody waits for it.
 */
export interface Broadcast {
  tell(text: string): void;
  /** Hears what the others tell from now on; whether a process hears itself is not said. One listener: another replaces it. */
  listen(listener: (text: string) => void): void;
  /** Whether the others can be reached. */
  readonly connected: boolean;
  close(): Promise<void>;
}
