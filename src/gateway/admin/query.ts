import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { nearest } from '#config/nearest.js';
import { WeirError } from '#contract/errors.js';

const MAX_QUERY = 8192;

/**
 * The parameters behind the `?` of a call, by name. A filter that a route does not have would be met by an answer that looks
 * filtered and is not: it is refused, and so is one that stands twice, of which only one could count.
 *
 * @param schema what the route takes; nothing when it takes none.
 * @throws WeirError `request.invalid` that names what there is, the nearest first.
 */
export function queryOf(request: IncomingMessage, schema: z.ZodObject | undefined): Record<string, string> {
  const url = request.url ?? '/';
  const at = url.indexOf('?');
  if (at < 0) return {};
  if (url.length - at > MAX_QUERY) throw new WeirError('request.invalid', 'The query is too long', { path: 'query' });
  const known = Object.keys(schema?.shape ?? {});
  const given = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(url.slice(at + 1))) {
    const path = `query.${name.slice(0, 80)}`;
    if (!known.includes(name)) {
      const said = `There is no parameter ${JSON.stringify(name.slice(0, 80))} here`;
      throw new WeirError('request.invalid', said, { path, hint: choice(name, known) });
    }
    if (given.has(name)) {
      throw new WeirError('request.invalid', `${name} stands twice in the query`, { path, hint: 'one of the two' });
    }
    given.set(name, value);
  }
  return Object.fromEntries(given);
}

function choice(name: string, known: readonly string[]): string {
  if (known.length === 0) return 'no parameter at all';
  const near = nearest(name, known);
  const names = near === undefined ? known : [near, ...known.filter(one => one !== near)];
  return names.length === 1 ? `${names[0]}` : `one of ${names.join(', ')}`;
}
