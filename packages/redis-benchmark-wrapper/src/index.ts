// The public names of redis-benchmark-wrapper.

export {
  type ComparedServer,
  type CompareOptions,
  type CompareProgress,
  type Comparison,
  compare,
  type LoadRequest,
  type LoadRunner,
  type ScenarioComparison,
  type ServerSummary,
} from './compare.ts';
export {
  BenchmarkError,
  type BenchmarkErrorCode,
  type Endpoint,
  type LoadResult,
  mergeLoads,
} from './load.ts';
export { comparisonToMarkdown, formatFigure, markdownTable, ratiosToMarkdown } from './markdown.ts';
export { type MemtierScenario, memtierArguments, parseMemtier, runMemtier } from './memtier.ts';
export {
  type IdleOptions,
  processCpuMicros,
  processRssBytes,
  waitUntilIdle,
} from './process-cpu.ts';
export {
  parseRedisBenchmarkCsv,
  type RedisBenchmarkScenario,
  redisBenchmarkArguments,
  runRedisBenchmark,
} from './redis-benchmark.ts';
export { runTool, type ToolOptions, type ToolOutput, tiedToParent } from './run-tool.ts';
export { relativeNoise, type Spread, spreadOf } from './spread.ts';
export { type TimedLoadOptions, timedLoad } from './timed-load.ts';
export { findOnPath, programVersion } from './which.ts';
