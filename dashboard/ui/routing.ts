import { useEffect, useState } from 'preact/hooks';

/** Where in the dashboard somebody is: `#/requests/req_1?status=failed`. */
export interface Place {
  readonly page: string;
  /** What of that page: the id of a request, a tab. */
  readonly part: string | undefined;
  readonly query: URLSearchParams;
}

export function placeOf(hash: string): Place {
  // Links of before the dashboard had pages.
  if (/^#req_/.test(hash)) return { page: 'requests', part: hash.slice(1), query: new URLSearchParams() };
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [page = '', part] = path.split('/').map(decoded);
  return {
    page: page === '' ? 'overview' : page,
    part: part === '' ? undefined : part,
    query: new URLSearchParams(query),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function link(page: string, part?: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const asked = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) => (value === undefined || value === '' ? [] : [[key, value]])),
  ).toString();
  const path = part === undefined ? page : `${page}/${encodeURIComponent(part)}`;
  return asked === '' ? `#/${path}` : `#/${path}?${asked}`;
}

/** The place in the address, followed as it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const follow = (): void => setPlace(placeOf(location.hash));
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  return place;
}

/** Goes somewhere without leaving a step to come back to: for filters. */
export function replacePlace(hash: string): void {
  history.replaceState(null, '', hash);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}
