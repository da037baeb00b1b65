import { isAscii } from 'node:buffer';
import { WeirError } from '#contract/errors.js';
import { invalid, isObject, type Json } from './json.js';
import { checkOnce, checkUtf8 } from './json-guard.js';
import { type Outline, outlineOf } from './json-outline.js';

/** Members of any API's body that Weir reads or changes: none of them may be ambiguous. */
const READ: ReadonlySet<string> = new Set(
  (
    'model messages input instructions system prompt stream stream_options tools tool_choice n user metadata cache_salt stop ' +
    'response_format text reasoning thinking previous_response_id store max_tokens max_completion_tokens max_output_tokens ' +
    'temperature top_p seed reasoning_effort suffix prediction safety_identifier prompt_cache_key functions output_format ' +
    'output_config structured_outputs guided_json guided_choice'
  ).split(' '),
);

/** A body decoded and parsed. */
export interface JsonBody {
  readonly text: string;
  readonly body: Json;
}

/**
 * The JSON object that a body is.
 *
 * @throws WeirError `request.not_json`, or `request.invalid` for what parsers could read differently.
 */
export function jsonBody(bytes: Buffer): JsonBody {
  const ascii = isAscii(bytes);
  if (!ascii) checkUtf8(bytes);
  const text = bytes.toString(ascii ? 'latin1' : 'utf8');
  return { text, body: parseObject(text, outlineOf(text)) };
}

/** @param outline of the same text. @throws WeirError as {@link jsonBody}. */
export function parseObject(text: string, outline: Outline): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const where = cause instanceof Error ? cause.message.slice(0, 200) : '';
    throw new WeirError('request.not_json', `The body is not JSON: ${where}`, { hint: 'a JSON object', cause });
  }
  if (!isObject(value)) throw invalid('', 'The body must be a JSON object', 'an object with "model"');
  checkOnce(outline, READ);
  return value;
}
