import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { isWeirError, WeirError } from '#contract/errors.js';
import { issueText } from '#contract/schema-issue.js';
import type { Gateway } from '#gateway/gateway.js';
import { readBody } from '#gateway/http/body.js';
import { errorHeaders, sendJson } from '#gateway/http/respond.js';
import { ADMIN_HEADERS, foreignCaller } from './browser.js';
import { EventStreams } from './events.js';
import { noteChange } from './identity-guard.js';
import type { AdminPorts } from './ports.js';
import { queryOf } from './query.js';
import { isRejection } from './rejection.js';
import type { AdminCall, AdminRoute, EventSource } from './route.js';

/** Longest body of a call; a configuration may have as much. */
const MAX_BODY = 4 * 1024 * 1024;
const BODY_TIMEOUT_MS = 10_000;

interface Entry {
  readonly route: AdminRoute;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

/** Serves every path under `/api`: one way in for all routes, so that none can forget a check. */
export class AdminApi {
  private readonly entries: readonly Entry[];
  private readonly streams = new EventStreams();

  constructor(
    private readonly gateway: Gateway,
    private readonly ports: AdminPorts,
    routes: readonly AdminRoute[],
  ) {
    this.entries = routes.map(entryOf);
  }

  /** Answers a call. Never rejects. */
  async serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.answer(path, request, response);
    } catch (error) {
      if (!isWeirError(error)) {
        this.gateway.runtime.log.error('a route of the admin API failed', { url: request.url, error });
      }
      const known = isWeirError(error) ? error : new WeirError('internal.defect', 'A defect in Weir', { cause: error });
      sendJson(response, known.status, errorBody(known), { ...ADMIN_HEADERS, ...errorHeaders(known) });
    }
  }

  private async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { route, pattern, names } = this.find(path, request.method ?? 'GET');
    const foreign = foreignCaller(request, this.gateway.runtime.config.gateway.admin.hosts);
    if (foreign !== undefined) throw foreign;
    const principal = await this.ports.guard(request);
    if (isWeirError(principal)) throw principal;
    if (!principal.may(route.role)) {
      throw new WeirError('admin.forbidden', `${principal.name} may not do this`, { hint: `the role ${route.role}` });
    }
    const given = pattern.exec(path)?.slice(1).map(decoded) ?? [];
    const bytes = route.method === 'GET' ? NO_BODY : await this.bodyOf(request);
    const call: AdminCall = {
      gateway: this.gateway,
      ports: this.ports,
      principal,
      params: parse(route.params, Object.fromEntries(names.map((name, i) => [name, given[i]])), 'path'),
      query: parse(route.query, queryOf(request, route.query), 'query'),
      body: route.body === undefined ? undefined : parse(route.body, jsonOf(bytes), ''),
      bytes,
      request,
    };
    const answer = await route.handle(call);
    if (route.audited !== undefined) await noteChange(call, route.audited(call, answer));
    if (route.events !== undefined) this.streams.answer(answer as EventSource, response, this.gateway);
    else sendJson(response, 200, answer, ADMIN_HEADERS);
  }

  private find(path: string, asked: string): Entry {
    const method = asked === 'HEAD' ? 'GET' : asked;
    const matching = this.entries.filter(({ pattern }) => pattern.test(path));
    const found = matching.find(({ route }) => route.method === method);
    if (found !== undefined) return found;
    if (matching.length === 0) throw new WeirError('request.unknown_path', `There is nothing at ${path.slice(0, 120)}`);
    throw new WeirError('request.method_not_allowed', `${asked} is not a method of this path`, {
      hint: matching.map(({ route }) => route.method).join(' or '),
    });
  }

  private bodyOf(request: IncomingMessage): Promise<Buffer> {
    // A page of another origin can make a browser send a form, but not JSON.
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
      throw new WeirError('request.invalid', 'The body must be JSON', {
        path: 'content-type',
        hint: 'application/json',
      });
    }
    const limits = { bytes: MAX_BODY, timeoutMs: BODY_TIMEOUT_MS };
    return new Promise((resolve, reject) => {
      readBody(request, limits, this.gateway.runtime, result =>
        Buffer.isBuffer(result) ? resolve(result) : reject(result),
      );
    });
  }
}

const NO_BODY = Buffer.alloc(0);

function entryOf(route: AdminRoute): Entry {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '');
  return { route, names, pattern: new RegExp(`^${route.path.replace(/\{\w+\}/g, '([^/]+)')}/?$`) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new WeirError('request.not_json', 'The body is not JSON', { cause });
  }
}

function parse(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = [...(where === '' ? [] : [where]), ...(issue?.path.map(String) ?? [])].join('.');
  throw new WeirError(
    'request.invalid',
    issue === undefined ? 'not valid' : issueText(issue, value),
    path === '' ? {} : { path },
  );
}

/** The one shape of errors of this API: that of the catalogue, as OpenAI's clients read it. */
function errorBody(error: WeirError): object {
  const { message, type, code, path, hint } = error;
  return {
    error: { message, type, code, param: path ?? null, ...(hint === undefined ? undefined : { hint }) },
    ...(isRejection(error) ? { check: error.check } : undefined),
  };
}
