// Every byte and word of the write-ahead log: file names, segments, frames, effects, and the
// block of shared memory per log. Only this file knows them; it does nothing with them.
//
// A log is a stream of bytes with positions: 0 at the start of the process, 8-byte aligned at
// frames, never reset. All logs of one process have its generation, a number greater than every
// one found on disk. (generation, log, position) names a byte for ever, and each frame carries
// all three: what a recycled file still holds of an earlier life never looks like a frame of
// this one, and a frame that is missing leaves a gap in the positions.
//
// segment file  gggggggggg-lll-ssssssssss.wal: generation, log, sequence in decimal
//
//        0  +-----------------+  u32 magic, u32 format version, u32 generation, u32 log,
//           | header, 4 KB    |  f64 sequence, f64 position of the first frame, u32 flags,
//           |                 |  u32 salt, zeros; at 60 u32 CRC-32 of the 60 bytes before
//     4096  +-----------------+
//           | frame           |  never straddles segments; the stream goes on in the segment
//           | frame           |  whose start is where this one's last frame ended
//           | ...             |
//           | leftovers, 0    |
//           +-----------------+
//
// frame    0 u32 length        bytes with this header, a multiple of 8
//          4 u32 crc           CRC-32 of everything behind this word
//          8 u32 generation
//         12 u16 log, u16 flags
//         16 u32 records
//         20 u32 head          leading records that belong to a group begun in an earlier frame
//         24 u32 tail          last records that belong to a group begun here and not finished
//         28 u32 salt          random, the same for a process: no client can guess a frame
//         32 f64 position      of this frame
//         40 f64 synced        position up to which the log was durable at the time of sealing
//         48 records, then up to MIN_ROOM - 1 zeros
//
// record   0 u32 length        with this header, without padding; the next is 4-byte aligned
//          4 u8 shard, u8 flags, u16 0
//          8 u32 namespace
//         12 f64 lsn           of the write, in its shard
//         20 f64 previous lsn  that the key had before, 0 = none
//         28 payload: one RESP command
//
// An effect too large for the frame is cut: each part but the last has PART, each but the first
// CONTINUATION.
//
// Notes are records that are no effects, and are never cut. STAGED: bytes of an argument that an
// effect may refer to later; the record's shard and lsn mean nothing. REFERENCE: the next effect,
// of the same shard and lsn, has such an argument at a place of its payload. A group with
// references shares no frame with others. See wal-staging.ts. NEEDS: what follows in this log may
// build on another log of the same process, up to a position; the record's shard and lsn mean
// nothing. See causal-ends.ts.
//
// note    28 f64 number        of the argument, in its log; NEEDS: of the other log
//         36 STAGED: f64 offset of the bytes in the argument; REFERENCE: u32 place, u32 length;
//            NEEDS: f64 position
//         44 STAGED: the bytes

export const SEGMENT_MAGIC = 0x4c57_4b46;
export const FORMAT_VERSION = 1;
/** Bytes before the first frame of a segment. */
export const SEGMENT_HEADER_BYTES = 4096;
export const HEADER_VERSION = 4;
export const HEADER_GENERATION = 8;
export const HEADER_LOG = 12;
export const HEADER_SEQUENCE = 16;
export const HEADER_START = 24;
export const HEADER_FLAGS = 32;
export const HEADER_SALT = 36;
export const HEADER_CRC = 60;
export const HEADER_END = 64;
/** Everything before this segment's start is durable elsewhere; its files may be gone or broken. */
export const SEGMENT_FIRST = 1;

export const FRAME_HEADER_BYTES = 48;
export const FRAME_CRC = 4;
/** First byte the CRC covers. */
export const FRAME_COVERED = 8;
export const FRAME_GENERATION = 8;
export const FRAME_LOG = 12;
export const FRAME_FLAGS = 14;
export const FRAME_RECORDS = 16;
export const FRAME_HEAD = 20;
export const FRAME_TAIL = 24;
export const FRAME_SALT = 28;
export const FRAME_POSITION = 32;
export const FRAME_SYNCED = 40;
/** The atomic group goes on in the next frame. */
export const FRAME_MORE = 1;
/** The frame begins within a group. */
export const FRAME_CONTINUES = 2;
/** The group the frame began within ends in it. */
export const FRAME_ENDS = 4;
/** There are references in it: all its records are of one group. */
export const FRAME_REFERS = 8;

