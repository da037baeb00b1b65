import { z } from 'zod';

const problem = z
  .object({
    code: z.string(),
    path: z.string(),
    line: z.number(),
    column: z.number(),
    message: z.string(),
    hint: z.string().optional(),
  })
  .meta({ id: 'ConfigProblem' });

/** What `weir check --json` prints. */
export const checkReport = z
  .object({
    errors: z.array(problem),
    warnings: z.array(problem),
    undecidable: z.array(problem),
    tests: z.object({
      passed: z.number(),
      failed: z.array(problem.extend({ name: z.string(), expected: z.string(), got: z.string() })),
    }),
  })
  .meta({ id: 'CheckReport' });

export const version = z
  .object({
    number: z.number(),
    version: z.string(),
    at: z.number(),
    author: z.string(),
    note: z.string(),
    source: z.string(),
  })
  .meta({ id: 'ConfigVersion' });

export const restart = z
  .array(z.string())
  .describe(
    'Settings that are read once, where a process starts, and differ from those that it began with: they wait for the next start.',
  );

export const hunk = z
  .object({ oldStart: z.number(), newStart: z.number(), lines: z.array(z.string()) })
  .meta({ id: 'Hunk', description: 'Changed lines with three around them; each begins with a space, + or -.' });

export const text = z
  .string()
  .max(4 * 1024 * 1024)
  .describe('All of weir.yaml. Marks such as ‹secret 1f2e3d4c› stand for the secrets in force.');
