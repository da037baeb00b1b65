/** For this tab only: the browser forgets it when the tab is closed. */
const KEY = 'weir.key';

/** The key with which this tab asks the gateway, where it was given one. */
export function storedKey(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a key for this tab; `undefined` forgets it. */
export function storeKey(key: string | undefined): void {
  try {
    if (key === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, key);
  } catch {
    // A browser that keeps nothing asks for the key again.
  }
}

/** Keeps a key, or none, and begins at the beginning: whoever comes next finds nothing of what was seen or written. */
export function beginAnew(key: string | undefined): void {
  storeKey(key);
  location.hash = '';
  location.reload();
}
