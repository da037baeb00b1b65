import fc from 'fast-check';

/**
 * The seed of every property test. Fixed, so that the same commit passes or fails everywhere; `npm run verify` draws another each time and
 * prints it, so that what no run has tried yet is tried outside of a release's way. `WEIR_PROPERTY_SEED` repeats such a run.
 */
fc.configureGlobal({ seed: Number(process.env.WEIR_PROPERTY_SEED ?? 20_261_126) });
