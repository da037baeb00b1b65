import { Command, InvalidArgumentError, Option } from 'commander';
import { environmentFetch } from '#cli/environment-fetch.js';
import { table } from '#cli/governed-options.js';
import { type CommonOptions, configFile, configOption, jsonOption, printJson, resolveConfig } from '#cli/options.js';
import { inMegabytes, pullProgress } from '#cli/pull-progress.js';
import type { Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import { USUAL_CACHE } from '#contract/learned.js';
import { type Bytes, parseSize } from '#contract/units.js';
import { machineClock } from '#gateway/machine-clock.js';
import { HubCache } from '#models/hub/hub-cache.js';
import { HubClient } from '#models/hub/hub-client.js';
import { formatHubId, type HubId, parseHubId } from '#models/hub/hub-id.js';
import type { Manifest } from '#models/hub/manifest.js';
import type { LockOwner } from '#models/hub/pull-lock.js';
import { pullModel } from '#models/hub/pull-model.js';

interface CacheOptions extends Pick<CommonOptions, 'config' | 'json'> {
  readonly cache?: string;
}

interface PullOptions extends CacheOptions {
  readonly revision?: string;
  readonly file?: string;
  readonly maxSize: Bytes;
}

const HUB = 'https://huggingface.co';
const MOST_BYTES: Bytes = 2e9;

/** The machine's time, of a command that has nothing else to do while it waits. */
const commandClock: Clock = {
  ...machineClock,
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};

export function pullModelCommand(): Command {
  return withCacheOptions(
    new Command('pull').argument(
      '[id]',
      'OWNER/NAME or OWNER/NAME@REVISION (default: every one that the configuration names)',
    ),
  )
    .description(
      'Fetches a model of the hub into the cache: tokeniser, configuration and one ONNX file, each checked against the length and the hash that the hub\n' +
        'tells. A configuration names it by the same id where a path would stand. Nothing is ever fetched while Weir serves.',
    )
    .option('--revision <revision>', 'a branch, a tag or a commit (default: main)')
    .option('--file <path>', 'the ONNX file (default: the smallest of the names that Transformers.js gives)')
    .addOption(
      new Option('--max-size <size>', 'what all files together may have')
        .default(MOST_BYTES, '2GB')
        .argParser(sizeOption),
    )
    .addHelpText(
      'after',
      `
HF_ENDPOINT names another hub or a mirror (default: ${HUB}). HF_TOKEN is shown to that hub alone, not to servers it redirects to.
HTTPS_PROXY, HTTP_PROXY and NO_PROXY say which hosts are asked through which proxy.
What breaks off goes on where it stopped when the same command is run again. Of several that pull one model at once, one does and the others wait for it.

Examples:
  $ weir models pull                                  all that weir.yaml names
  $ weir models pull Xenova/bge-small-en-v1.5
  $ weir models pull Xenova/bert-base-NER --file onnx/model.onnx
  $ HF_TOKEN=hf_… weir models pull acme/private-model@v2 --cache /var/lib/weir/models --json`,
    )
    .action(pull);
}

export function listModelsCommand(): Command {
  return withCacheOptions(new Command('list'))
    .addHelpText('after', '\nExamples:\n  $ weir models list\n  $ weir models list --cache /var/lib/weir/models --json')
    .action(async (options: CacheOptions) => {
      const folder = await cacheFolder(options);
      const cache = new HubCache(folder);
      const models = cache.list().map(manifest => shown(manifest, cache));
      if (options.json) {
        printJson({ cache: folder, bytes: cache.bytes, models });
        return;
      }
      const rows = models.map(({ name, commit, file, bytes, whole }) => [
        name,
        commit.slice(0, 12),
        file,
        inMegabytes(bytes),
        whole ? '' : 'not whole: pull it again',
      ]);
      process.stdout.write(rows.length === 0 ? `no models of the hub in ${folder}\n` : table(rows));
    });
}

export function removeModelCommand(): Command {
  return withCacheOptions(
    new Command('remove').argument('<id>', 'OWNER/NAME, or OWNER/NAME@REVISION for that revision alone'),
  )
    .addHelpText(
      'after',
      `
A gateway that has it loaded goes on with it until it is started again, and then refuses to start without it.

Examples:
  $ weir models remove Xenova/bge-small-en-v1.5
  $ weir models remove Xenova/bge-small-en-v1.5@v1`,
    )
    .action(async (text: string, options: CacheOptions) => {
      const id = hubId(text);
      const folder = await cacheFolder(options);
      const cache = new HubCache(folder);
      const removed = text.includes('@') ? cache.removeRevision(id) : cache.remove(id);
      if (!removed) {
        throw new WeirError('hub.not_found', `${text} is not in ${folder}`, { hint: 'what `weir models list` shows' });
      }
      if (options.json) printJson({ cache: folder, removed: text });
      else process.stdout.write(`${text} is removed\n`);
    });
}

async function pull(text: string | undefined, options: PullOptions): Promise<void> {
  const { file, maxSize } = options;
  const ids = text === undefined ? await namedModels(options) : [hubId(withRevision(text, options.revision))];
  const folder = await cacheFolder(options);
  const cache = new HubCache(folder);
  const { HF_ENDPOINT: endpoint, HF_TOKEN: token } = process.env;
  const hub = new HubClient({ endpoint: endpoint || HUB, token: token || undefined }, await environmentFetch());
  const models: ReturnType<typeof shown>[] = [];
  for (const id of ids) {
    const progress = pullProgress(process.stderr);
    const waiting = (owner: LockOwner | undefined): void => {
      const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
      process.stderr.write(`weir: ${formatHubId(id)}: waiting for ${who}, which pulls it\n`);
    };
    const manifest = await pullModel(id, { hub, cache, file, maxSize, progress, clock: commandClock, waiting });
    const model = shown(manifest, cache);
    models.push(model);
    const { name, commit, bytes } = model;
    if (!options.json)
      process.stdout.write(`${name} is ${commit.slice(0, 12)}, ${inMegabytes(bytes)} in ${model.folder}\n`);
  }
  if (options.json) printJson({ cache: folder, models });
  else if (ids.length === 0) process.stdout.write('the configuration names no model of the hub\n');
}

function withRevision(text: string, revision: string | undefined): string {
  if (revision === undefined) return text;
  if (!text.includes('@')) return `${text}@${revision}`;
  throw new WeirError('usage.invalid', 'The revision is said twice', { hint: 'after @, or by --revision' });
}

async function namedModels(options: PullOptions): Promise<readonly HubId[]> {
  if (options.revision !== undefined || options.file !== undefined) {
    throw new WeirError('usage.invalid', '--revision and --file are of one model', { hint: 'its id' });
  }
  const { hubModels } = await import('#gateway/configuration/pulled-models.js');
  return hubModels(await resolveConfig(options));
}

function shown(manifest: Manifest, cache: HubCache) {
  const { id, revision, commit, model: file, files } = manifest;
  const of = hubId(`${id}@${revision}`);
  return {
    name: formatHubId(of),
    id,
    revision,
    commit,
    file,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    whole: cache.modelFiles(of) !== undefined,
    folder: cache.folder(of, commit),
    files,
  };
}

function withCacheOptions(command: Command): Command {
  return command
    .option('--cache <folder>', `the cache (default: router.learned.cache, ${USUAL_CACHE} unless said)`)
    .addOption(configOption())
    .addOption(jsonOption());
}

async function cacheFolder(options: CacheOptions): Promise<string> {
  if (options.cache !== undefined) return options.cache;
  return configFile(options) === undefined ? USUAL_CACHE : (await resolveConfig(options)).router.learned.cache;
}

/** @throws WeirError `usage.invalid`. */
function hubId(text: string): HubId {
  const id = parseHubId(text);
  if (id !== undefined) return id;
  throw new WeirError('usage.invalid', `${JSON.stringify(text.slice(0, 200))} is no id of a model of the hub`, {
    hint: 'OWNER/NAME or OWNER/NAME@REVISION, such as Xenova/bge-small-en-v1.5',
  });
}

function sizeOption(text: string): Bytes {
  const bytes = parseSize(text);
  if (bytes === undefined || bytes <= 0) throw new InvalidArgumentError('Expected a size: 500MB, 2GB.');
  return bytes;
}
