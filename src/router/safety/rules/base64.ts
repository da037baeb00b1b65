import { Buffer } from 'node:buffer';
import { readableText } from './readable.js';
import type { Rule } from './rule.js';

/** From 18 bytes on, in either alphabet. */
const RUN = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}={0,2}/g;
const MOST_RUNS = 64;

/** Text written in base64. */
export const base64: Rule = {
  name: 'base64',
  beyondAscii: false,
  find(text) {
    let [start, end, view, looked] = [-1, -1, '', 0];
    for (const { 0: run, index } of text.matchAll(RUN)) {
      if (++looked > MOST_RUNS) break;
      const said = readableText(Buffer.from(run, 'base64'));
      if (said === undefined) continue;
      if (start < 0) [start, end] = [index, index + run.length];
      view += view === '' ? said : `\n${said}`;
    }
    return start < 0 ? undefined : { rule: 'base64', start, end, view };
  },
};
