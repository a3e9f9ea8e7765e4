// Size classes: every size has the smallest slot that holds it, and little is wasted.

import { test } from 'tap';
import { PAGE_BYTES, SEGMENT_BYTES } from '../src/layout.ts';
import { CLASS_BYTES, CLASS_SLOTS, classFor, INDEX_CLASS, slotBytes } from '../src/size-classes.ts';

test('classes ascend to a page', async (t) => {
  t.equal(CLASS_BYTES[0], 48, 'the smallest entry');
  t.equal(CLASS_BYTES.at(-1), PAGE_BYTES);
  CLASS_BYTES.forEach((bytes, i) => {
    if (i > 0 && bytes <= CLASS_BYTES[i - 1]!) t.fail(`class ${i}`);
    if (CLASS_SLOTS[i] !== Math.floor(PAGE_BYTES / bytes)) t.fail(`slots of class ${i}`);
    if (slotBytes(i) !== bytes) t.fail(`bytes of class ${i}`);
  });
  t.equal(INDEX_CLASS, CLASS_BYTES.length);
  t.equal(slotBytes(INDEX_CLASS), SEGMENT_BYTES);
  t.equal(CLASS_SLOTS[INDEX_CLASS], Math.floor(PAGE_BYTES / SEGMENT_BYTES));
});

test('classFor is the smallest that holds it', async (t) => {
  for (let bytes = 1; bytes <= PAGE_BYTES; bytes++) {
    const sizeClass = classFor(bytes);
    const fits = CLASS_BYTES[sizeClass]! >= bytes;
    const smallest = sizeClass === 0 || CLASS_BYTES[sizeClass - 1]! < bytes;
    if (!fits || !smallest) t.fail(`${bytes} bytes in class ${sizeClass}`);
    if (bytes > 64 && CLASS_BYTES[sizeClass]! > bytes * 1.25) t.fail(`${bytes} wastes a fifth`);
  }
  t.throws(() => classFor(PAGE_BYTES + 1), { name: 'InvariantError' });
});
