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

/** These headers, and the key where there is one and they do not bring their own. */
export function withKey(headers?: Headers): Headers {
  const all = new Headers(headers);
  const key = storedKey();
  if (key !== undefined && !all.has('authorization')) all.set('authorization', `Bearer ${key}`);
  return all;
}
