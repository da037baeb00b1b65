import { type JudgedText, judgeOfTexts } from './judge.js';

/**
 * Whether what has to be JSON is JSON: every text of an answer that was asked for in a structure, and the arguments of every call of a tool.
 * Says nothing of other answers, nor of a text that is too long to be read whole. Whether JSON follows its schema is not looked at.
 */
export function validJudge(structured: boolean) {
  return judgeOfTexts('valid', texts => {
    const asked = texts.filter(({ kind, cut }) => !cut && (kind === 'arguments' || (structured && kind === 'text')));
    if (asked.length === 0) return undefined;
    const broken = asked.filter(text => !isJson(text)).length;
    return { doubts: broken > 0, note: broken === 0 ? 'JSON' : `${broken} of ${asked.length} no JSON` };
  });
}

function isJson({ kind, text }: JudgedText): boolean {
  // A tool without parameters may be called with nothing.
  if (kind === 'arguments' && text.trim() === '') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
