/** What the script of a text says of it. */
export interface ScriptReading {
  /** Letters in it, of any script. */
  readonly letters: number;
  /** The language, where the script leaves only one: kana is Japanese, Hangul Korean, Thai Thai, and Han without kana Chinese. */
  readonly language?: string;
}

const LETTER = /\p{L}/u;
/** Characters of a telling script below which a text is a name or a quotation rather than a language. */
const MIN_TELLING = 2;
/** A character of these scripts carries about as much as this many letters of an alphabet. */
const LETTERS_EACH = 3;

/** Counts letters by script in one pass. A statistical model is at its worst where this is at its best: short Chinese and Japanese. */
export function scriptOf(line: string): ScriptReading {
  let letters = 0;
  let han = 0;
  let kana = 0;
  let hangul = 0;
  let thai = 0;
  for (let i = 0; i < line.length; i++) {
    const unit = line.charCodeAt(i);
    if (unit < 128) {
      const lower = unit | 32;
      if (lower >= 97 && lower <= 122) letters++;
    } else if (LETTER.test(line.charAt(i))) {
      letters++;
      if ((unit >= 0x4e00 && unit <= 0x9fff) || (unit >= 0x3400 && unit <= 0x4dbf)) han++;
      else if (unit >= 0x3041 && unit <= 0x30fa) kana++;
      else if ((unit >= 0xac00 && unit <= 0xd7a3) || (unit >= 0x1100 && unit <= 0x11ff)) hangul++;
      else if (unit >= 0x0e01 && unit <= 0x0e46) thai++;
    }
  }
  const telling = han + kana + hangul + thai;
  if (telling < MIN_TELLING || telling * LETTERS_EACH < letters - telling) return { letters };
  return { letters, language: thai * 2 > telling ? 'th' : hangul * 2 > telling ? 'ko' : kana > 0 ? 'ja' : 'zh' };
}
