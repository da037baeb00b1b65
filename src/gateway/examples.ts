import type { Config } from '#config/load.js';

/** A request to try, and what it is an example of. */
export interface ExampleRequest {
  readonly label: string;
  readonly prompt: string;
}

const MOST = 6;
const LONGEST_PROMPT = 500;
const LONGEST_LABEL = 40;

/**
 * Requests that a configuration itself names: the first test of each decision, then an example of each route and preference. A test
 * that is more than a prompt is left out: what its headers hold may be a secret.
 */
export function examplesOf({ router }: Config): readonly ExampleRequest[] {
  const found: ExampleRequest[] = [];
  const shown = new Set<string | undefined>();
  for (const { name, prompt, expect, expect_model, ...more } of router.tests) {
    const meets = expect ?? expect_model;
    if (prompt === undefined || Object.values(more).some(value => value !== undefined) || shown.has(meets)) continue;
    if (!isShown(prompt)) continue;
    shown.add(meets);
    found.push({ label: labelOf(name ?? prompt), prompt });
  }
  const kinds = [
    ...Object.entries(router.routes),
    ...Object.entries(router.preferences).map(([name, { examples }]) => [name, examples] as const),
  ];
  for (const [name, examples] of kinds) {
    const prompt = examples.find(isShown);
    if (prompt !== undefined) found.push({ label: labelOf(name), prompt });
  }
  return found.slice(0, MOST);
}

function isShown(prompt: string): boolean {
  return prompt.trim() !== '' && prompt.length <= LONGEST_PROMPT;
}

/** A text's beginning, to the end of a word. */
function labelOf(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  if (line.length <= LONGEST_LABEL) return line;
  const end = line.lastIndexOf(' ', LONGEST_LABEL);
  return `${line.slice(0, end < LONGEST_LABEL / 2 ? LONGEST_LABEL : end)}…`;
}
