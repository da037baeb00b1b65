import type { Config, Place } from '#config/load.js';
import type { ConfigProblem, Path } from '#config/problem.js';
import { isWeirError } from '#contract/errors.js';
import { spaceKnown } from '#models/embedders.js';
import { readHead, readHeadOf } from '#models/heads/head-file.js';
import { presentFiles } from '#models/own/model-files.js';
import { signalType } from '#router/signals/set.js';

/**
 * What is wrong with the heads that a configuration has in the place of Weir's own, and with the embedders that it brings, as their files are now and as
 * seen from where this process was started. Warnings, no errors, for a gateway may find other files, and starts with such that it cannot read.
 */
export function headProblems({ router }: Config, locate: (path: Path) => Place): readonly ConfigProblem[] {
  const { learned, safety } = router;
  const problems: ConfigProblem[] = [];
  const look = (path: Path, check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!isWeirError(error)) throw error;
      const { code, message, hint } = error;
      problems.push({ code, ...locate(path), message, ...(hint !== undefined && { hint }) });
    }
  };
  for (const [name, { path: model }] of Object.entries(learned.embedders)) {
    if (model !== undefined)
      look(['router', 'learned', 'embedders', name, 'path'], () => presentFiles(model, learned.cache));
  }
  for (const [name, file] of Object.entries(learned.heads)) {
    if (file === undefined) continue;
    const path = ['router', 'learned', 'heads', name];
    look(path, () => {
      const { labels, model } = readHeadOf(file, name);
      spaceKnown(model.embedder, learned);
      const known = signalType(name)?.labels ?? labels;
      const strange = labels.filter(label => !known.includes(label));
      if (strange.length === 0) return;
      const message = `the head says ${strange.join(', ')}, which no ${name} signal can be asked for`;
      const hint = `labels of ${name}: ${known.join(', ')}`;
      problems.push({ code: 'config.unknown_reference', ...locate(path), message, hint });
    });
  }
  const { routes } = learned;
  if (routes !== undefined) {
    look(['router', 'learned', 'routes'], () => spaceKnown(readHeadOf(routes, 'routes').model.embedder, learned));
  }
  const child = safety?.child_safety.head;
  if (child !== undefined) {
    look(['router', 'safety', 'child_safety', 'head'], () => spaceKnown(readHead(child).model.embedder, learned));
  }
  return problems;
}
