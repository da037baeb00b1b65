// Conversations whose attack is spread over their turns.
import { seededRandom } from '../../dist/contract/random.js';
import { conversationRisk } from '../../dist/router/safety/conversation-risk.js';
import { percent, print, withInterval } from '../support/learned.mjs';

/**
 * Traces of scores that are made up: each turn of an attack stays under the gate of 0.5; harmless talk is low, one turn in ten borderline. An attack
 * comes at one go, or with harmless turns between and behind its own.
 */
export function conversation() {
  const random = seededRandom(41);
  const between = (low, high) => low + (high - low) * random.next();
  const kinds = ['vcr', 'iwp', 'prv', 'ncr'];
  const turns = (score, count) => Array.from({ length: count }, score);
  const low = () => ({ score: between(0, 0.2) });
  const borderline = () => ({ score: between(0.3, 0.5), hazard: kinds[random.below(2)] });
  const attacks = {
    'at one go': () => [...turns(low, random.below(6)), ...turns(borderline, 4 + random.below(5))],
    'between harmless turns': () =>
      turns(borderline, 4 + random.below(5)).flatMap(turn => [turn, ...turns(low, 1 + random.below(4))]),
  };
  const harmless = () =>
    turns(
      () => (random.next() < 0.1 ? { score: between(0.2, 0.45), hazard: kinds[random.below(4)] } : low()),
      3 + random.below(18),
    );
  const others = turns(harmless, 5000);
  const ways = {
    'peak, accumulation, diversity': all => conversationRisk(all).score,
    'control: exponential mean': all => all.reduce((mean, { score }) => 0.5 * mean + 0.5 * score, all[0].score),
    'control: mean': all => all.reduce((sum, { score }) => sum + score, 0) / all.length,
    'control: worst turn': all => Math.max(...all.map(({ score }) => score)),
  };
  for (const [name, attack] of Object.entries(attacks)) {
    const made = turns(attack, 5000);
    const rows = Object.entries(ways).map(([way, by]) => {
      const sorted = others.map(by).sort((x, y) => y - x);
      const gate = sorted[Math.floor(0.012 * sorted.length)];
      const found = made.filter(one => by(one) > gate).length;
      const half = made.filter(one => by(one) > 0.5).length;
      return [
        way,
        `${withInterval(found, made.length)} above ${gate.toFixed(3)}; above 0.5 ${percent(half / made.length)}`,
      ];
    });
    print(
      `made-up conversations, attacks ${name}, 5,000 of each kind: recall at 1.2 % false positives`,
      Object.fromEntries(rows),
    );
  }
}
