import type { Config, Place } from '#config/load.js';
import type { ConfigProblem, Path } from '#config/problem.js';
import { isWeirError } from '#contract/errors.js';
import { readKnowledge } from '#models/knowledge/read-knowledge.js';

/**
 * What is wrong with the files of knowledge bases as they are now and as seen from where this process was started: nothing, or a warning. No
 * error, for a gateway may find them otherwise.
 */
export function knowledgeProblems(config: Config, locate: (path: Path) => Place): readonly ConfigProblem[] {
  try {
    readKnowledge(config.router.knowledge);
    return [];
  } catch (error) {
    if (!isWeirError(error)) throw error;
    const { code, message, hint, path = 'router.knowledge' } = error;
    return [{ code, ...locate(path.split('.')), message, ...(hint !== undefined && { hint }) }];
  }
}
