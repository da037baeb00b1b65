export const DEMONSTRATION = `pool:
  models: { a: {} }
  pools: { b: { model: a, simulate: { model: qwen3-8b, gpu: l40s } } }
`;
