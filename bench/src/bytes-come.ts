// Waiting for replies whose length is known, without parsing them.

import type { Socket } from 'node:net';

/** Resolves when so many bytes have come from now on. */
export function bytesCome(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let left = bytes;
    const take = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
  });
}
