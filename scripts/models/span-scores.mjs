/** Precision, recall and F1 of spans found, by kind: `exact` where kind and both ends agree, `touching` where kinds agree and spans overlap. */
export function spanScores(pairs, kinds) {
  const table = {};
  for (const kind of kinds) {
    let gold = 0;
    let found = 0;
    let exact = 0;
    let goldMet = 0;
    let foundMet = 0;
    for (const pair of pairs) {
      const g = pair.gold.filter(span => span.kind === kind);
      const f = pair.found.filter(span => span.kind === kind);
      gold += g.length;
      found += f.length;
      exact += f.filter(a => g.some(b => a.start === b.start && a.end === b.end)).length;
      foundMet += f.filter(a => g.some(b => a.start < b.end && b.start < a.end)).length;
      goldMet += g.filter(b => f.some(a => a.start < b.end && b.start < a.end)).length;
    }
    const f1 = (precision, recall) => (precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall));
    const share = (a, b) => (b === 0 ? 0 : a / b);
    const round = value => Math.round(value * 1000) / 1000;
    table[kind] = {
      gold,
      found,
      precision: round(share(exact, found)),
      recall: round(share(exact, gold)),
      f1: round(f1(share(exact, found), share(exact, gold))),
      touching_f1: round(f1(share(foundMet, found), share(goldMet, gold))),
    };
  }
  return table;
}
