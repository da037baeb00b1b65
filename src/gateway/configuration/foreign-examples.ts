import type { Config, Place } from '#config/load.js';
import type { ConfigProblem, Path } from '#config/problem.js';
import { languagesOf } from '#models/classifiers.js';
import { spaceOf } from '#models/embedders.js';
import { foreignLanguage } from '#router/signals/language-gate.js';

/**
 * Routes and preferences that are written in a language which their embedder does not know: whoever asks in that language is told nothing, so such a
 * policy does nothing, and does not look like it.
 */
export async function foreignProblems(
  { router }: Config,
  locate: (path: Path) => Place,
): Promise<readonly ConfigProblem[]> {
  const { learned, routes, preferences } = router;
  const space = spaceOf(learned.embedder, learned);
  const known = languagesOf(space);
  if (known === undefined) return [];
  const written = [
    ...Object.entries(routes).map(([name, texts]) => ({ what: 'route', block: 'routes', name, texts })),
    ...Object.entries(preferences).map(([name, { description, examples }]) => {
      return { what: 'preference', block: 'preferences', name, texts: [description, ...examples] };
    }),
  ];
  const problems: ConfigProblem[] = [];
  for (const { what, block, name, texts } of written) {
    const language = await mostly(texts, known);
    if (language === undefined) continue;
    problems.push({
      code: 'config.invalid',
      ...locate(['router', block, name]),
      message: `the ${what} ${name} is written in ${language}, which ${space} does not know: of texts in it the signal is unknown`,
      hint: 'name an embedder of yours that knows it: router.learned.embedder',
    });
  }
  return problems;
}

/** The language that most of the texts are in and that is not known; nothing where most are in known ones, or too short to tell. */
async function mostly(texts: readonly string[], known: readonly string[]): Promise<string | undefined> {
  const told = await Promise.all(texts.map(text => foreignLanguage(text, known)));
  const foreign = told.filter(language => language !== undefined);
  return 2 * foreign.length > texts.length ? foreign[0] : undefined;
}
