// Writes the replies that the catalog builds about itself.

import type { ReplyTree } from '@forgekv/catalog';
import type { ReplyWriter } from '@forgekv/protocol';

/** Writes a tree in the protocol of the connection. */
export function writeTree(reply: ReplyWriter, tree: ReplyTree): void {
  if (tree === null) {
    reply.null();
  } else if (typeof tree === 'number') {
    reply.integer(tree);
  } else if ('bulk' in tree) {
    if (typeof tree.bulk === 'string') reply.utf8(tree.bulk);
    else reply.bulk(tree.bulk, 0, tree.bulk.length);
  } else if ('str' in tree) {
    reply.simple(tree.str);
  } else if ('array' in tree) {
    reply.array(tree.array.length);
    for (const item of tree.array) writeTree(reply, item);
  } else if ('set' in tree) {
    reply.set(tree.set.length);
    for (const item of tree.set) writeTree(reply, item);
  } else if ('map' in tree) {
    reply.map(tree.map.length);
    for (const [key, value] of tree.map) {
      writeTree(reply, key);
      writeTree(reply, value);
    }
  } else {
    reply.error(tree.error);
  }
}
