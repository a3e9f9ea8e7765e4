/** Where keys lie: slots as in Redis Cluster, by its specification, and ForgeKV's 64 shards. */

const POLYNOMIAL = 0x1021;
const SLOTS = 16_384;
const SLOTS_PER_SHARD = 256;

/** The shard (0..63) of a key without a hash tag. */
export function shardOfKey(key: string): number {
  return Math.floor((crc16(Buffer.from(key)) % SLOTS) / SLOTS_PER_SHARD);
}

/** A key that begins with `prefix` and lies on a shard. */
export function keyOnShard(shard: number, prefix: string): string {
  for (let i = 0; ; i++) {
    const key = `${prefix}${i}`;
    if (shardOfKey(key) === shard) return key;
  }
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? POLYNOMIAL : 0);
    crc &= 0xffff;
  }
  return crc;
}
