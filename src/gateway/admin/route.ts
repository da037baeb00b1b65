import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { AuditDraft } from '#contract/audit.js';
import type { Gateway } from '#gateway/gateway.js';
import type { Principal, Role } from './guard.js';
import type { AdminPorts } from './ports.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** What a handler is given: everything that the client said, parsed, and who said it. */
export interface AdminCall<Params = unknown, Query = unknown, Body = unknown> {
  readonly gateway: Gateway;
  readonly ports: AdminPorts;
  readonly principal: Principal;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body as it came. */
  readonly bytes: Buffer;
  readonly request: IncomingMessage;
}

interface Described {
  readonly method: Method;
  /** With `{name}` for what varies: `/api/records/{id}`. */
  readonly path: string;
  /** What the caller must be allowed to do. */
  readonly role: Role;
  /** One line for the OpenAPI document. */
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Of a route that answers with a stream: one event's data, by event name. */
  readonly answer?: z.ZodType;
  readonly events?: Readonly<Record<string, z.ZodType>>;
}

/** A source of server-sent events: begins to send and says how to stop. A source that has an end calls `done` after its last event. */
export type EventSource = (send: (event: string, data: unknown) => boolean, done: () => void) => () => void;

/** What the audit log says of a change that is not one of a key, team or user: those log their own. */
export type AuditedChange = Pick<AuditDraft, 'action' | 'target' | 'after'>;

/** A route as the dispatcher and the OpenAPI document see it. */
export interface AdminRoute extends Described {
  handle(call: AdminCall): unknown;
  audited?(call: AdminCall, answer: unknown): AuditedChange;
}

interface Definition<P, Q, B, A> extends Described {
  readonly params?: P & z.ZodObject;
  readonly query?: Q & z.ZodObject;
  readonly body?: B & z.ZodType;
  readonly answer: A & z.ZodType;
  handle(call: AdminCall<Output<P>, Output<Q>, Output<B>>): z.input<A & z.ZodType> | Promise<z.input<A & z.ZodType>>;
  /** What goes into the audit log once it is done. */
  audited?(call: AdminCall<Output<P>, Output<Q>, Output<B>>, answer: z.input<A & z.ZodType>): AuditedChange;
}

/**
 * One route of the admin API: its schemas are what requests are checked against, what the OpenAPI document says and what the
 * dashboard's client is typed by.
 */
export function adminRoute<P = undefined, Q = undefined, B = undefined, A = unknown>(
  definition: Definition<P, Q, B, A>,
): AdminRoute {
  return definition as unknown as AdminRoute;
}

interface StreamDefinition<P, Q, B> extends Described {
  readonly params?: P & z.ZodObject;
  readonly query?: Q & z.ZodObject;
  readonly body?: B & z.ZodType;
  readonly events: Readonly<Record<string, z.ZodType>>;
  handle(call: AdminCall<Output<P>, Output<Q>, Output<B>>): EventSource;
}

/** As {@link adminRoute}, for a route that answers with a stream of server-sent events. */
export function adminStream<P = undefined, Q = undefined, B = undefined>(
  definition: StreamDefinition<P, Q, B>,
): AdminRoute {
  return definition as unknown as AdminRoute;
}
