import type { Milliseconds, Tokens } from '#contract/units.js';
import { toUtf8 } from '#contract/wire-text.js';
import { HashChain } from '#workload/profile/hash-chain.js';
import { MAX_BLOCKS } from '#workload/profile/prefix-chain.js';
import type { RowReader, RowSink, TraceFormat } from './format.js';
import { isObject, type JsonRow, jsonObject, MOST_TOKENS, nameOf, notJson, RowCheck } from './row.js';
import { parseTimestamp } from './timestamp.js';

/** Characters in a token of English, for prompts and answers whose tokens nobody counted. */
const CHARS_PER_TOKEN = 4;
/** As profiles of live requests cut their prompts. */
const BLOCK_BYTES = 256;
const ROW =
  'one OpenAI request a line: {"messages": […], "max_tokens": …}, a batch line with its body, or {request, response}';
/** Numbers above this are ms since the Unix epoch, below it seconds. */
const SECONDS_END = 1e11;
const TIMES = ['timestamp', 'created', 'created_at', 'time'] as const;
const OUTPUT_LIMITS = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'] as const;

/**
 * Requests to OpenAI's APIs, one a line: a body (`messages`, `prompt` or `input`), a line of a batch (`body`), or a log row with
 * `request` and `response`. Token counts are those of `usage` where a response has one; else prompts are estimated at four characters
 * a token and answers taken to be as long as the request lets them become. Texts become block hashes and are forgotten.
 */
export const openai: TraceFormat = {
  name: 'openai',
  form: 'JSON lines of OpenAI requests (messages, prompt or input)',
  open: (_, json) => {
    if (json === undefined || !holdsPrompt(bodyOf(json))) return undefined;
    return reader(TIMES.some(name => json[name] !== undefined) || timeOf(responseOf(json)) !== undefined);
  },
};

function reader(timed: boolean): RowReader {
  const check = new RowCheck();
  return {
    clock: timed ? 'epoch' : 'none',
    header: false,
    read(line, rows) {
      const row = jsonObject(line);
      if (row === undefined) rows.refuse(notJson(line, ROW));
      else readRow(row, timed, check, rows);
    },
  };
}

function readRow(row: JsonRow, timed: boolean, check: RowCheck, rows: RowSink): void {
  const body = bodyOf(row);
  if (!holdsPrompt(body)) {
    rows.refuse({ reason: 'no prompt', what: 'has no messages, prompt or input', hint: ROW });
    return;
  }
  check.begin();
  const response = responseOf(row);
  const usage = isObject(response.usage) ? response.usage : {};
  const prompt = new PromptText(body);
  const counted = usage.prompt_tokens ?? usage.input_tokens;
  const promptTokens =
    counted === undefined
      ? Math.min(MOST_TOKENS, Math.max(1, Math.ceil(prompt.chars / CHARS_PER_TOKEN)))
      : check.tokens('usage.prompt_tokens', counted, 1);
  const answered = usage.completion_tokens ?? usage.output_tokens;
  const outputTokens =
    answered === undefined ? outputLimit(body, check) : check.tokens('usage.completion_tokens', answered, 0);
  const arrivalMs = timed ? (timeOf(row) ?? timeOf(response)) : 0;
  if (arrivalMs === undefined) {
    check.fail({ reason: 'timestamp: missing', what: 'has no timestamp, as other rows do', field: 'timestamp' });
  }
  if (check.problem !== undefined) {
    rows.refuse(check.problem);
    return;
  }
  const metadata = isObject(body.metadata) ? body.metadata : {};
  const session = nameOf(row.session_id ?? body.session_id ?? metadata.session_id ?? body.prompt_cache_key);
  const model = nameOf(body.model);
  const blockTokens = Math.max(1, (promptTokens * BLOCK_BYTES) / Math.max(BLOCK_BYTES, prompt.bytes));
  rows.accept(
    {
      arrivalMs: arrivalMs ?? 0,
      promptTokens,
      outputTokens,
      prefix: { hashes: prompt.hashes, blockTokens },
      ...(session === undefined ? {} : { session }),
      ...(model === undefined ? {} : { model }),
    },
    counted === undefined || answered === undefined,
  );
}

function bodyOf(row: JsonRow): JsonRow {
  if (isObject(row.body)) return row.body;
  return isObject(row.request) ? (isObject(row.request.body) ? row.request.body : row.request) : row;
}

function responseOf(row: JsonRow): JsonRow {
  if (!isObject(row.response)) return isObject(row.usage) ? { usage: row.usage } : {};
  return isObject(row.response.body) ? row.response.body : row.response;
}

function holdsPrompt(body: JsonRow): boolean {
  return Array.isArray(body.messages) || isText(body.prompt) || isText(body.input);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || Array.isArray(value);
}

function outputLimit(body: JsonRow, check: RowCheck): Tokens {
  for (const name of OUTPUT_LIMITS) if (body[name] !== undefined) return check.tokens(name, body[name], 1);
  check.fail({
    reason: 'output length: unknown',
    what: 'says neither how long the answer was nor how long it may become',
    field: 'max_tokens',
    hint: 'usage of the response, or max_tokens',
  });
  return 0;
}

function timeOf(row: JsonRow): Milliseconds | undefined {
  for (const name of TIMES) {
    const value = row[name];
    if (typeof value === 'number' && value >= 0 && value < 1e15) return value < SECONDS_END ? value * 1000 : value;
    if (typeof value === 'string') return parseTimestamp(value);
  }
  return undefined;
}

/** The text of a prompt in the order in which engines see it: tools, then what was said; as hashes and counts, never kept. */
class PromptText {
  chars = 0;
  bytes = 0;
  private readonly chain = new HashChain(BLOCK_BYTES, MAX_BLOCKS);

  constructor(body: JsonRow) {
    for (const tool of listOf(body.tools)) this.add(JSON.stringify(tool) ?? '');
    const system = body.system ?? body.instructions;
    if (system !== undefined) this.content(system);
    for (const message of listOf(body.messages ?? body.input ?? body.prompt)) {
      if (!isObject(message)) {
        this.content(message);
        continue;
      }
      this.add(typeof message.role === 'string' ? message.role : '');
      this.content(message.content ?? message.text);
      if (message.tool_calls !== undefined) this.add(JSON.stringify(message.tool_calls));
    }
  }

  get hashes(): readonly number[] {
    return this.chain.hashes;
  }

  private content(content: unknown): void {
    for (const part of listOf(content)) {
      if (typeof part === 'string') this.add(part);
      else if (isObject(part)) this.add(typeof part.text === 'string' ? part.text : JSON.stringify(part));
    }
  }

  private add(text: string): void {
    const utf8 = toUtf8(text);
    this.chars += text.length;
    this.bytes += utf8.length;
    this.chain.mark(utf8.length);
    this.chain.bytes(utf8);
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}
