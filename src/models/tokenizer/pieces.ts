import type { PublishedTokenizer } from './tokenizer-file.js';

/** A token as it can be looked for in a text. */
export interface Piece {
  readonly id: number;
  /** What stands for it in {@link Normalised.units}, without blanks; `undefined` where the token does not tell. */
  readonly surface: string | undefined;
  /** Whether it begins a word. */
  readonly begins: boolean;
}

/** A text as its tokens spell it, with the way back. */
export interface Normalised {
  /** Its characters, or its bytes as one character each, without blanks. */
  readonly units: string;
  /** Where the character of each unit begins and ends in the text. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Code points whose normal form is remembered. */
const MOST_KNOWN = 16_384;
const BLANK = /\s+/gu;
const MARK = /^\p{M}$/u;

/**
 * Cuts texts into tokens that can be found again in them. Tokenisers for JavaScript tell no offsets, so a text is spelt as its tokens are: each
 * character is normalised for itself, or given as its bytes, and remembers where it stood.
 */
export class PieceReader {
  private readonly bytes: boolean;
  private readonly continues: string | undefined;
  private readonly suffix: string;
  private readonly known = new Map<string, string>();

  constructor(private readonly published: PublishedTokenizer) {
    const { json } = published;
    const model = (json.model ?? {}) as Record<string, unknown>;
    const wordPiece = model.type === 'WordPiece';
    this.bytes = [json.pre_tokenizer, json.decoder].some(hasByteLevel);
    this.continues = wordPiece ? String(model.continuing_subword_prefix ?? '##') : undefined;
    this.suffix = typeof model.end_of_word_suffix === 'string' ? model.end_of_word_suffix : '';
  }

  /** The tokens of a text, without the marks that models want around it. */
  pieces(text: string): Piece[] {
    const { tokenizer } = this.published;
    const { ids, tokens }: { ids: number[]; tokens: string[] } = tokenizer.encode(text, { add_special_tokens: false });
    const unknown = tokenizer.model?.unk_token_id;
    return tokens.map((token, at) => {
      const id = ids[at]!;
      return { id, ...(id === unknown ? { surface: undefined, begins: true } : this.spelt(token)) };
    });
  }

  normalised(text: string): Normalised {
    let units = '';
    const starts: number[] = [];
    const ends: number[] = [];
    let at = 0;
    for (const character of text) {
      const end = at + character.length;
      const form = this.formOf(character);
      for (let i = 0; i < form.length; i++) {
        starts.push(at);
        ends.push(end);
      }
      // A mark that normalising takes away goes with the letter that it stands on.
      if (form === '' && ends.length > 0 && ends.at(-1) === at && MARK.test(character)) ends[ends.length - 1] = end;
      units += form;
      at = end;
    }
    return { units, starts: Int32Array.from(starts), ends: Int32Array.from(ends) };
  }

  private spelt(token: string): Pick<Piece, 'surface' | 'begins'> {
    if (this.continues !== undefined) {
      const begins = !token.startsWith(this.continues);
      return { surface: begins ? token : token.slice(this.continues.length), begins };
    }
    if (this.bytes) {
      const codes = Array.from(token, character => BYTE_OF.get(character));
      if (codes.includes(undefined)) return { surface: undefined, begins: true };
      const spelt = String.fromCharCode(...(codes as number[]));
      return { surface: spelt.replace(BYTE_BLANK, ''), begins: spelt.startsWith(' ') };
    }
    if (BYTE_TOKEN.test(token)) return { surface: BLANK_TOKENS.has(token) ? '' : undefined, begins: false };
    const whole = this.suffix !== '' && token.endsWith(this.suffix) ? token.slice(0, -this.suffix.length) : token;
    return { surface: whole.replaceAll('▁', ' ').replace(BLANK, ''), begins: whole.startsWith('▁') };
  }

  private formOf(character: string): string {
    const known = this.known.get(character);
    if (known !== undefined) return known;
    const { tokenizer, config } = this.published;
    const lower = config.do_lowercase_and_remove_accent === true;
    const plain = lower
      ? character
          .normalize('NFD')
          .replace(/\p{Mn}/gu, '')
          .toLowerCase()
      : character;
    const normal = tokenizer.normalizer?.normalize(plain) ?? plain;
    const form = this.bytes ? bytesOf(normal).replace(BYTE_BLANK, '') : normal.replaceAll('▁', ' ').replace(BLANK, '');
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(character, form);
    return form;
  }
}

/** One byte of a character that the vocabulary does not have. */
const BYTE_TOKEN = /^<0x[0-9A-F]{2}>$/;
const BLANK_TOKENS: ReadonlySet<string> = new Set(['<0x09>', '<0x0A>', '<0x0D>', '<0x20>']);

/** Blanks among bytes: those of ASCII alone, for the others are parts of characters. */
const BYTE_BLANK = /[\t-\r ]+/g;

function bytesOf(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function hasByteLevel(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasByteLevel);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => (key === 'type' ? inner === 'ByteLevel' : hasByteLevel(inner)));
}

/** The bytes that GPT-2's characters stand for: what can be printed stands for itself, the others follow from U+0100 on. */
const BYTE_OF: ReadonlyMap<string, number> = new Map(
  (() => {
    let next = 256;
    return Array.from({ length: 256 }, (_, byte): [string, number] => {
      const itself = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
      return [String.fromCharCode(itself ? byte : next++), byte];
    });
  })(),
);
