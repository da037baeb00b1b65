// What the heads' cards say: cross-fitted.
import { headFile } from '../../dist/models/heads/head-cards.js';
import { readHybrid } from '../../dist/models/safety/hybrid-file.js';
import { percent, print, withInterval } from '../support/learned.mjs';

export function cards() {
  for (const kind of ['jailbreak', 'injection', 'unsafe', 'hazard']) {
    const head = readHybrid(headFile(kind));
    const { results, escalated, ece, duplicates, labels } = head.card;
    for (const [tier, groups] of Object.entries(results)) {
      const rows = Object.fromEntries(
        Object.entries(groups).map(([group, { texts, share: part }]) => [
          group,
          withInterval(Math.round(part * texts), texts),
        ]),
      );
      if (kind === 'jailbreak') {
        const pooled = ['notinject', 'wildguard-benign'].map(name => groups[name]);
        const attacks = ['verazuo-2023-05-07', 'self-reminder', 'gptfuzzer-template', 'giskard'].map(
          name => groups[name],
        );
        const sum = list => list.reduce((n, { texts, share: part }) => n + Math.round(part * texts), 0);
        const all = list => list.reduce((n, { texts }) => n + texts, 0);
        rows['RECALL, all jailbreaks'] = withInterval(sum(attacks), all(attacks));
        rows['FALSE POSITIVES, notinject and wildguard-benign'] = withInterval(sum(pooled), all(pooled));
      }
      print(`${kind}, ${tier}: share ${kind === 'hazard' ? 'right' : 'flagged'}; ECE ${ece[tier]}`, rows);
    }
    print(`${kind}, other`, {
      'share that the transformer reads': percent(escalated),
      'near-duplicates left out of folds': duplicates.removed,
      ...Object.fromEntries(
        Object.entries(labels).map(([name, l]) => [
          name,
          `recall ${percent(l.recall)}, precision ${percent(l.precision)}`,
        ]),
      ),
    });
  }
}
