import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/client.js';

/** Something asked of the gateway: what it said last, and what is wrong now. */
export interface Resource<T> {
  readonly value: T | undefined;
  readonly error: ApiError | undefined;
  reload(): void;
}

/**
 * Loads now, whenever `key` changes, and again `every` ms after each answer while the page can be seen. The last value stays while the
 * next is on its way, and when it fails.
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, every?: number): Resource<T> {
  const [state, setState] = useState<{ key: string; value: T | undefined; error: ApiError | undefined }>({
    key,
    value: undefined,
    error: undefined,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    let running = false;
    const run = async (): Promise<void> => {
      // What waits for somebody to sign in would be asked as often as the tab is looked at.
      if (running) return;
      running = true;
      window.clearTimeout(timer);
      try {
        const value = await latest.current(stop.signal);
        if (!stop.signal.aborted) setState({ key, value, error: undefined });
      } catch (error) {
        if (stop.signal.aborted) return;
        const wrong = error instanceof ApiError ? error : new ApiError(String(error), 0, undefined);
        setState(before => ({ key, value: before.key === key ? before.value : undefined, error: wrong }));
      }
      running = false;
      if (every !== undefined && !stop.signal.aborted && document.visibilityState === 'visible') {
        timer = window.setTimeout(() => void run(), every);
      }
    };
    const onVisible = (): void => {
      if (every !== undefined && document.visibilityState === 'visible') void run();
    };
    document.addEventListener('visibilitychange', onVisible);
    void run();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [key, turn, every]);
  const reload = useCallback(() => setTurn(before => before + 1), []);
  return { value: state.key === key ? state.value : undefined, error: state.error, reload };
}
