// Where everything lies in the arena, the one SharedArrayBuffer of the hot table. The only
// file that knows offsets; everything else uses these names.
//
//   arena  +-----------------------------+ 0
//          | control words               |  pool head, namespace counter, stop flags
//          | namespace id per database   |
//          | times each was swapped      |
//          | shard blocks   64 x 512 B   |  lock line, then page list heads per size class
//          | counters      64 x db x 32 B|  keys (all, expiring, stored only), bytes of the dataset
//          | creations      64 x 16 KB   |  hashes of the keys created last, lazily touched
//          | biggest keys   64 x 256 B   |  hashes of the keys with the longest values
//          | awaited keys   64 x 2 KB    |  filter of keys that clients wait for, counts
//          | claims         1 MB         |  a word per client that waits, lazily touched
//          | directories    64 x n x 4 B |  extendible-hash directories, lazily touched
//          | page table     32 B a page  |
//          +-----------------------------+ PAGE_BYTES aligned
//          | pages          32 KB each   |  slots of one size class of one shard each
//          +-----------------------------+
//
// An address is 32 bits in units of 16 bytes from the arena's start, 0 = none. Code works with
// word indexes (address * 4) into one Int32Array.
//
//   entry  word 0      next         address of the next entry in the bucket
//               1      hash         32 bits; the bucket is its top bits
//               2      key length (16) | type (8) | size class (8)
//               3      value length (16) | flags (16)
//               4      namespace    the database's id at the time of writing
//               5      use clock    last access, under an LFU policy its frequency too
//               6-7    expireAtMs   float64, 0 = never
//               8      lsn          lower 32 bits of the last write's LSN
//               9      lsn, upper 16 bits (16) | log of the last write + 1, 0 = none (16)
//               10     log position where the last write ends, in units of 8 bytes
//               11...  key bytes, padded to 4, then value bytes, padded to 4

export const WORDS_PER_UNIT = 4;
export const PAGE_BYTES = 32768;
export const PAGE_WORDS = PAGE_BYTES / 4;
export const PAGE_WORDS_SHIFT = 13;

// Control words.
export const POOL_LOCK = 0;
export const POOL_FREE_HEAD = 1;
export const POOL_FREE_COUNT = 2;
export const POOL_BUMP = 3;
export const PAGE_COUNT = 4;
export const NAMESPACE_NEXT = 5;
/** Raised by every flush; workers sweep stale entries when they see it move. */
export const FLUSH_GENERATION = 6;
export const LARGE_ID_NEXT = 7;
/** Free pages that threads have been promised and not taken yet. */
export const POOL_PROMISED = 8;
// On a cache line of their own: read for every write, and rarely changed.
/** What the cap on the dataset asks of writes; `dataset-cap.ts`. */
export const CAP_STATE = 16;
/** 1: the policy evicts keys. */
export const CAP_EVICTS = 17;
/** float64 at words 18-19: the cap in bytes, 0 = none. */
export const CAP_LIMIT = 18;
/** Seconds since the arena's epoch, plus 1, when the dataset was last seen above the cap. */
export const CAP_REACHED = 20;
/** 1: the dataset counts as within its cap. */
export const CAP_HELD = 21;
export const CONTROL_WORDS = 64;

// Shard block, in words.
export const SHARD_BLOCK_WORDS = 128;
export const SHARD_LOCK = 0;
export const SHARD_GATE = 1;
export const SHARD_DEPTH = 2;
/** float64 at words 4-5: the last LSN given out. */
export const SHARD_LSN = 4;
/** Entries of any namespace and kind, tombstones and stale ones included. */
export const SHARD_ENTRIES = 6;
/** 1: the bytes of the dataset are wrong, since a record turned out to be damaged. */
export const SHARD_MISCOUNTED = 7;
/** float64 at words 8-9: a flush pass under way has been at all hashes below; 0: none is. */
export const SHARD_PASSED = 8;
/** Keys created so far, mod 2^32. */
export const SHARD_CREATED = 10;
/** Page numbers + 1 of the first page with free slots, one word per size class. */
export const SHARD_CLASS_HEADS = 16;

// Counters per shard and database, and a spare word.
export const COUNTER_WORDS = 8;
export const COUNTER_KEYS = 0;
export const COUNTER_EXPIRES = 1;
/** Those of the keys that have no entry: their stores have them. 0: a miss is final. */
export const COUNTER_AWAY = 2;
/** float64 at words 4-5: bytes of the dataset, `datasetBytes` of every key. */
export const COUNTER_BYTES = 4;
/** float64 at words 6-7: what came to that since a flush pass was at the keys concerned. */
export const COUNTER_LATER = 6;

/** Keys created last that a shard remembers: of each a word of its hash and database. */
export const CREATIONS = 4096;

