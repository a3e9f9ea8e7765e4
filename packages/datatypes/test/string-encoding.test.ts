// Which encoding a string reports, by its bytes and by how it was made.

import { test } from 'tap';
import { STRING_PLAIN, STRING_RAW, STRING_TEXT, stringEncoding } from '../src/index.ts';

test('the encoding OBJECT ENCODING reports', async (t) => {
  const rows: [number, string, 'int' | 'embstr' | 'raw'][] = [
    [STRING_PLAIN, '', 'embstr'],
    [STRING_PLAIN, '0', 'int'],
    [STRING_PLAIN, '-1', 'int'],
    [STRING_PLAIN, '9223372036854775807', 'int'],
    [STRING_PLAIN, '-9223372036854775808', 'int'],
    [STRING_PLAIN, '9223372036854775808', 'embstr'],
    [STRING_PLAIN, '1.0', 'embstr'],
    [STRING_PLAIN, '01', 'embstr'],
    [STRING_PLAIN, 'x'.repeat(44), 'embstr'],
    [STRING_PLAIN, 'x'.repeat(45), 'raw'],
    [STRING_PLAIN, '1'.repeat(45), 'raw'],
    [STRING_RAW, '1', 'raw'],
    [STRING_RAW, '', 'raw'],
    [STRING_TEXT, '1', 'embstr'],
    [STRING_TEXT, 'x'.repeat(45), 'raw'],
  ];
  for (const [encoding, text, name] of rows) {
    const bytes = Buffer.from(`##${text}##`);
    t.equal(stringEncoding(encoding, bytes, 2, text.length), name, `${encoding} ${text}`);
  }
});
