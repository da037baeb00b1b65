import type { State } from '../app.js';
import { count, score, usd } from '../format.js';
import { link } from '../ui/routing.js';

export function ModelsTable({ state }: { state: State }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class="scroll" tabIndex={0} aria-label="Models, what they cost and where they run">
      <table class="grid models">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col" class="number">
              Context
            </th>
            <th scope="col" class="number">
              Quality
            </th>
            <th scope="col" class="number">
              Prompt, 1M
            </th>
            <th scope="col" class="number">
              Cached, 1M
            </th>
            <th scope="col" class="number">
              Answer, 1M
            </th>
            <th scope="col">Pools</th>
            <th scope="col">Asked for by</th>
          </tr>
        </thead>
        <tbody>
          {state.models.map(({ name, context, quality, price, description }) => (
            <tr key={name}>
              <th scope="row">
                <a href={link('requests', undefined, { model: name })}>{name}</a>
                {description === undefined ? undefined : <small class="about">{description}</small>}
              </th>
              <td class="number">{count(context)}</td>
              <td class="number">{quality === undefined ? '–' : score(quality)}</td>
              <td class="number">{usd(price.prompt)}</td>
              <td class="number">{usd(price.cached)}</td>
              <td class="number">{usd(price.completion)}</td>
              <td>{listed(state.pools.filter(({ model }) => model === name))}</td>
              <td>{listed(state.decisions.filter(({ models = [] }) => models.includes(name)))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function listed(named: readonly { readonly name: string }[]): string {
  return named.length === 0 ? '–' : named.map(({ name }) => name).join(', ');
}
