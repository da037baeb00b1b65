import { Observed } from '../ui/observed.js';
import type { ApiError } from './client.js';

/** Whether the gateway lets this tab in. The first call that is refused shuts it, and all wait until somebody has signed in. */
class Door extends Observed {
  /** Why it is shut. */
  error: ApiError | undefined;
  /** How often somebody has come in: what is refused to the one before is not refused to the next. */
  entries = 0;

  shut(error: ApiError): void {
    if (this.error !== undefined) return;
    this.error = error;
    this.changed();
  }

  open(): void {
    this.error = undefined;
    this.entries++;
    this.changed();
  }

  /** Resolves when it is open; rejects with an `AbortError` when `signal` ends that. */
  opened(signal?: AbortSignal | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (signal?.aborted !== true && this.error !== undefined) return;
        stop();
        signal?.removeEventListener('abort', look);
        if (signal?.aborted === true) reject(signal.reason);
        else resolve();
      };
      const stop = this.observe(look);
      signal?.addEventListener('abort', look);
      look();
    });
  }
}

export const door = new Door();
