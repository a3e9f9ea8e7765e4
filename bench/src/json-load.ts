// Documents for the loads on JSON, and what those send. Redis has no such commands of its own, so
// there is nobody beside ForgeKV.

export type JsonOperation =
  | 'JSON.SET 1 KB'
  | 'JSON.GET 1 KB'
  | 'JSON.NUMINCRBY 1 KB'
  | 'JSON.NUMINCRBY 100 KB';

export const JSON_OPERATIONS: readonly JsonOperation[] = [
  ...(['JSON.SET 1 KB', 'JSON.GET 1 KB', 'JSON.NUMINCRBY 1 KB', 'JSON.NUMINCRBY 100 KB'] as const),
];

const SMALL_MEMBERS = 16;
const LARGE_MEMBERS = 1600;

/** A document of members of about 60 bytes. */
function documentOf(members: number): string {
  const entries = Array.from({ length: members }, (_, i) => [`k${i}`, { n: i, t: 'x'.repeat(36) }]);
  return JSON.stringify(Object.fromEntries(entries));
}

const small = documentOf(SMALL_MEMBERS);
let large = '';

/** The document that is written as the key of an index before the loads. */
export function fillDocument(index: number): string[] {
  if (index > 0) return ['JSON.SET', 'json:small', '$', small];
  large = large === '' ? documentOf(LARGE_MEMBERS) : large;
  return ['JSON.SET', 'json:large', '$', large];
}

/** Null: it is another load. `__rand_int__` is drawn each time. */
export function jsonCommand(operation: string): string[] | null {
  switch (operation) {
    case 'JSON.SET 1 KB':
      return ['JSON.SET', 'json:__rand_int__', '$', small];
    case 'JSON.GET 1 KB':
      return ['JSON.GET', 'json:small'];
    case 'JSON.NUMINCRBY 1 KB':
      return ['JSON.NUMINCRBY', 'json:small', '$.k8.n', '1'];
    case 'JSON.NUMINCRBY 100 KB':
      return ['JSON.NUMINCRBY', 'json:large', '$.k800.n', '1'];
    default:
      return null;
  }
}
