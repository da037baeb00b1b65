import { randomFillSync } from 'node:crypto';

/** Where a request stands in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits; absent where the trace begins here. */
  readonly parentId?: string;
  readonly sampled: boolean;
  /** What other tracers keep in the trace; passed on as it came. */
  readonly state?: string;
}

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MAX_STATE = 512;

/** Reads W3C trace context. What does not keep to the form counts as absent, as the recommendation asks. */
export function readTraceContext(headers: Readonly<Record<string, string>>): TraceContext | undefined {
  const given = headers.traceparent;
  if (given === undefined) return undefined;
  const match = PARENT.exec(given.trim());
  if (match === null) return undefined;
  const [, version, traceId, parentId, flags, more] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  const { tracestate } = headers;
  const state = tracestate === undefined || tracestate.length > MAX_STATE ? undefined : tracestate;
  return {
    traceId,
    parentId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    ...(state === undefined ? undefined : { state }),
  };
}

export function traceparent(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

const pool = Buffer.alloc(4096);
let at = pool.length;

/** Random hexadecimal digits, two for each byte. Drawn in bulk: a call of its own for eight bytes costs ten times as much. */
export function randomHex(bytes: 8 | 16): string {
  if (at + bytes > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const text = pool.toString('hex', at, at + bytes);
  at += bytes;
  return text;
}
