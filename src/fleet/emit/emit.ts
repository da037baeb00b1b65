import { parse } from 'yaml';
import type { Catalogue } from '#fleet/catalogue.js';
import type { PlanReport } from '#fleet/plan/report.js';
import { poolSchema } from '#pool/schema.js';
import { emittedFleet } from './fleet.js';
import { kubernetesFiles } from './kubernetes.js';
import { simulatedYaml, weirYaml } from './weir-yaml.js';

/**
 * The files of a plan's best fleet, by their path: `weir.yaml`, Kubernetes manifests for vLLM, and `simulate.yaml` where the simulator can play the
 * fleet as it is: with GPU and model of the built-in catalogue, undivided (a simulated engine has the window of its pool, and would refuse what turns
 * out longer), and no more replicas than a simulated pool may have. Empty where nothing held.
 */
export function planFiles(plan: PlanReport, catalogue: Catalogue, own: boolean): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const fleet = emittedFleet(plan, catalogue);
  if (fleet === undefined) return files;
  files.set('weir.yaml', weirYaml(fleet));
  const simulated = simulatedYaml(fleet);
  const undivided = plan.best?.pools.length === 1;
  const playable = !own && undivided && poolSchema.safeParse(parse(simulated).pool).success;
  if (playable) files.set('simulate.yaml', simulated);
  for (const [name, text] of kubernetesFiles(fleet)) files.set(`kubernetes/${name}`, text);
  return files;
}
