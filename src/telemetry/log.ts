import { createRequire } from 'node:module';
import type { pino } from 'pino';
import { textLine } from './log-text.js';
import { redactFields, redactText } from './redact.js';

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export type Fields = Readonly<Record<string, unknown>>;
type Write = (message: string, fields?: Fields) => void;

/**
 * Where the gateway says what happens to itself; requests have their lines from the access log and their stories in the record.
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
  /** A logger whose lines all carry these fields; it follows the level of this one. */
  child(fields: Fields): Logger;
  /** What a line is: one JSON object, or text for people. */
  readonly form: 'json' | 'text';
  /** From now on, only lines at least this severe are written. */
  setLevel(level: Level): void;
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
  const sink: Sink = { form: text ? 'text' : 'json', write: text ? textWriter(stream) : jsonWriter(stream) };
  return loggerOf({ least: LEVELS.indexOf(options.level) }, sink, {});
}

/** Shared by a logger and its children. */
interface Threshold {
  /** Place of the least severe level in {@link LEVELS}. */
  least: number;
}

interface Sink {
  readonly form: Logger['form'];
  readonly write: WriteLine;
}

function loggerOf(threshold: Threshold, sink: Sink, own: Fields): Logger {
  const at = (level: Exclude<Level, 'silent'>): Write => {
    const severity = LEVELS.indexOf(level);
    return (message, fields = {}) => {
      if (severity >= threshold.least) sink.write(level, redactText(message), { ...own, ...redactFields(fields) });
    };
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    enabled: level => LEVELS.indexOf(level) >= threshold.least,
    form: sink.form,
    child: fields => loggerOf(threshold, sink, { ...own, ...redactFields(fields) }),
    setLevel(level) {
      threshold.least = LEVELS.indexOf(level);
    },
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
