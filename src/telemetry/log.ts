import { pino } from 'pino';
import { redact } from './redact.js';

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export type Fields = Readonly<Record<string, unknown>>;

/** What happened, for people and for collectors. Requests themselves are told by the decision record. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export interface LoggerOptions {
  readonly level: Level;
  /** `auto`: text on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'text';
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean };
}

/**
 * A logger that writes a line an event: one JSON object, or text. Lines are written at once, so that none is lost when the
 * process ends; nothing on the path of a request logs unless something is wrong. Credentials are taken out of all of it.
 */
export function createLogger({ level, format, stream }: LoggerOptions): Logger {
  const asText = format === 'text' || (format === 'auto' && stream.isTTY === true);
  const destination = asText ? { write: (json: string) => stream.write(textOf(json)) } : stream;
  const log = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: label => ({ level: label }),
        log: fields => redact(fields) as Record<string, unknown>,
      },
    },
    destination as { write(text: string): void },
  );
  const at =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Fields = {}): void =>
      log[name](fields, redact(message) as string);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A line of JSON as a person reads it: time of day, level, message, fields, and the stack of an error below. */
function textOf(json: string): string {
  const { time, level, message, error, ...rest } = JSON.parse(json) as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? `\n${String(error.stack)}` : '';
  const why = error !== undefined && stack === '' ? ` error=${JSON.stringify(error)}` : '';
  return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(message)}${fields.join('')}${why}${stack}\n`;
}
