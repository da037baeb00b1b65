import { readAsset } from '#models/assets.js';

let everyday: readonly string[] | undefined;

/** Questions of everyday life, that hardly any route is for. */
export function background(): readonly string[] {
  everyday ??= readAsset('routes/background.txt').toString('utf8').trim().split('\n');
  return everyday;
}
