// Writes assets/minilm/reference.json: the vectors, in 32-bit floats, that a start-up checks integer arithmetic against.
// node scripts/models/minilm-reference.mjs CACHE_FOLDER
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { miniLmFile } from '../../dist/models/minilm/package.js';
import { REFERENCE_TEXTS } from '../../dist/models/minilm/reference.js';
import { readVocabulary } from '../../dist/models/minilm/vocabulary.js';
import { OnnxSession } from '../../dist/models/runtime/onnx-session.js';
import { WordPiece } from '../../dist/models/tokenizer/wordpiece.js';

const [, , cache = '.weir/models'] = process.argv;
const session = await OnnxSession.open(miniLmFile(cache, 'fp32'));
const pieces = new WordPiece(readVocabulary());
const rows = [];
for (const text of REFERENCE_TEXTS) {
  const { values } = await session.run([[101, ...pieces.encode(text, 254), 102]], 0);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  rows.push(
    Buffer.from(Int8Array.from(values, value => Math.round((127 * value) / largest)).buffer).toString('base64'),
  );
}
writeFileSync(
  join(import.meta.dirname, '../../assets/minilm/reference.json'),
  `${JSON.stringify(rows, undefined, 2)}\n`,
);
