import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SELECTOR_TYPES } from '#router/selection/registry.js';
import { SIGNAL_TYPES } from '#router/signals/registry.js';
import { STRATEGY_TYPES } from '#router/strategy/registry.js';

const page = (name: string) => readFileSync(fileURLToPath(new URL(`../../docs/${name}.md`, import.meta.url)), 'utf8');

test('every signal, selector and strategy has its place in the documentation', () => {
  const headings = (name: string) => [...page(name).matchAll(/^## (\S+)$/gm)].map(match => match[1]);
  for (const { type } of SIGNAL_TYPES) expect(headings('signals')).toContain(type);
  for (const { type } of SELECTOR_TYPES) expect(headings('selection')).toContain(type);
  for (const { type } of STRATEGY_TYPES) expect(page('selection')).toContain(`\`${type}\``);
});
