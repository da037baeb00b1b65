// What the training scripts share: reading labelled texts, and their vectors, kept in a folder from one run to the next.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TextModel } from '../../dist/models/runtime/text-model.js';

/** Rows of a file of JSON lines. */
export const jsonLines = file =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line));

/** Texts below the label in brackets that they have. */
export function sections(file) {
  let label = '';
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap(line => {
      if (line === '' || line.startsWith('#')) return [];
      const heading = /^\[(.+)\]$/.exec(line);
      if (heading !== null) {
        label = heading[1];
        return [];
      }
      return [{ text: line, label }];
    });
}

/** As {@link sections}, where a label may have a mark behind it: `[text hard]`. */
export const marked = file =>
  sections(file).map(({ text, label }) => {
    const [name, mark = ''] = label.split(' ');
    return { text, label: name, mark };
  });

export const picked = (list, random) => list[random.below(list.length)];

/** At most `most` texts of each line of {@link sections} with `{a|b}` in it: choices drawn at random, none twice. */
export function variants(rows, random, most = 12) {
  return rows.flatMap(({ text, label }) => {
    const found = new Set();
    for (let draw = 0; draw < 4 * most && found.size < most; draw++) {
      const chosen = text.replace(/\{([^}]*)\}/g, (_, choices) => picked(choices.split('|'), random));
      found.add(chosen);
    }
    return [...found].map(one => ({ text: one, label, group: text, weight: 1 / Math.sqrt(found.size) }));
  });
}

/** Embeds by the default model, looking into `folder` first. */
export async function embedder(folder, cache = '.weir/models') {
  const file = join(folder, 'vectors.json');
  const numbers = join(folder, 'vectors.f32');
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  const bytes = existsSync(numbers) ? readFileSync(numbers) : Buffer.alloc(0);
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const vectors = new Map(known.map((key, at) => [key, floats.subarray(at * 384, (at + 1) * 384)]));
  const keyOf = text => createHash('sha256').update(text).digest('base64url').slice(0, 20);
  let model;
  return async texts => {
    const missing = [...new Set(texts)].filter(text => !vectors.has(keyOf(text))).sort((a, b) => a.length - b.length);
    if (missing.length > 0) model ??= await TextModel.open({ kind: 'default', cache });
    for (let at = 0; at < missing.length; at += 16) {
      const batch = missing.slice(at, at + 16);
      const found = await model.embed(batch);
      for (const [i, text] of batch.entries()) vectors.set(keyOf(text), found.slice(i * 384, (i + 1) * 384));
      if (at % 1600 === 0) process.stderr.write(`embedded ${at} of ${missing.length}\n`);
    }
    if (missing.length > 0) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(file, JSON.stringify([...vectors.keys()]));
      writeFileSync(
        numbers,
        Buffer.concat([...vectors.values()].map(v => Buffer.from(v.buffer, v.byteOffset, v.byteLength))),
      );
    }
    return texts.map(text => vectors.get(keyOf(text)));
  };
}

/** Writes a head that was trained, and says how good it is. */
export function writeHead(head) {
  const folder = join(import.meta.dirname, '../../assets/heads');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${head.kind}.json`), `${JSON.stringify(head, undefined, 1)}\n`);
  process.stdout.write(
    `${JSON.stringify({ decisive: head.fast?.decisive, results: head.card.results, duplicates: head.card.duplicates }, undefined, 2)}\n`,
  );
}
