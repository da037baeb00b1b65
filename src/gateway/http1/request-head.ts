import { WeirError } from '#contract/errors.js';

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What may not stand in a header's value (RFC 9110, section 5.5): line ends above all, which would begin another header. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const BAD_VALUE = /[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]/;

/**
 * The head of a request up to where its length is written: `${head}${length}\r\n\r\n` is the whole of it.
 *
 * @throws WeirError `upstream.connect` for a header that cannot be sent as it is.
 */
export function requestHead(
  method: string,
  path: string,
  host: string,
  headers: Readonly<Record<string, string>>,
): string {
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name) || BAD_VALUE.test(value)) {
      throw new WeirError('upstream.connect', `The header ${JSON.stringify(name.slice(0, 80))} cannot be sent`, {
        hint: 'a name of letters, digits and hyphens, and a value of one line of latin characters',
      });
    }
    head += `${name}: ${value}\r\n`;
  }
  return `${head}content-length: `;
}
