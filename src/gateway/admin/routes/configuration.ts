import { z } from 'zod';
import { configJsonSchema } from '#config/json-schema.js';
import { WeirError } from '#contract/errors.js';
import type { AdminPorts } from '#gateway/admin/ports.js';
import { adminRoute } from '#gateway/admin/route.js';
import { checkReport, hunk, restart, text, version } from '#gateway/admin/schemas/configuration.js';
import type { CheckReport } from '#gateway/configuration/check-report.js';
import type { ConfigurationDesk } from '#gateway/configuration/desk.js';
import type { Hunk } from '#gateway/configuration/difference.js';
import type { Changed } from '#gateway/configuration/live-configuration.js';

function configurationOf({ configuration }: AdminPorts): ConfigurationDesk {
  if (configuration === undefined) {
    throw new WeirError('config.unwritable', 'This gateway was given its configuration by hand', {
      hint: 'weir serve runs on a file',
    });
  }
  return configuration;
}

const number = z.coerce.number().int().min(1);
const note = z.string().max(500).optional().describe('Why, for the history.');
const base = z
  .string()
  .max(64)
  .optional()
  .describe('The version this was made on; refused when another is in force by now.');

export const configurationRoute = adminRoute({
  method: 'GET',
  path: '/api/configuration',
  role: 'viewer',
  summary: 'The configuration in force, secrets masked',
  answer: z.object({
    file: z.string().optional().describe('Absolute path; absent while there is none.'),
    version: z.string(),
    text: z.string(),
    at: z.number().describe('When it came into force.'),
    author: z.string(),
    warnings: checkReport.shape.warnings,
    restart,
  }),
  async handle({ ports }) {
    const { warnings, restart: waiting, ...shown } = await configurationOf(ports).shown();
    return { ...shown, warnings: [...warnings], restart: [...waiting] };
  },
});

export const configurationSchemaRoute = adminRoute({
  method: 'GET',
  path: '/api/configuration/schema',
  role: 'viewer',
  summary: 'The JSON Schema of weir.yaml',
  answer: z.record(z.string(), z.unknown()),
  handle: () => ({ ...configJsonSchema() }),
});

export const checkRoute = adminRoute({
  method: 'POST',
  path: '/api/configuration/check',
  role: 'viewer',
  summary: 'All that is wrong with a configuration, and what it would change; nothing is changed',
  body: z.object({ text }),
  answer: z.object({ check: checkReport, changes: z.array(hunk), restart }),
  async handle({ ports, body }) {
    const live = configurationOf(ports);
    return {
      check: shownReport(await live.check(body.text)),
      changes: shownHunks(await live.changes(body.text)),
      restart: [...(await live.restart(body.text))],
    };
  },
});

const changed = version.extend({ restart });

export const applyRoute = adminRoute({
  method: 'POST',
  path: '/api/configuration',
  role: 'admin',
  summary: 'Puts a configuration in force and writes it to the file, or changes nothing',
  body: z.object({ text, base, note }),
  answer: changed,
  handle: async ({ ports, principal, body: { text: wanted, ...change } }) =>
    shownChange(await configurationOf(ports).change(wanted, { author: principal.name, ...defined(change) })),
  audited: (_, answer) => changeOf('configuration.apply', answer),
});

export const versionsRoute = adminRoute({
  method: 'GET',
  path: '/api/configuration/versions',
  role: 'viewer',
  summary: 'Versions that were in force, newest first',
  query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) }),
  answer: z.object({ versions: z.array(version) }),
  handle: async ({ ports, query }) => ({ versions: [...(await configurationOf(ports).history(query.limit))] }),
});

export const versionRoute = adminRoute({
  method: 'GET',
  path: '/api/configuration/versions/{number}',
  role: 'viewer',
  summary: 'A version with its text, secrets masked',
  params: z.object({ number }),
  answer: version.extend({ text: z.string() }),
  async handle({ ports, params }) {
    const found = await configurationOf(ports).version(params.number);
    return { ...found.entry, text: found.text };
  },
});

export const differenceRoute = adminRoute({
  method: 'GET',
  path: '/api/configuration/difference',
  role: 'viewer',
  summary: 'What differs between two versions, or between a version and what is in force',
  query: z.object({ from: number, to: number.optional() }),
  answer: z.object({ hunks: z.array(hunk) }),
  handle: async ({ ports, query: { from, to } }) => ({
    hunks: shownHunks(await configurationOf(ports).difference(from, to)),
  }),
});

export const rollbackRoute = adminRoute({
  method: 'POST',
  path: '/api/configuration/rollback',
  role: 'admin',
  summary: 'Brings a version back: checks it, puts it in force and writes it to the file',
  body: z.object({ to: z.int().min(1), base, note }),
  answer: changed,
  handle: async ({ ports, principal, body: { to, ...change } }) =>
    shownChange(await configurationOf(ports).rollBack(to, { author: principal.name, ...defined(change) })),
  audited: ({ body: { to } }, answer) => changeOf('configuration.rollback', answer, to),
});

/** Its text is kept with the versions; the log names which one it is. */
function changeOf(action: string, { number: id, version: hash, note: why }: z.input<typeof version>, to?: number) {
  const after = { version: hash, note: why, ...(to === undefined ? undefined : { to }) };
  return { action, target: { kind: 'configuration', id: String(id) }, after };
}

export function shownReport({ errors, warnings, undecidable, tests }: CheckReport): z.input<typeof checkReport> {
  return {
    errors: [...errors],
    warnings: [...warnings],
    undecidable: [...undecidable],
    tests: { passed: tests.passed, failed: [...tests.failed] },
  };
}

function shownChange(change: Changed): z.input<typeof changed> {
  return { ...change, restart: [...change.restart] };
}

function shownHunks(hunks: readonly Hunk[]): z.input<typeof hunk>[] {
  return hunks.map(({ lines, ...rest }) => ({ ...rest, lines: [...lines] }));
}

function defined(change: { note?: string | undefined; base?: string | undefined }): { note?: string; base?: string } {
  return {
    ...(change.note === undefined ? undefined : { note: change.note }),
    ...(change.base === undefined ? undefined : { base: change.base }),
  };
}
