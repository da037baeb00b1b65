import { z } from 'zod';

/** What an object with one key, named for a registered type, says: `{ keyword: { … } }`. */
export interface Typed {
  readonly type: string;
  readonly options: unknown;
}

/**
 * Schema of an object with exactly one key, the name of a type, whose value is that type's options. One object rather than a
 * union, so that an error inside the options is told as that and not as "matches none of the alternatives".
 */
export function oneOf(
  types: readonly { readonly type: string; readonly schema: z.ZodType; readonly summary: string }[],
) {
  const shape = Object.fromEntries(
    types.map(({ type, schema, summary }) => [type, schema.optional().describe(summary)]),
  );
  return z
    .strictObject(shape)
    .meta({ minProperties: 1, maxProperties: 1 })
    .transform((value, context): Typed => {
      const given = Object.entries(value).filter(([, options]) => options !== undefined);
      const [only] = given;
      if (given.length !== 1 || only === undefined) {
        const message = `exactly one of ${types.map(({ type }) => type).join(', ')}`;
        context.issues.push({ code: 'custom', message, input: value });
        return z.NEVER;
      }
      return { type: only[0], options: only[1] };
    });
}
