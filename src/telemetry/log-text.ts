import type { Level } from './log.js';

type Fields = Readonly<Record<string, unknown>>;

/** `12:03:04.123 warn  message name=value other="two words"`, and an error's stack on lines of its own. For people. */
export function textLine(at: Date, level: Exclude<Level, 'silent'>, message: string, fields: Fields): string {
  const time = at.toTimeString().slice(0, 8);
  const ms = String(at.getMilliseconds()).padStart(3, '0');
  let line = `${time}.${ms} ${level.padEnd(5)} ${oneLine(message)}`;
  let stacks = '';
  for (const [name, value] of Object.entries(fields)) {
    const stack = stackOf(value);
    if (stack === undefined) line += ` ${name}=${valueText(value)}`;
    else stacks += `\n${stack.split('\n').map(oneLine).join('\n')}`;
  }
  return `${line}${stacks}\n`;
}

function valueText(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@-]+$/.test(value)) return value;
  return typeof value === 'object' || typeof value === 'string' ? oneLine(JSON.stringify(value)) : String(value);
}

function stackOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('stack' in value)) return undefined;
  return typeof value.stack === 'string' ? value.stack : undefined;
}

/** Control characters made visible: what a stranger sends must neither forge a line nor move a terminal's cursor. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, unit => `\\x${unit.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
