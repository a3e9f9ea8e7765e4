export {
  addToBloom,
  BLOOM_ADDED,
  BLOOM_FOUND,
  BLOOM_FULL,
  BLOOM_NO_ROOM,
  type BloomFacts,
  type BloomOptions,
  bloomFacts,
  bloomHead,
  bloomRanges,
  bloomRoom,
  createBloom,
  isBloom,
  isInBloom,
  loadBloomHead,
  MOST_BLOOM_EXPANSION,
} from './bloom-filter.ts';
export {
  addToCountMin,
  type CountMinFacts,
  countInCountMin,
  countMinBytes,
  countMinFacts,
  countMinSize,
  createCountMin,
  isCountMin,
  MOST_COUNTED,
  mergeCountMin,
} from './count-min-sketch.ts';
export {
  addToCuckoo,
  CUCKOO_ADDED,
  CUCKOO_FOUND,
  CUCKOO_FULL,
  CUCKOO_NO_ROOM,
  type CuckooFacts,
  type CuckooOptions,
  compactCuckoo,
  countInCuckoo,
  createCuckoo,
  cuckooFacts,
  cuckooHead,
  cuckooRanges,
  isCuckoo,
  isInCuckoo,
  loadCuckooHead,
  MOST_CUCKOO_FILTERS,
  removeFromCuckoo,
} from './cuckoo-filter.ts';
export { itemHash, mix } from './item-hash.ts';
export { LargeSketch } from './large-sketch.ts';
export { MOST_SKETCH_BYTES, pagesOf, SKETCH_PAGE_BYTES, SketchMemory } from './sketch-memory.ts';
export {
  addToDigest,
  centroidsOf,
  createDigest,
  type DigestFacts,
  digestCapacity,
  digestFacts,
  isDigest,
  mergeDigests,
  resetDigest,
} from './t-digest.ts';
export { Centroids } from './t-digest-centroids.ts';
export { createTopK, isTopK, TopK, topKBytes } from './top-k.ts';
