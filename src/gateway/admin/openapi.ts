import { z } from 'zod';
import { ERRORS } from '#contract/errors.js';
import type { AdminRoute } from './route.js';

/** A piece of the document. */
export type Json = Record<string, unknown>;

const error = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      code: z.enum(Object.keys(ERRORS) as [string, ...string[]]),
      param: z.string().nullable().describe('Where what is wrong stands.'),
      hint: z.string().optional().describe('What would be right.'),
    }),
  })
  .meta({ id: 'Error' });

/**
 * The OpenAPI 3.1 document of routes, from the very schemas that requests are checked against. Named schemas become components. It
 * says nothing against fields it does not list: answers may gain some.
 */
export function openApi(routes: readonly AdminRoute[], version: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  const failure = { description: 'What is wrong', content: json(components.schemaOf(error, 'output')) };
  for (const route of routes) {
    const operation = {
      summary: route.summary,
      operationId: operationId(route),
      'x-role': route.role,
      ...parametersOf(route, components),
      ...(route.body === undefined
        ? undefined
        : { requestBody: { required: true, content: json(components.schemaOf(route.body, 'input')) } }),
      responses: { '200': answerOf(route, components), default: failure },
    };
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Weir admin API',
      version,
      description:
        'What the dashboard uses, and anything else may. Errors have one shape and stable codes. A query parameter that an operation does not list, or that stands twice, is refused: 400 `request.invalid`, with those that there are.',
    },
    paths,
    components: { schemas: components.sorted() },
  };
}

function parametersOf(route: AdminRoute, components: Components): Json {
  const parameters = (['path', 'query'] as const).flatMap(where => {
    const schema = where === 'path' ? route.params : route.query;
    if (schema === undefined) return [];
    const { properties = {}, required = [] } = components.schemaOf(schema, 'input') as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    return Object.entries(properties).map(([name, { description, ...inner }]) => ({
      name,
      in: where,
      required: where === 'path' || required.includes(name),
      ...(description === undefined ? undefined : { description }),
      schema: inner,
    }));
  });
  return parameters.length === 0 ? {} : { parameters };
}

function answerOf(route: AdminRoute, components: Components): Json {
  if (route.events !== undefined) {
    const events = Object.entries(route.events).map(([name, schema]) => [name, components.schemaOf(schema, 'output')]);
    return {
      description: 'Server-sent events; the data of each is JSON',
      content: { 'text/event-stream': { schema: { type: 'string' }, 'x-events': Object.fromEntries(events) } },
    };
  }
  const schema = route.answer === undefined ? {} : components.schemaOf(route.answer, 'output');
  return { description: 'Done', content: json(schema) };
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

/** `GET /api/records/{id}` → `get_records_id`. */
function operationId({ method, path }: AdminRoute): string {
  const words = path.replace(/^\/api\//, '').match(/[a-z]+/gi) ?? [];
  return [method.toLowerCase(), ...words].join('_');
}

/** Named schemas met on the way. */
class Components {
  private readonly found: Record<string, Json> = {};

  schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
    const { properties, $defs = {} } = z.toJSONSchema(z.object({ value: schema }), {
      io,
      unrepresentable: 'any',
      override({ jsonSchema }) {
        if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      },
    }) as unknown as { properties: { value: Json }; $defs?: Record<string, Json> };
    for (const [name, inner] of Object.entries($defs)) {
      const { id: _, ...rest } = lifted(inner) as Json;
      this.found[name] = rest;
    }
    return lifted(properties.value) as Json;
  }

  sorted(): Record<string, Json> {
    return Object.fromEntries(Object.entries(this.found).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** References into a schema's own definitions, turned into references to components. */
function lifted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lifted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', '#/components/schemas/') : lifted(inner),
    ]),
  );
}
