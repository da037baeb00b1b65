import type { Config, LoadResult, Place } from '#config/load.js';
import type { ConfigProblem, Path } from '#config/problem.js';
import { isWeirError } from '#contract/errors.js';
import { modelFiles } from '#models/own/model-files.js';

/**
 * A configuration that was read, or, where it names models of the hub that are not in its cache, what is wrong with it. Nothing is fetched while Weir serves,
 * so such a configuration cannot come into force.
 */
export function withPulledModels(result: LoadResult): LoadResult {
  if (!result.ok) return result;
  const problems = missingModels(result.config, result.locate);
  if (problems.length === 0) return result;
  const { config, warnings, text } = result;
  return { ok: false, problems, warnings, source: config.source, text };
}

function missingModels({ router }: Config, locate: (path: Path) => Place): readonly ConfigProblem[] {
  const { embedders, classifiers, cache } = router.learned;
  return Object.entries({ embedders, classifiers }).flatMap(([kind, models]) =>
    Object.entries(models).flatMap(([name, { path }]) => {
      const at = ['router', 'learned', kind, name, 'path'];
      return path === undefined ? [] : missing(path, cache).map(found => ({ ...locate(at), ...found }));
    }),
  );
}

function missing(path: string, cache: string): readonly Pick<ConfigProblem, 'code' | 'message' | 'hint'>[] {
  try {
    modelFiles(path, cache);
    return [];
  } catch (error) {
    if (!isWeirError(error)) throw error;
    const { code, message, hint } = error;
    return [{ code, message, ...(hint !== undefined && { hint }) }];
  }
}
