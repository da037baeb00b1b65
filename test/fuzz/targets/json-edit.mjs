/** Edits in place: replacing a member in the text, as characters or as bytes, says what parsing, changing and printing says. */
import { isAscii, isUtf8 } from 'node:buffer';
import { outlineOf } from '../../../dist/protocols/json-outline.js';
import {
  applyEdits,
  applyEditsToBytes,
  elementSpans,
  memberSpan,
  openingOf,
} from '../../../dist/protocols/json-text.js';
import { chance, hashOf, key, object, value } from '../draw.mjs';
import { same } from '../same.mjs';

export const name = 'json-edit';

/** The text of an object, and a name that may be in it. */
export function generate(random) {
  const entries = Array.from({ length: random.below(5) }, () => [key(random), value(random)]);
  const [known] = entries;
  return [object(random, entries), known !== undefined && chance(random, 0.8) ? known[0] : key(random)];
}

export function check([written = '', member = 'x']) {
  const bytes = Buffer.from(written, 'latin1');
  const utf8 = bytes.toString('utf8');
  for (const text of [written, utf8]) {
    const parsed = attempt(text);
    const named = attempt(`"${member}"`);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed) || typeof named !== 'string') return;
    const outline = outlineOf(text);
    const names = [...outline.values.keys()];
    // A name that is written in two ways is what callers refuse before they edit.
    const plain = outline.disguised.length === 0;
    if (names.length !== Object.keys(parsed).length) throw new Error('other names than parsing finds');
    const has = Object.hasOwn(parsed, named);
    const outlined = outline.values.get(named);
    const span = memberSpan(text, named, has && plain);
    if (!same(outlined, span)) throw new Error('the outline holds another span');
    if (has !== (span !== undefined)) throw new Error('a member is found that is not there, or the other way round');
    if (span !== undefined && !same(attempt(text.slice(span.start, span.end)), parsed[named]))
      throw new Error('the span holds another value');
    if (Array.isArray(parsed[named])) {
      const elements = elementSpans(text, span.start).map(({ start, end }) => attempt(text.slice(start, end)));
      if (!same(elements, parsed[named])) throw new Error('other elements than parsing finds');
    }
    const put = PUT[hashOf([text]) % PUT.length];
    const at = openingOf(text);
    const comma = names.length === 0 ? '' : ',';
    const edits = [
      span === undefined ? { start: at, end: at, text: `"${member}":${put}${comma}` } : { ...span, text: put },
    ];
    const edited = applyEdits(text, edits);
    // The last of equal names wins, and the one put in stands first.
    const want = Object.defineProperty(attempt(text), named, { value: attempt(put), enumerable: true });
    if (!same(attempt(edited), want)) throw new Error('the edited text says something else');
    // What is put in says its characters as they are, whatever the text does.
    if (isAscii(Buffer.from(member, 'utf8')) && isUtf8(bytes)) {
      const got = applyEditsToBytes(bytes, text, edits, text === written).toString('utf8');
      const asText = text === written ? Buffer.from(edited, 'latin1').toString('utf8') : edited;
      if (got !== asText) throw new Error('bytes are edited in another way than text');
    }
  }
}

const PUT = ['null', '"text"', '{"a":[1]}', '[]', '0'];

function attempt(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
