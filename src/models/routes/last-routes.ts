import type { RouteExamples } from '#contract/learned.js';
import { ExampleRoutes, type ExampleRoutesPorts } from './example-routes.js';

/**
 * The routes of the configuration in force, kept over changes that leave them as they are: their examples are not embedded anew, for which requests
 * would have to wait, or have the fast tier's word.
 */
export class LastRoutes {
  private last:
    | { readonly key: string; readonly ports: ExampleRoutesPorts; readonly routes: ExampleRoutes }
    | undefined;

  /** Those from before where examples, their order, and what they stand on are the same. */
  of(examples: RouteExamples, ports: ExampleRoutesPorts): ExampleRoutes {
    const key = JSON.stringify(Object.entries(examples));
    const { last } = this;
    const same =
      last?.key === key &&
      last.ports.embedder === ports.embedder &&
      last.ports.fast === ports.fast &&
      last.ports.patienceMs === ports.patienceMs;
    if (same) return last.routes;
    const routes = new ExampleRoutes(examples, ports);
    this.last = { key, ports, routes };
    return routes;
  }
}
