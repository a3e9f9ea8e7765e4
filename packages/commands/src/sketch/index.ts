// The handlers of the sketch families, by command.

import type {
  bloomFamily,
  countMinFamily,
  cuckooFamily,
  HandlersOf,
  tDigestFamily,
  topKFamily,
} from '@forgekv/catalog';
import { type Handler, keyed } from '../handler.ts';
import {
  bfAdd,
  bfCard,
  bfExists,
  bfInfo,
  bfInsert,
  bfMAdd,
  bfMExists,
  bfReserve,
} from './bloom.ts';
import {
  cmsIncrBy,
  cmsInfo,
  cmsInitByDim,
  cmsInitByProb,
  cmsMerge,
  cmsQuery,
} from './count-min.ts';
import {
  cfAdd,
  cfAddNx,
  cfCompact,
  cfCount,
  cfDel,
  cfExists,
  cfInfo,
  cfInsert,
  cfInsertNx,
  cfMExists,
  cfReserve,
} from './cuckoo.ts';
import { bfLoadChunk, bfScanDump, cfLoadChunk, cfScanDump } from './filter-chunks.ts';
import { tDigestAdd, tDigestCreate, tDigestMerge, tDigestReset } from './t-digest.ts';
import {
  tDigestByRank,
  tDigestByRevRank,
  tDigestCdf,
  tDigestInfo,
  tDigestMax,
  tDigestMin,
  tDigestQuantile,
  tDigestRank,
  tDigestRevRank,
  tDigestTrimmedMean,
} from './t-digest-queries.ts';
import {
  topKAdd,
  topKCount,
  topKIncrBy,
  topKInfo,
  topKList,
  topKQuery,
  topKReserve,
} from './top-k.ts';

export const bloomHandlers = {
  'BF.ADD': keyed(bfAdd),
  'BF.CARD': keyed(bfCard),
  'BF.EXISTS': keyed(bfExists),
  'BF.INFO': keyed(bfInfo),
  'BF.INSERT': keyed(bfInsert),
  'BF.LOADCHUNK': keyed(bfLoadChunk),
  'BF.MADD': keyed(bfMAdd),
  'BF.MEXISTS': keyed(bfMExists),
  'BF.RESERVE': keyed(bfReserve),
  'BF.SCANDUMP': keyed(bfScanDump),
} satisfies HandlersOf<typeof bloomFamily, Handler>;

export const cuckooHandlers = {
  'CF.ADD': keyed(cfAdd),
  'CF.ADDNX': keyed(cfAddNx),
  'CF.COMPACT': keyed(cfCompact),
  'CF.COUNT': keyed(cfCount),
  'CF.DEL': keyed(cfDel),
  'CF.EXISTS': keyed(cfExists),
  'CF.INFO': keyed(cfInfo),
  'CF.INSERT': keyed(cfInsert),
  'CF.INSERTNX': keyed(cfInsertNx),
  'CF.LOADCHUNK': keyed(cfLoadChunk),
  'CF.MEXISTS': keyed(cfMExists),
  'CF.RESERVE': keyed(cfReserve),
  'CF.SCANDUMP': keyed(cfScanDump),
} satisfies HandlersOf<typeof cuckooFamily, Handler>;

export const countMinHandlers = {
  'CMS.INCRBY': keyed(cmsIncrBy),
  'CMS.INFO': keyed(cmsInfo),
  'CMS.INITBYDIM': keyed(cmsInitByDim),
  'CMS.INITBYPROB': keyed(cmsInitByProb),
  'CMS.MERGE': keyed(cmsMerge),
  'CMS.QUERY': keyed(cmsQuery),
} satisfies HandlersOf<typeof countMinFamily, Handler>;

export const topKHandlers = {
  'TOPK.ADD': keyed(topKAdd),
  'TOPK.COUNT': keyed(topKCount),
  'TOPK.INCRBY': keyed(topKIncrBy),
  'TOPK.INFO': keyed(topKInfo),
  'TOPK.LIST': keyed(topKList),
  'TOPK.QUERY': keyed(topKQuery),
  'TOPK.RESERVE': keyed(topKReserve),
} satisfies HandlersOf<typeof topKFamily, Handler>;

export const tDigestHandlers = {
  'TDIGEST.ADD': keyed(tDigestAdd),
  'TDIGEST.BYRANK': keyed(tDigestByRank),
  'TDIGEST.BYREVRANK': keyed(tDigestByRevRank),
  'TDIGEST.CDF': keyed(tDigestCdf),
  'TDIGEST.CREATE': keyed(tDigestCreate),
  'TDIGEST.INFO': keyed(tDigestInfo),
  'TDIGEST.MAX': keyed(tDigestMax),
  'TDIGEST.MERGE': keyed(tDigestMerge),
  'TDIGEST.MIN': keyed(tDigestMin),
  'TDIGEST.QUANTILE': keyed(tDigestQuantile),
  'TDIGEST.RANK': keyed(tDigestRank),
  'TDIGEST.RESET': keyed(tDigestReset),
  'TDIGEST.REVRANK': keyed(tDigestRevRank),
  'TDIGEST.TRIMMED_MEAN': keyed(tDigestTrimmedMean),
} satisfies HandlersOf<typeof tDigestFamily, Handler>;
