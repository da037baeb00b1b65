import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StopText } from '#engine-server/gguf/stop-text.js';

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 4 });

test('however the text is cut into pieces, what comes out is the text up to the first stop', () => {
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), fc.array(letters, { maxLength: 3 }), (pieces, stops) => {
      const text = pieces.join('');
      const wanted = stops.filter(stop => stop !== '');
      const stop = new StopText(stops);
      let out = '';
      let seen = '';
      for (const piece of pieces) {
        out += stop.push(piece);
        seen += piece;
        // Nothing is passed on that could still turn out to be a stop, and no more is held back than the longest of them.
        const ends = wanted.map(one => seen.indexOf(one)).filter(at => at >= 0);
        expect(stop.ended).toBe(ends.length > 0);
        if (!stop.ended) expect(seen.length - out.length).toBeLessThan(Math.max(1, ...wanted.map(one => one.length)));
      }
      out += stop.flush();
      // The first stop to be whole ends the text: of those whole after the same piece, the one that begins first.
      const whole = wanted.filter(one => text.includes(one));
      if (whole.length === 0) expect(out).toBe(text);
      else expect(text.startsWith(out)).toBe(true);
      if (wanted.length === 1 && whole.length === 1) expect(out).toBe(text.slice(0, text.indexOf(whole[0]!)));
      for (const one of wanted) expect(out.includes(one)).toBe(false);
    }),
  );
});
