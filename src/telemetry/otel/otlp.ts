import type { Milliseconds } from '#contract/units.js';

/** The parts of OTLP's JSON form that are sent (opentelemetry-proto, stable since 1.0). 64-bit numbers are texts in it. */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly boolValue: boolean }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } };

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code: number; readonly message?: string };
}

export const KIND = { internal: 1, server: 2, client: 3 } as const;
export const STATUS = { unset: 0, ok: 1, error: 2 } as const;

export type Attribute = string | number | boolean | readonly string[] | undefined;

/** Attributes in OTLP's form; what is undefined is left out. */
export function attributes(values: Readonly<Record<string, Attribute>>): KeyValue[] {
  const list: KeyValue[] = [];
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) list.push({ key, value: anyValue(value) });
  }
  return list;
}

function anyValue(value: Exclude<Attribute, undefined>): AnyValue {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: `${value}` } : { doubleValue: value };
  return { arrayValue: { values: value.map(text => ({ stringValue: text })) } };
}

/** A wall time in ms, fractional, as whole nanoseconds: more digits than a number holds exactly, so put together as text. */
export function nanoseconds(ms: Milliseconds): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, '0')}`;
}
