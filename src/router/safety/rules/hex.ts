import { Buffer } from 'node:buffer';
import { readableText } from './readable.js';
import type { Rule } from './rule.js';

/** Twelve bytes or more in hexadecimal, with or without `0x`, `\x`, blanks or commas between them. */
const RUN = /(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:]?){12,}/gi;
const DIGITS = /0x|\\x|[ ,:]/gi;
const MOST_RUNS = 64;

/** Text written in hexadecimal. */
export const hex: Rule = {
  name: 'hex',
  beyondAscii: false,
  find(text) {
    let [start, end, view, looked] = [-1, -1, '', 0];
    for (const { 0: run, index } of text.matchAll(RUN)) {
      if (++looked > MOST_RUNS) break;
      const said = readableText(Buffer.from(run.replace(DIGITS, ''), 'hex'));
      if (said === undefined) continue;
      if (start < 0) [start, end] = [index, index + run.length];
      view += view === '' ? said : `\n${said}`;
    }
    return start < 0 ? undefined : { rule: 'hex', start, end, view };
  },
};
