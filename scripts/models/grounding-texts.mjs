// Claims and whether their context bears them out, of HaluEval's rows and of what controls for their form.
//
// HaluEval's hallucinated answers are sentences and its right ones are not: a judge could tell them apart by that alone. So right and wrong answers
// are here in each form as well: bare, in a sentence, and whole sentences of the context or of another one.
import { sentencesOf } from '../../dist/models/grounding/sentences.js';

const WRAPS = [
  answer => `The answer is ${answer}.`,
  answer => `It is ${answer}.`,
  answer => `That would be ${answer}, according to the text.`,
];

/** @returns claims {row, form, claim, label: 1 where not grounded}; `halueval` are the set's own. */
export function claimsOf(rows) {
  return rows.flatMap((row, at) => {
    const { knowledge, right_answer: right, hallucinated_answer: wrong } = row;
    const claim = (form, text, label) => ({
      row: at,
      form,
      claim: text,
      label,
      context: knowledge,
      question: row.question,
    });
    const claims = [claim('halueval', right, 0), claim('halueval', wrong, 1)];
    const other = rows[(at * 7 + 11) % rows.length];
    const foreign = other.right_answer;
    if (knowledge.toLowerCase().includes(foreign.toLowerCase())) return claims;
    const wrap = WRAPS[at % WRAPS.length];
    claims.push(claim('bare', right, 0), claim('bare', foreign, 1));
    claims.push(claim('in a sentence', wrap(right), 0), claim('in a sentence', wrap(foreign), 1));
    const own = sentencesOf(knowledge, 64).filter(({ length }) => length > 30);
    const others = sentencesOf(other.knowledge, 64).filter(({ length }) => length > 30);
    if (own.length === 0 || others.length === 0) return claims;
    claims.push(
      claim('whole sentences', own[at % own.length], 0),
      claim('whole sentences', others[at % others.length], 1),
    );
    return claims;
  });
}
