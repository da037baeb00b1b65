import type { Finder } from './finder.js';
import { CodeBlockFinder, LineFinder } from './line-finder.js';
import { PatternFinder } from './pattern-finder.js';
import { QuestionFinder } from './question-finder.js';
import { SentenceFinder } from './sentence-finder.js';
import { CapitalsFinder, DigitFinder } from './word-finders.js';

/** Everything that structure knows how to find by itself; `words` are counted, not found. */
export const FEATURES = [
  'questions',
  'code_blocks',
  'lists',
  'numbered_steps',
  'urls',
  'digits',
  'tables',
  'uppercase',
  'words',
  'sentences',
  'lines',
] as const;

export type Feature = (typeof FEATURES)[number];
export type FoundFeature = Exclude<Feature, 'words'>;

const URL = '(?<![\\p{L}\\p{N}])(?:https?:\\/\\/|ftp:\\/\\/|www\\.)[^\\s<>"\'`）】」』]+';
const BULLET = /[ \t]{0,16}[-*+•‣◦・·][ \t]+\S/y;
const STEP =
  /[ \t]{0,16}(?:\d{1,3}[.):](?=\s)|\d{1,3}[、．)]|[(（]\d{1,3}[)）]|(?:step|schritt|étape|etape|paso|passo|шаг|krok|stap|steg|단계)[ \t]{1,2}\d{1,3}(?!\d)|第[一二三四五六七八九十\d]{1,3}步)/iy;
const DELIMITER_ROW = /[ \t]{0,3}\|?[ \t]{0,8}:?-{2,64}:?[ \t]{0,8}(?:\||$)/my;

/** Makes the finder of a feature. */
export function featureFinder(feature: FoundFeature): Finder {
  switch (feature) {
    case 'questions':
      return new QuestionFinder();
    case 'code_blocks':
      return new CodeBlockFinder();
    case 'lists':
      return new LineFinder(beginsWith(BULLET));
    case 'numbered_steps':
      return new LineFinder(beginsWith(STEP));
    case 'urls':
      return new PatternFinder(URL, 'iu');
    case 'digits':
      return new DigitFinder();
    case 'tables':
      return new LineFinder(isDelimiterRow);
    case 'uppercase':
      return new CapitalsFinder();
    case 'sentences':
      return new SentenceFinder();
    case 'lines':
      return new LineFinder(isWritten, true);
  }
}

function beginsWith(pattern: RegExp) {
  return (text: string, start: number): boolean => {
    pattern.lastIndex = start;
    return pattern.test(text);
  };
}

/** The line of hyphens and bars below the head of a Markdown table: one for each table. */
function isDelimiterRow(text: string, start: number, end: number): boolean {
  DELIMITER_ROW.lastIndex = start;
  if (!DELIMITER_ROW.test(text)) return false;
  let bars = 0;
  for (let at = start; at < end; at++) {
    const character = text.charAt(at);
    if (character === '|') bars++;
    else if (!'-: \t\r'.includes(character)) return false;
  }
  return bars > 0;
}

function isWritten(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (text.charAt(at).trim() !== '') return true;
  return false;
}
