import { stringify } from 'yaml';
import { type EmittedFleet, type EmittedPool, MOST_SEQUENCES, PORT } from './fleet.js';
import { kvOffloading } from './kv-offloading.js';
import { checkpointNote, precisionArgs } from './precision-args.js';

/** The version whose measured runs the engine model was compared with (docs/engine-model.md). */
const IMAGE = 'vllm/vllm-openai:v0.19.0';
/** What NVIDIA's GPU feature discovery calls the products; others have to be added by hand. */
const PRODUCTS: Readonly<Record<string, string>> = {
  a100: 'NVIDIA-A100-SXM4-80GB',
  h100: 'NVIDIA-H100-80GB-HBM3',
  h200: 'NVIDIA-H200',
  b200: 'NVIDIA-B200',
  l40s: 'NVIDIA-L40S',
  a10g: 'NVIDIA-A10G',
};
const BIG_GPU = 70e9;
/** Where other engines find an engine's NIXL connector: by default it would name itself by a loopback address. */
const SIDE_CHANNEL = {
  name: 'VLLM_NIXL_SIDE_CHANNEL_HOST',
  valueFrom: { fieldRef: { fieldPath: 'status.podIP' } },
};

/** One file for each pool, and a kustomization over all of them: what runs the fleet of a plan under vLLM. */
export function kubernetesFiles(fleet: EmittedFleet): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const pool of fleet.pools) {
    const documents = [service(pool, fleet), statefulSet(pool, fleet), disruptionBudget(pool, fleet)];
    const head = `# ${pool.replicas} replicas of ${pool.tp} × ${pool.gpu}. ${fleet.summary}.\n${checkpointNote(fleet)}`;
    files.set(`${pool.name}.yaml`, head + documents.map(one => stringify(one, { lineWidth: 0 })).join('---\n'));
  }
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace: fleet.namespace,
    resources: ['namespace.yaml', ...fleet.pools.map(({ name }) => `${name}.yaml`)],
  };
  files.set('namespace.yaml', stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: fleet.namespace } }));
  files.set('kustomization.yaml', stringify(kustomization));
  return files;
}

function labels({ name }: EmittedPool) {
  return { 'app.kubernetes.io/name': 'vllm', 'app.kubernetes.io/instance': name, 'app.kubernetes.io/part-of': 'weir' };
}

function metadata(pool: EmittedPool, { namespace }: EmittedFleet) {
  return { name: pool.name, namespace, labels: labels(pool) };
}

/** Without an address of its own: Weir speaks to each pod, for it places requests itself. */
function service(pool: EmittedPool, fleet: EmittedFleet) {
  return {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: metadata(pool, fleet) },
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: labels(pool),
      ports: [{ name: 'http', port: PORT, targetPort: 'http' }],
    },
  };
}

function statefulSet(pool: EmittedPool, fleet: EmittedFleet) {
  const product = PRODUCTS[pool.gpu];
  const { disk } = kvOffloading(pool);
  return {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: metadata(pool, fleet) },
    spec: {
      ...{ serviceName: pool.name, replicas: pool.replicas, podManagementPolicy: 'Parallel' },
      selector: { matchLabels: labels(pool) },
      template: {
        metadata: { labels: labels(pool) },
        spec: {
          automountServiceAccountToken: false,
          ...(product === undefined ? {} : { nodeSelector: { 'nvidia.com/gpu.product': product } }),
          tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
          terminationGracePeriodSeconds: 120,
          containers: [container(pool, fleet)],
          volumes: [
            { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '16Gi' } },
            { name: 'models', emptyDir: {} },
            ...(disk === undefined ? [] : [{ name: 'kv', emptyDir: { sizeLimit: disk.size } }]),
          ],
        },
      },
    },
  };
}

function container(pool: EmittedPool, fleet: EmittedFleet) {
  const { model, window } = fleet;
  const budget = pool.hardware.memory >= BIG_GPU && pool.gpu !== 'a100' ? 8192 : 2048;
  const { args, env, requests, disk } = kvOffloading(pool);
  const health = { httpGet: { path: '/health', port: 'http' } };
  return {
    name: 'vllm',
    image: IMAGE,
    args: [
      `--model=${model.hub}`,
      `--served-model-name=${model.hub}`,
      `--port=${PORT}`,
      `--tensor-parallel-size=${pool.tp}`,
      `--max-model-len=${Math.min(window, model.contextTokens)}`,
      `--max-num-seqs=${MOST_SEQUENCES}`,
      `--max-num-batched-tokens=${budget}`,
      '--gpu-memory-utilization=0.9',
      ...precisionArgs(fleet),
      '--enable-prefix-caching',
      ...args,
    ],
    env: [
      { name: 'HF_HOME', value: '/models' },
      // Models behind a licence need a token; others start without the secret.
      ...(pool.transfers ? [SIDE_CHANNEL] : []),
      ...env,
      { name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hugging-face', key: 'token', optional: true } } },
    ],
    ports: [{ name: 'http', containerPort: PORT }],
    resources: { ...(Object.keys(requests).length > 0 && { requests }), limits: { 'nvidia.com/gpu': pool.tp } },
    volumeMounts: [
      { name: 'shm', mountPath: '/dev/shm' },
      { name: 'models', mountPath: '/models' },
      ...(disk === undefined ? [] : [{ name: 'kv', mountPath: disk.path }]),
    ],
    // Weights are loaded before the port answers: an hour for the largest over a slow line.
    startupProbe: { ...health, periodSeconds: 10, failureThreshold: 360 },
    readinessProbe: { ...health, periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 6 },
  };
}

function disruptionBudget(pool: EmittedPool, fleet: EmittedFleet) {
  return {
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: metadata(pool, fleet) },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels(pool) } },
  };
}