/** Biggest keys that a shard remembers, and the words they need. */
export const BIG_KEYS = 20;
export const BIG_WORDS = 64;

/** Counters per shard of those that wait for keys, by hash; a power of two. */
export const AWAITED_FILTER = 512;
// Behind the counters of all shards.
export const AWAITED_WAITERS = 0;
export const AWAITED_MOVERS = 1;
export const AWAITED_NAMES = 2;
export const AWAITED_COUNTS = 32;
/** Clients that can wait at a time, over all workers. */
export const AWAITED_CLAIMS = 2 ** 18;

// Page table record, in words.
export const PAGE_RECORD_WORDS = 8;
/** shard << 8 | size class, or -1 for a free page. */
export const PAGE_OWNER = 0;
export const PAGE_USED = 1;
export const PAGE_FREE_HEAD = 2;
export const PAGE_BUMPED = 3;
export const PAGE_NEXT = 4;
export const PAGE_PREVIOUS = 5;
/** Earliest expiry among the page's entries in EXPIRE_TICK_MS since the epoch, unsigned. */
export const PAGE_EXPIRES = 6;
export const PAGE_NEVER_EXPIRES = 0xffffffff;
export const EXPIRE_TICK_MS = 128;

// Index segment: a count, padding, then its buckets.
export const SEGMENT_BYTES = 320;
export const SEGMENT_COUNT = 0;
export const SEGMENT_HEAD_WORDS = 4;
export const SEGMENT_BUCKET_BITS = 6;
export const SEGMENT_BUCKETS = 1 << SEGMENT_BUCKET_BITS;
/** A segment with more entries than this is split. */
export const SEGMENT_SPLIT_ABOVE = 80;
/** Directory words hold address / 4 in the upper bits and the local depth in the lower 5. */
export const DEPTH_BITS = 5;
export const DEPTH_MASK = 31;
export const MAX_DEPTH = 26;

// Entry, in words.
export const ENTRY_NEXT = 0;
export const ENTRY_HASH = 1;
export const ENTRY_META = 2;
export const ENTRY_VALUE = 3;
export const ENTRY_NAMESPACE = 4;
export const ENTRY_USE = 5;
export const ENTRY_EXPIRE = 6;
export const ENTRY_LSN = 8;
export const ENTRY_LOG = 9;
export const ENTRY_LOG_POSITION = 10;
export const ENTRY_KEY = 11;
export const ENTRY_HEAD_BYTES = 44;

/** Largest LSN an entry can note: 48 bits, enough for a million writes a second for 8 years. */
export const MAX_LSN = 2 ** 48 - 1;

// Types, as stored; 0 marks a free slot.
export const TYPE_FREE = 0;
export const TYPE_STRING = 1;
export const TYPE_LIST = 2;
export const TYPE_SET = 3;
export const TYPE_ZSET = 4;
export const TYPE_HASH = 5;
export const TYPE_STREAM = 6;
export const TYPE_JSON = 7;
export const TYPE_BLOOM = 8;
export const TYPE_CUCKOO = 9;
export const TYPE_COUNT_MIN = 10;
export const TYPE_TOP_K = 11;
export const TYPE_T_DIGEST = 12;
/** A deleted key that its store may still hold; without FLAG_STORED, one that does not exist. */
export const TYPE_TOMBSTONE = 15;

// Flags.
/** The value is in its worker's heap; the packed bytes are {large id, length}. */
export const FLAG_LARGE = 1;
/** Changed since its store last saw it. */
export const FLAG_DIRTY = 2;
/** The store may hold a version of the key, or is about to. */
export const FLAG_STORED = 4;
/** That version is large: it has elements of its own. */
export const FLAG_STORED_LARGE = 8;
/** The value is only in the store; the packed bytes are its length, 32 bits. */
export const FLAG_COLD = 16;
/** That version expires. */
export const FLAG_STORED_EXPIRES = 32;
/** Parts of the value may expire by themselves: fields of a hash. A hint: it may be out of date. */
export const FLAG_TIMED_PARTS = 128;
/** Two bits, free for the type: a string's encoding. */
export const FLAG_ENCODING_SHIFT = 8;
export const FLAG_ENCODING_MASK = 3;

/** Longest key, in bytes. Redis: 512 MB; a key must fit a page together with its value. */
export const MAX_KEY_BYTES = 8000;
/** Largest packed value the format can hold beside the longest key. */
export const MAX_PACKED_BYTES = PAGE_BYTES - ENTRY_HEAD_BYTES - MAX_KEY_BYTES - 8;
/** What a key counts in the dataset beside its own bytes and its value's: head and index. */
export const DATASET_KEY_BYTES = 48;
/** A large value's packed bytes: two words, its id and its length in bytes. */
export const LARGE_BYTES = 8;
/** A cold value's packed bytes: its length in bytes. */
export const COLD_BYTES = 4;
