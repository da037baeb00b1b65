import { z } from 'zod';
import { parseDuration, parsePrice, parseSize, parseTokens } from './units.js';

/**
 * The quantities of `weir.yaml` as schema pieces that every part's fragment is composed of. Each reads what people write
 * (`500ms`, `32MB`, `8k`, `$0.05`) into the unit that the code uses, and says what would be right when it cannot.
 */

/** A number with a unit → ms. */
export const duration = quantity(parseDuration, 'a duration with a unit, such as 500ms, 2s, 5m or 1h', 'duration');

/** A number with a unit → bytes. */
export const size = quantity(parseSize, 'a size with a unit, such as 512KiB, 32MB or 1GB', 'size');

/** A count of tokens, `k` being 1,024 → tokens. */
export const tokens = z
  .union([z.int().min(0), quantity(parseTokens, 'a count of tokens, such as 4096, 8k or 1M', 'tokens')])
  .meta({ title: 'tokens', examples: [4096, '8k', '128k'] });

/** USD per 1M tokens. */
export const price = z
  .union([z.number().min(0), quantity(parsePrice, 'a price in USD per 1M tokens, such as 0.05 or $0.05/1M', 'price')])
  .meta({ title: 'price', examples: [0.05, '$0.05/1M', '$0.00005/1k'] });

/** Where a Postgres is, and who asks it. */
export const postgresUrl = z
  .string()
  .max(4096)
  .regex(/^postgres(?:ql)?:\/\//, 'expected a URL such as postgres://user:password@host/database')
  .meta({ title: 'URL', examples: ['postgres://weir@db.example/weir'] });

/** A share between 0 and 1. */
export const share = z.number().min(0).max(1);

/** By what factor a prompt may be made shorter; 1 for not at all. Beyond 4 hardly a prompt has as much to leave out. */
export const compression = z.number().min(1).max(4).default(1);

/** Names of models, pools, signals and decisions: what headers, labels and expressions can carry unquoted. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/,
    'a name of letters, digits and . _ : / - that begins with a letter or digit',
  )
  .meta({ title: 'name' });

/** Names that expressions use: also free of `-`-prefix ambiguity, so letters, digits, `_`, `-` and `.`, and no reserved word. */
export const identifier = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'a name that begins with a letter and has letters, digits, _ . or -')
  .refine(text => !RESERVED.has(text), { message: 'a name other than and, or, not, otherwise, true, false, unknown' })
  .meta({ title: 'identifier' });

const RESERVED: ReadonlySet<string> = new Set(['and', 'or', 'not', 'otherwise', 'true', 'false', 'unknown']);

function quantity(parse: (text: string) => number | undefined, right: string, title: string) {
  return z
    .string()
    .transform((text, context) => {
      const value = parse(text);
      if (value === undefined) {
        context.issues.push({ code: 'custom', message: `expected ${right}`, input: text });
        return z.NEVER;
      }
      return value;
    })
    .meta({ title });
}
