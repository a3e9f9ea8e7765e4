// Messages of PUBLISH between threads: from front to front over rings of their own, and from a
// worker to the front that is to distribute it, among the replies.
//
// A message is cut into frames where it must be. The first one's payload begins with a head of
// four words: the bytes of the channel and of the message, which follow, and the fronts it is for,
// a bit each; from front to front the latter are 0.

/** Begins a message. a, b = its version, low and high; c = who counted it; d = MESSAGE_ flags. */
export const KIND_MESSAGE = 16;
/** The message goes on. */
export const KIND_MESSAGE_MORE = 17;
/** Messages were counted that will not come: a of them, c = who counted them. */
export const KIND_MESSAGES_LOST = 18;

/** The channel is one of SSUBSCRIBE. */
export const MESSAGE_SHARDED = 1;

export const MESSAGE_HEAD_BYTES = 16;
