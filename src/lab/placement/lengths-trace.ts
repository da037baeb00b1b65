import { WeirError } from '#contract/errors.js';
import { linesOf } from '#workload/traces/lines.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';
import { BLOCK_TOKENS } from './conversations.js';

const HEAD = 'TIMESTAMP,ContextTokens,GeneratedTokens';
const ROW = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z|\+00:00)?,(\d{1,8}),(\d{1,8})\r?$/;
const LONGEST_LINE = 1000;
const MOST_PROBLEMS = 8;

/**
 * Reads a trace of times and lengths as Azure publishes them (`TIMESTAMP,ContextTokens,GeneratedTokens`). Prompts have blocks that
 * nothing else has: such a trace does not say what is shared.
 *
 * @throws WeirError `trace.unreadable` when no row at all can be read.
 */
export async function readLengths(text: AsyncIterable<string> | Iterable<string>): Promise<Trace> {
  const requests: TraceRequest[] = [];
  const problems: WeirError[] = [];
  let refused = 0;
  let block = 1;
  for await (const { number, text: line } of linesOf(text, LONGEST_LINE)) {
    if (number === 1 || line?.trim() === '') continue;
    const [, day, time, fraction = '', prompt, output] = ROW.exec(line ?? '') ?? [];
    const atMs = Date.parse(`${day}T${time}Z`) + 1000 * Number(`0${fraction}`);
    const promptTokens = Number(prompt);
    if (!(Number.isFinite(atMs) && promptTokens >= 1)) {
      refused++;
      if (problems.length < MOST_PROBLEMS) {
        problems.push(
          new WeirError('trace.unreadable', `Line ${number} is no row.`, { path: `line ${number}`, hint: HEAD }),
        );
      }
      continue;
    }
    const hashes = Array.from({ length: Math.ceil(promptTokens / BLOCK_TOKENS) }, () => block++);
    requests.push({
      arrivalMs: atMs,
      promptTokens,
      outputTokens: Number(output),
      prefix: { hashes, blockTokens: BLOCK_TOKENS },
    });
  }
  if (requests.length === 0)
    throw problems[0] ?? new WeirError('trace.unreadable', 'The trace is empty.', { hint: HEAD });
  requests.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const from = requests[0]!.arrivalMs;
  return {
    format: 'azure',
    requests: requests.map(request => ({ ...request, arrivalMs: request.arrivalMs - from })),
    refused,
    problems,
  };
}

/** Whether a file of this first line is such a trace. */
export function isLengths(firstLine: string): boolean {
  return firstLine.trim() === HEAD;
}
