import { createHmac, randomBytes } from 'node:crypto';
import { isScalar, parseDocument, visit } from 'yaml';

/** Settings whose values are credentials, wherever they stand. */
const SECRET_NAME =
  /authorization|api[-_]?key|cookie|secret|passw(?:or)?d|credential|private[-_]?key|(?:^|[-_])token$/i;
/** An address with a password in it that is written out. */
const SECRET_URL = /^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:(?!\$\{[A-Za-z_]\w*\}@)[^\s/@]+@/i;
/** Values that only say where a secret is to be found. */
const REFERENCE = /^(?:\$\{[A-Za-z_]\w*\}|file:\S.*)$/;
const MARK = /‹secret [0-9a-f]{8}›/g;
/** A shorter secret is hidden where it is set, and not wherever the same letters stand by chance. */
const LEAST_EVERYWHERE = 8;

/** Marks cannot be computed from secrets without it; they mean something to this process only. */
const KEY = randomBytes(16);

/** A secret, and how it was written: plain or in quotes. */
interface Secret {
  readonly value: string;
  readonly written: string;
}

/** A text with marks in the place of the secrets that were written into it, and what each mark stands for. */
export interface MaskedText {
  readonly text: string;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/**
 * A configuration as people may see it. Secrets that the file itself holds become marks such as `‹secret 1f2e3d4c›`, equal ones
 * equal marks; references to the environment and to files stay, as they give nothing away.
 */
export function masked(text: string): MaskedText {
  const secrets = new Map<string, Secret>();
  const ranges: { readonly from: number; readonly to: number; readonly mark: string }[] = [];
  visit(parseDocument(text, { uniqueKeys: false }), {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || !value.range) return;
      const secret = String(value.value ?? '');
      if (!SECRET_NAME.test(String(key.value)) && !SECRET_URL.test(secret)) return;
      if (secret === '' || REFERENCE.test(secret)) return;
      const mark = markOf(secret);
      secrets.set(mark, { value: secret, written: text.slice(value.range[0], value.range[1]) });
      ranges.push({ from: value.range[0], to: value.range[1], mark });
    },
  });
  let shown = text;
  for (const { from, to, mark } of ranges.sort((a, b) => b.from - a.from)) {
    shown = `${shown.slice(0, from)}${JSON.stringify(mark)}${shown.slice(to)}`;
  }
  for (const [mark, { value }] of secrets) {
    if (value.length >= LEAST_EVERYWHERE) shown = shown.replaceAll(value, mark);
  }
  return { text: shown, secrets };
}

/** The text with what its marks stand for; marks that are not known stay. */
export function unmasked(text: string, { secrets }: MaskedText): string {
  return text.replace(new RegExp(`"${MARK.source}"|${MARK.source}`, 'g'), found => {
    const secret = secrets.get(found.replaceAll('"', ''));
    if (secret === undefined) return found;
    return found.startsWith('"') ? secret.written : secret.value;
  });
}

/** Where marks stand in a text: after {@link unmasked}, those that stand for no secret that is known. */
export function marksIn(text: string): readonly { readonly line: number; readonly column: number }[] {
  return [...text.matchAll(MARK)].map(({ index }) => {
    const before = text.slice(0, index).split('\n');
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  });
}

function markOf(secret: string): string {
  return `‹secret ${createHmac('sha256', KEY).update(secret).digest('hex').slice(0, 8)}›`;
}
