import { z } from 'zod';

/** Headers that belong to a connection or a body, not to a configuration. */
const FRAMING = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

/** Headers that are sent to an engine with every request. */
export const headersSchema = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'expected the name of an HTTP header')
      .refine(header => !FRAMING.has(header.toLowerCase()), { message: 'this header is set by the connection itself' }),
    z
      .string()
      .max(8192)
      .regex(/^[^\r\n\0]*$/, 'expected a header value without line breaks'),
  )
  .refine(given => Object.keys(given).length <= 64, { message: 'expected at most 64 headers' });
