import { z } from 'zod';
import type { Path } from './problem.js';
import { configSchema } from './schema.js';

/** The part of JSON Schema (2020-12) that our schemas use. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

let made: JsonSchema | undefined;

/** The JSON Schema of `weir.yaml`, as it is written (before units and defaults are applied). */
export function configJsonSchema(): JsonSchema {
  made ??= {
    ...(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema),
    title: 'weir.yaml',
    description: 'Configuration of Weir, the LLM inference router.',
  };
  return made;
}

/** All schemas that a value at a path may have to fit; none when there is no such place. */
export function schemasAt(root: JsonSchema, path: Path): readonly JsonSchema[] {
  let schemas = branches(root, root);
  for (const step of path)
    schemas = schemas.flatMap(schema => within(schema, step)).flatMap(schema => branches(schema, root));
  return schemas;
}

function within(schema: JsonSchema, step: string | number): readonly JsonSchema[] {
  const key = String(step);
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return [schema.properties[key]!];
  if (typeof step === 'number' && typeof schema.items === 'object') return [schema.items];
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : [];
}

/** A schema with its references followed and its alternatives beside it. */
export function branches(schema: JsonSchema, root: JsonSchema, depth = 0): readonly JsonSchema[] {
  if (depth > 16) return [];
  const referred = schema.$ref === undefined ? undefined : resolve(schema.$ref, root);
  const inner = [
    ...(referred === undefined ? [] : [referred]),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.allOf ?? []),
  ];
  return [schema, ...inner.flatMap(alternative => branches(alternative, root, depth + 1))];
}

function resolve(reference: string, root: JsonSchema): JsonSchema | undefined {
  if (reference === '#') return root;
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1];
  return name === undefined ? undefined : root.$defs?.[name];
}