export const RECORD_HEADER_BYTES = 28;
export const RECORD_SHARD = 4;
export const RECORD_FLAGS = 5;
export const RECORD_ZERO = 6;
export const RECORD_NAMESPACE = 8;
export const RECORD_LSN = 12;
export const RECORD_PREVIOUS = 20;
/** The effect does not depend on the value before it. */
export const EFFECT_BLIND = 1;
export const RECORD_PART = 2;
export const RECORD_CONTINUATION = 4;
export const RECORD_STAGED = 8;
export const RECORD_REFERENCE = 16;
export const RECORD_NEEDS = 32;
/** A note's own head, behind that of the record, and offsets in it. */
export const NOTE_HEAD_BYTES = 16;
export const STAGED_NUMBER = 0;
export const STAGED_OFFSET = 8;
export const REFERENCE_AT = 8;
export const REFERENCE_LENGTH = 12;
export const NEEDS_LOG = 0;
export const NEEDS_UP_TO = 8;

/** A frame is opened only where this much room lies before the end of the buffer. */
export const MIN_ROOM = 1024;
/** No frame is longer, whatever a file claims. */
export const MAX_FRAME_BYTES = 16 << 20;
/** No effect is longer: a command with a value of 512 MB, and room for its other arguments. */
export const MAX_EFFECT_BYTES = 576 << 20;
export const SHARDS = 64;
export const MAX_LOGS = 999;
export const MIN_SEGMENT_BYTES = 64 << 10;
export const MIN_BUFFER_BYTES = 64 << 10;
export const MAX_BUFFER_BYTES = 64 << 20;

/** Longest frame a writer makes before it is padded, in bytes. */
export function maxFrameBytes(bufferBytes: number, segmentBytes: number): number {
  return (Math.floor(Math.min(bufferBytes, segmentBytes) / 4) - MIN_ROOM) & ~7;
}

/** Name of a segment file in the log's directory. */
export function segmentName(generation: number, log: number, sequence: number): string {
  const digits = (value: number, count: number): string => String(value).padStart(count, '0');
  return `${digits(generation, 10)}-${digits(log, 3)}-${digits(sequence, 10)}.wal`;
}

/** Matches what `segmentName` makes: generation, log, sequence. */
export const SEGMENT_NAME = /^(\d{10})-(\d{3})-(\d{10})\.wal$/;

/** Name of a file that waits to be used again. */
export function spareName(slot: number): string {
  return `spare-${String(slot).padStart(3, '0')}.wal`;
}

export const SPARE_NAME = /^spare-\d{3}\.wal$/;

// Shared block of a log, in words; names with _F are indices of float64 from the block's start.
// Each line is a cache line and says who writes it.
//
//   line 0  lock                                   whoever hands over
//        1  sealed low word, pinned | sealed       owner
//        2  handed low word, fd, renewed, renewals | handed          holder of the lock
//        3  sync lock, synced low word | synced, syncs, last sync    holder of the sync lock
//        4  state, errno                           by compare-and-swap, see WalLogs
//        5  prepare lock, next fd, sequence | next sequence, size    holder of the prepare lock
//        6  first, count                           sync lock: first; lock: count
//        7  bytes, writes, segments                holder of the lock
//        8  last lsn per shard (64 float64)        owner
//       16  segment table, TABLE_ENTRY_F float64 each
export const LOCK = 0;
export const SEALED_LOW = 16;
/** First segment that must stay, plus one; 0: none. */
export const PINNED = 17;
export const SEALED_F = 9;
export const HANDED_LOW = 32;
export const CURRENT_FD = 33;
export const RENEWED = 34;
export const RENEWALS = 35;
export const HANDED_F = 18;
export const SYNC_LOCK = 48;
export const SYNCED_LOW = 49;
export const SYNCED_F = 25;
export const SYNCS_F = 26;
export const LAST_SYNC_F = 27;
export const STATE = 64;
export const ERRNO = 65;
export const PREPARE_LOCK = 80;
export const NEXT_FD = 81;
export const SEQUENCE = 82;
export const NEXT_SEQUENCE_F = 42;
export const NEXT_SIZE_F = 43;
export const FIRST_SEGMENT = 96;
export const SEGMENT_COUNT = 97;
export const BYTES_F = 56;
export const WRITES_F = 57;
export const SEGMENTS_F = 58;
export const LAST_LSN_F = 64;

/** Float64 index of the segment table; entry i of all time is at i mod the table's length. */
export const TABLE_F = 128;
/** Float64 a table entry takes. */
export const TABLE_ENTRY_F = 8 + SHARDS;
/** Within an entry: three float64, then two words, then the largest lsn each shard may have. */
export const SEGMENT_SEQUENCE_F = 0;
export const SEGMENT_START_F = 1;
export const SEGMENT_SIZE_F = 2;
export const SEGMENT_FD = 6;
export const SEGMENT_SYNCED = 7;
export const SEGMENT_LSN_F = 8;
