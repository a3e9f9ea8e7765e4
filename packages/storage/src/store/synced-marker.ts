// A small file beside the engine's own that says how much of its logs was synced. Below that,
// a bad record is damage; behind it, a bad record is what a power loss leaves. The engine cannot
// tell the two apart and drops both without a word.
//
//   forgekv-synced-1
//   000012.log 48213
//   MANIFEST-000011 512
//   <CRC-32 of the lines above, 8 hexadecimal digits>
//
// An old marker stays true: a file's synced part only grows, and names are never used again.

import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';

export const MARKER_FILE = 'FORGEKV-SYNCED';
const HEAD = 'forgekv-synced-1\n';

/** Bytes synced, by file name. */
export type SyncedSizes = ReadonlyMap<string, number>;

/** Returns the marker; an empty map when there is none; null when it is damaged. */
export async function readMarker(directory: string): Promise<SyncedSizes | null> {
  let text: string;
  try {
    text = await readFile(path.join(directory, MARKER_FILE), 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const body = text.slice(0, -9);
  if (!body.startsWith(HEAD) || text.slice(-9) !== `${checksum(body)}\n`) return null;
  const sizes = new Map<string, number>();
  for (const line of body.slice(HEAD.length).split('\n')) {
    const [name, size] = line.split(' ');
    if (name !== undefined && size !== undefined) sizes.set(name, Number(size));
  }
  return sizes;
}

/** Replaces the marker. Whoever calls has synced what it says. */
export async function writeMarker(directory: string, sizes: SyncedSizes): Promise<void> {
  const lines = [...sizes].map(([name, size]) => `${name} ${size}\n`);
  const body = HEAD + lines.join('');
  const temporary = path.join(directory, `${MARKER_FILE}.new`);
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(`${body}${checksum(body)}\n`, 'latin1');
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path.join(directory, MARKER_FILE));
}

function checksum(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}
