export { type BitOperation, combineBits } from './bit-combine.ts';
export { countBits, findBit } from './bit-count.ts';
export {
  fitField,
  fitWideField,
  MAX_NUMBER_BITS,
  type OverflowRule,
  readField,
  readWideField,
  signedField,
  writeField,
  writeWideField,
} from './bit-field.ts';
export { BitString } from './bit-string.ts';
export { crc64 } from './crc64.ts';
export {
  fixedText,
  parseFloat64,
  parseFloat64Clamped,
  preciseText,
} from './float64-text.ts';
export { distanceInside, type GeoShape, geoCells, geoDistance } from './geo-area.ts';
export {
  decodeGeohash,
  encodeGeohash,
  GEO_MAX_LATITUDE,
  GEO_MAX_LONGITUDE,
  type GeoPoint,
  geohashText,
} from './geohash.ts';
export {
  cachedEstimate,
  cacheEstimate,
  denseRegister,
  dropCachedEstimate,
  HLL_DENSE,
  HLL_DENSE_BYTES,
  HLL_HEAD_BYTES,
  HLL_MAX_RANK,
  HLL_SPARSE,
  hllForm,
  isHyperLogLog,
  setDenseRegister,
  writeHllHead,
} from './hyperloglog.ts';
export { estimateCount } from './hyperloglog-estimate.ts';
export { HLL_REGISTERS, hllHash, hllPlace } from './hyperloglog-hash.ts';
export {
  countHllRegisters,
  countRegisters,
  mergeRegisters,
  writeDenseHll,
} from './hyperloglog-registers.ts';
export {
  HLL_CHANGED,
  HLL_DAMAGED,
  HLL_FULL,
  HLL_SPARSE_MOST_BYTES,
  HLL_UNCHANGED,
  SparseHll,
  sparseCodeBytes,
  sparseRank,
  sparseRunLength,
  writeEmptySparse,
} from './hyperloglog-sparse.ts';
export {
  fitsInt64,
  integerTextLength,
  MAX_INTEGER_TEXT,
  parseInt64,
  parseSafeInteger,
  writeInteger,
} from './integer-text.ts';
export * from './json/index.ts';
export * from './large/index.ts';
export { type CommonRun, isLcsTooLarge, lcsLength, lcsRuns } from './lcs.ts';
export {
  addLongDoubles,
  LONG_DOUBLE_ZERO,
  type LongDouble,
  longDoubleText,
  NOT_FINITE,
  parseLongDouble,
} from './long-double.ts';
export { lzfCompress, lzfDecompress, lzfMostBytes } from './lzf.ts';
export * from './packed/index.ts';
export { DUMP_VERSION, DumpOpening, openDump, sealDump } from './rdb-dump.ts';
export { RdbEntries } from './rdb-entries.ts';
export { ListpackReader, ListpackWriter } from './rdb-listpack.ts';
export { RdbReader } from './rdb-reader.ts';
export { type RdbText, readRdbString, writeRdbString } from './rdb-string.ts';
export { RdbWriter } from './rdb-writer.ts';
export { ZiplistReader } from './rdb-ziplist.ts';
export * from './sketch/index.ts';
export * from './stream/index.ts';
export {
  STRING_PLAIN,
  STRING_RAW,
  STRING_TEXT,
  stringEncoding,
} from './string-encoding.ts';
