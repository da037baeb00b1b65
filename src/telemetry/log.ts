import { createRequire } from 'node:module';
import type { pino } from 'pino';
import { textLine } from './log-text.js';
import { redactFields, redactText } from './redact.js';

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export type Fields = Readonly<Record<string, unknown>>;
type Write = (message: string, fields?: Fields) => void;

/**
 * Where the gateway says what happens to itself. Requests are not logged above `debug`: the decision record tells their stories.
 * Credentials are taken out of messages and fields before anything is written.
 */
export interface Logger {
  readonly trace: Write;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** Whether a line of this level would be written: for lines that are costly to put together. */
  enabled(level: Exclude<Level, 'silent'>): boolean;
  /** A logger whose lines all carry these fields. */
  child(fields: Fields): Logger;
}

export interface LoggerOptions {
  /** The least severe level that is written. */
  readonly level: Level;
  /** One JSON object a line, or text for people; `auto` is text on a terminal and JSON elsewhere. */
  readonly format: 'json' | 'text' | 'auto';
  /** Written to line by line, at once: with standard error nothing is lost when the process ends. */
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean };
}

const LEVELS: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

type WriteLine = (level: Exclude<Level, 'silent'>, message: string, fields: Fields) => void;

export function createLogger(options: LoggerOptions): Logger {
  const { stream } = options;
  const text = options.format === 'text' || (options.format === 'auto' && stream.isTTY === true);
  return loggerOf(options.level, text ? textWriter(stream) : jsonWriter(stream), {});
}

function loggerOf(least: Level, write: WriteLine, own: Fields): Logger {
  const enabled = (level: Level): boolean => LEVELS.indexOf(level) >= LEVELS.indexOf(least);
  const at = (level: Exclude<Level, 'silent'>): Write => {
    if (!enabled(level)) return () => {};
    return (message, fields = {}) => write(level, redactText(message), { ...own, ...redactFields(fields) });
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    enabled,
    child: fields => loggerOf(least, write, { ...own, ...redactFields(fields) }),
  };
}

function textWriter(stream: LoggerOptions['stream']): WriteLine {
  return (level, message, fields) => {
    stream.write(textLine(new Date(), level, message, fields));
  };
}

/** Lines by pino, which takes 40 ms to load: at the first line, not at start. */
function jsonWriter(stream: LoggerOptions['stream']): WriteLine {
  let logger: pino.Logger | undefined;
  return (level, message, fields) => {
    logger ??= loadPino()(
      {
        level: 'trace',
        messageKey: 'message',
        base: null,
        timestamp: () => `,"time":"${new Date().toISOString()}"`,
        formatters: { level: label => ({ level: label }) },
      },
      stream,
    );
    logger[level](fields, message);
  };
}

function loadPino(): typeof pino {
  return createRequire(import.meta.url)('pino') as typeof pino;
}
