// JSON documents.

export { JsonSyntaxError, parseJson } from './json-parser.ts';
export {
  addJsonRecord,
  copyLargeJson,
  emptyJson,
  jsonRecord,
  walkJsonRecords,
} from './json-records.ts';
export { findInText, foundText, jsonCompactor } from './json-text.ts';
export {
  bigIntOf,
  childOf,
  cloneJson,
  compareNumbers,
  equalJson,
  floatValue,
  integerValue,
  isContainer,
  isIntegerNumber,
  isJsonNumber,
  JsonArray,
  type JsonContainer,
  JsonNumber,
  JsonObject,
  type JsonValue,
  jsonBytes,
  jsonDepth,
  jsonTypeName,
  MOST_JSON_DEPTH,
  numberOf,
  putMember,
  sizeOf,
  toDouble,
} from './json-value.ts';
export {
  COMPACT,
  enclose,
  formatJson,
  type JsonFormat,
  jsonText,
  writeJson,
} from './json-writer.ts';
export { LargeJson } from './large-json.ts';
export { evaluatePath, JsonNode } from './path-evaluator.ts';
export { compilePath } from './path-parser.ts';
export { JsonPathError, type PathQuery } from './path-query.ts';
