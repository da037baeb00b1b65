import { existsSync } from 'node:fs';
import type { Config, LoadResult, Place } from '#config/load.js';
import type { ConfigProblem, Path } from '#config/problem.js';
import { isWeirError } from '#contract/errors.js';
import type { LearnedSettings } from '#contract/learned.js';
import { formatHubId, type HubId, parseHubId } from '#models/hub/hub-id.js';
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

/** Models of the hub that a configuration names, whether they are in the cache or not: each once. */
export function hubModels({ router }: Config): readonly HubId[] {
  const ids = named(router.learned).flatMap(({ path }) => (existsSync(path) ? [] : (parseHubId(path) ?? [])));
  return [...new Map(ids.map(id => [formatHubId(id), id])).values()];
}

function missingModels({ router }: Config, locate: (path: Path) => Place): readonly ConfigProblem[] {
  return named(router.learned).flatMap(({ path, at }) =>
    missing(path, router.learned.cache).map(found => ({ ...locate(at), ...found })),
  );
}

/** What models of one's own are called, and where. */
function named({ embedders, classifiers }: LearnedSettings): readonly { readonly path: string; readonly at: Path }[] {
  return Object.entries({ embedders, classifiers }).flatMap(([kind, models]) =>
    Object.entries(models).flatMap(([name, { path }]) =>
      path === undefined ? [] : [{ path, at: ['router', 'learned', kind, name, 'path'] }],
    ),
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
