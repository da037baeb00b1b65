import type { Config, Place } from '#config/load.js';
import { suggestion } from '#config/nearest.js';
import type { ConfigProblem, Path } from '#config/problem.js';
import type { Embedder } from '#contract/embedder.js';
import { isWeirError, type WeirError } from '#contract/errors.js';
import type { Classifier, ClassifierSettings } from '#contract/learned.js';
import { readLabels } from '#models/own/label-file.js';
import { presentFiles } from '#models/own/model-files.js';
import { OUTSIDE, openOwnClassifier } from '#models/own/open-classifier.js';

/** A label, or a type of entities, that a configuration asks a classifier for. */
interface Asked {
  readonly classifier: string;
  readonly label: string;
  readonly path: Path;
}

/**
 * What is wrong with the operator's own classifiers as their files are now and as seen from where this process was started, and with the labels that are
 * asked of them. No model is loaded. Warnings, no errors, for a gateway may find other files.
 */
export function classifierProblems(config: Config, locate: (path: Path) => Place): readonly ConfigProblem[] {
  const { learned, privacy } = config.router;
  const opened = new Map<string, Classifier>();
  const problems: ConfigProblem[] = [];
  const warn = (
    path: Path,
    { code, message, hint }: Pick<WeirError, 'code' | 'message'> & { readonly hint?: string | undefined },
  ): void => {
    problems.push({ code, ...locate(path), message, ...(hint !== undefined && { hint }) });
  };
  for (const [name, settings] of Object.entries(learned.classifiers)) {
    try {
      opened.set(name, unloaded(settings, learned.cache));
    } catch (error) {
      if (!isWeirError(error)) throw error;
      warn(['router', 'learned', 'classifiers', name], error);
    }
  }
  for (const { classifier, label, path } of asked(config)) {
    const { labels: known, entities } = opened.get(classifier) ?? {};
    if (known === undefined || known.includes(label)) continue;
    // The label outside of entities is none of their types; that there is one was seen when it was opened.
    if (entities === true && label === (learned.classifiers[classifier]?.neutral ?? OUTSIDE)) continue;
    const message = `the classifier ${classifier} knows no label ${label}`;
    const hint = suggestion(label, known);
    warn(path, { code: 'config.unknown_reference', message, hint });
  }
  for (const name of Object.keys(privacy.models)) {
    const classifier = opened.get(name);
    if (classifier === undefined || classifier.entities === true) continue;
    const message = `${name} classifies texts: it finds no places in them that could be masked`;
    warn(['router', 'privacy', 'models', name], { code: 'config.invalid', message });
  }
  return problems;
}

/** @throws WeirError `model.unavailable`. */
function unloaded(settings: ClassifierSettings, cache: string): Classifier {
  const files = presentFiles(settings.path, cache);
  return openOwnClassifier(settings, files, readLabels(files.config), () => NOTHING, 0);
}

/** Stands in for the model, which nobody asks. */
const NOTHING: Embedder = {
  name: 'none',
  dimension: 0,
  prepare: () => Promise.resolve(),
  embed: () => Promise.resolve([]),
};

function asked({ router: { learned, privacy, safety, signals } }: Config): readonly Asked[] {
  const all: Asked[] = [];
  for (const [name, { type, options }] of Object.entries(signals)) {
    if (type !== 'classifier') continue;
    const { name: classifier, any = [] } = options as { readonly name: string; readonly any?: readonly string[] };
    for (const [at, label] of any.entries()) {
      all.push({ classifier, label, path: ['router', 'signals', name, type, 'any', at] });
    }
  }
  for (const [classifier, { check, neutral }] of Object.entries(learned.classifiers)) {
    const path = ['router', 'learned', 'classifiers', classifier];
    if (neutral !== undefined) all.push({ classifier, label: neutral, path: [...path, 'neutral'] });
    for (const [at, { label }] of check.entries()) {
      all.push({ classifier, label, path: [...path, 'check', at, 'label'] });
    }
  }
  for (const [classifier, kinds] of Object.entries(privacy.models)) {
    const path = ['router', 'privacy', 'models', classifier];
    for (const label of Object.keys(kinds)) all.push({ classifier, label, path: [...path, label] });
  }
  const { classifier, label } = safety?.child_safety ?? {};
  if (classifier !== undefined && label !== undefined) {
    all.push({ classifier, label, path: ['router', 'safety', 'child_safety', 'label'] });
  }
  return all;
}
