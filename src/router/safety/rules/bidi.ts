import type { Rule } from './rule.js';

/** Characters that turn the direction of writing over, whatever the letters are, up to where that ends. */
const OVERRIDE = /[\u202d\u202e]([^\u202a-\u202e\u2066-\u2069\n]*)/gu;
const MARKS = /[\u202a-\u202e\u2066-\u2069]/gu;

/** Text that is shown in another order than it is stored in. */
export const bidi: Rule = {
  name: 'bidi',
  beyondAscii: true,
  find(text) {
    let [start, end] = [-1, -1];
    const view = text.replace(OVERRIDE, (whole: string, inner: string, at: number) => {
      if (start < 0) [start, end] = [at, at + whole.length];
      return whole.startsWith('\u202e') ? [...inner].reverse().join('') : inner;
    });
    return start < 0 ? undefined : { rule: 'bidi', start, end, view: view.replace(MARKS, '') };
  },
};
