import type { LogLevel } from './log.js';

type Fields = Readonly<Record<string, unknown>>;

const COLOURS: Readonly<Record<Exclude<LogLevel, 'silent'>, string>> = {
  trace: '\u001b[90m',
  debug: '\u001b[90m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
  fatal: '\u001b[31;1m',
};
const DIM = '\u001b[90m';
const PLAIN = '\u001b[0m';

/** `12:03:04.123 WARN  message  name=value other="two words"`, an error's stack on lines of its own. For people. */
export function textLine(at: Date, level: Exclude<LogLevel, 'silent'>, message: string, fields: Fields, colours: boolean): string {
  const paint = (colour: string, text: string): string => (colours ? `${colour}${text}${PLAIN}` : text);
  const time = at.toTimeString().slice(0, 8);
  const ms = String(at.getMilliseconds()).padStart(3, '0');
  let line = `${paint(DIM, `${time}.${ms}`)} ${paint(COLOURS[level], level.toUpperCase().padEnd(5))} ${printable(message)}`;
  let stacks = '';
  for (const [name, value] of Object.entries(fields)) {
    line += `  ${paint(DIM, `${name}=`)}${valueText(value)}`;
    const stack = stackOf(value);
    if (stack !== undefined) stacks += `\n${printable(stack).replace(/^/gm, '    ')}`;
  }
  return `${line}${stacks}\n`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? printable(value) : JSON.stringify(value);
  if (isRecord(value) && stackOf(value) !== undefined) return JSON.stringify(value.message);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function stackOf(value: unknown): string | undefined {
  return isRecord(value) && typeof value.stack === 'string' ? value.stack : undefined;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Control characters made visible: what a stranger sends must not move a terminal's cursor. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, unit => `\\x${unit.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
