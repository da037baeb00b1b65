import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import wabt from 'wabt';

/** The bytes of a WebAssembly module, given as text, as a constant in TypeScript. */
export async function kernelCode(path) {
  const module = (await wabt()).parseWat(basename(path), readFileSync(path, 'utf8'));
  module.validate();
  const { buffer } = module.toBinary({});
  module.destroy();
  return `/** What row-products.wat says, as bytes in base64. */
export const ROW_PRODUCTS =
  '${Buffer.from(buffer).toString('base64')}';
`;
}
