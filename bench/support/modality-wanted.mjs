// How often the kind of answer that a request wants is told: by rules, by the trained head, by both.
import { LanguageGate } from '../../dist/router/signals/language-gate.js';
import { RuledHead } from '../../dist/router/signals/modality/ruled-head.js';
import { MEDIA } from '../../dist/router/signals/modality/vocabulary.js';
import { wantedMedium } from '../../dist/router/signals/modality/wanted.js';
import { marked } from '../../scripts/models/texts.mjs';
import { openModels, percent, print, withInterval } from './learned.mjs';

/** What a rule may weigh. */
const WEIGHTS = [0, 1, 1.5, 2, 2.5, 3, 4];

const here = name => new URL(name, import.meta.url);

/** What the `modality` signal hears of a rule, unless `above` says otherwise. */
const byRules = text => ({ label: wantedMedium(text).medium, tier: 'fast', sure: true });

/** Rules, head and both on the requests of the test, each group for itself; the larger class is the control. */
export async function modalityWanted(cache) {
  const { host, models } = openModels(cache);
  const head = new LanguageGate(models.head('modality'));
  await head.prepare();
  const by = classifier => async text => {
    const { probabilities, best, sure, tier } = await classifier.classify(text, { whenBusy: 'wait' });
    return { label: classifier.labels[best], score: probabilities[best], tier, sure };
  };
  const tellers = {
    rules: byRules,
    learned: by(head),
    both: by(new RuledHead(head)),
  };
  await chosenBy(head);
  const test = marked(here('../learned/modality-test.txt'));
  const english = test.filter(({ mark }) => mark !== 'fr');
  const groups = {
    'English requests': english,
    'of them, hard ones that want words': english.filter(({ mark }) => mark === 'hard'),
    'French requests': test.filter(({ mark }) => mark === 'fr'),
  };
  for (const [name, rows] of Object.entries(groups)) {
    const words = rows.filter(({ label }) => label === 'text').length;
    const figures = { 'control: always text': withInterval(words, rows.length) };
    for (const [teller, tell] of Object.entries(tellers)) Object.assign(figures, await told(teller, tell, rows));
    print(`modality, ${name}`, figures);
  }
  await host.close();
}

/** What was chosen, on requests that are for that: how likely a rule is right, and what it weighs beside the head (those written after training). */
async function chosenBy(head) {
  const dev = marked(here('../learned/modality-dev.txt'));
  const heard = dev.filter(({ text }) => wantedMedium(text).strength >= 0.8);
  const fresh = dev.filter(({ mark }) => mark === 'again');
  const losses = await Promise.all(
    WEIGHTS.map(async weight => {
      const joined = new RuledHead(head, weight);
      const all = fresh.map(async ({ text, label }) => {
        const { probabilities } = await joined.classify(text, { whenBusy: 'wait' });
        return -Math.log(probabilities[joined.labels.indexOf(label)]);
      });
      const loss = (await Promise.all(all)).reduce((sum, one) => sum + one, 0) / fresh.length;
      return `${weight}: ${loss.toFixed(3)}`;
    }),
  );
  print('modality, requests to choose on', {
    'rules that are heard are right': withInterval(
      heard.filter(({ label, text }) => wantedMedium(text).medium === label).length,
      heard.length,
    ),
    [`weight of a rule: mean −log p of the label, ${fresh.length} requests`]: losses.join(', '),
  });
}

async function told(name, tell, rows) {
  const all = await Promise.all(rows.map(async ({ text, label }) => ({ truth: label, ...(await tell(text)) })));
  const said = all.filter(({ sure }) => sure);
  const right = said.filter(({ label, truth }) => label === truth);
  const asked = all.filter(({ tier }) => tier === 'model').length;
  const of = (list, medium) => list.filter(({ truth }) => truth === medium).length;
  const perLabel = MEDIA.map(medium => {
    const claimed = said.filter(({ label }) => label === medium).length;
    return `${medium} ${of(right, medium)} of ${of(all, medium)} found, ${of(right, medium)} of ${claimed} right`;
  });
  const media = said.filter(({ label }) => label !== 'text');
  const found = media.filter(({ label, truth }) => label === truth).length;
  const made = all.filter(({ truth }) => truth !== 'text').length;
  return {
    [`${name}: right`]: withInterval(right.length, all.length),
    [`${name}: nothing said`]: withInterval(all.length - said.length, all.length),
    [`${name}: words taken for a medium`]: withInterval(of(media, 'text'), of(all, 'text')),
    ...(made > 0 && { [`${name}: media found`]: withInterval(found, made) }),
    ...(media.length > 0 && { [`${name}: media said, rightly`]: withInterval(found, media.length) }),
    [`${name}: by medium`]: perLabel.join('; '),
    ...(said.length > 0 &&
      said.every(({ score }) => score !== undefined) && {
        [`${name}: calibration error (15 bins), texts by the transformer`]: `${eceOf(said).toFixed(3)}, ${percent(asked / all.length)}`,
      }),
  };
}

/** Expected calibration error over 15 bins of equal width (Guo et al., 2017). */
function eceOf(said) {
  const bins = Array.from({ length: 15 }, () => ({ texts: 0, right: 0, score: 0 }));
  for (const { score, label, truth } of said) {
    const bin = bins[Math.min(14, Math.floor(score * 15))];
    bin.texts++;
    bin.score += score;
    if (label === truth) bin.right++;
  }
  return bins.reduce((sum, { right, score }) => sum + Math.abs(right - score), 0) / said.length;
}
