// A table in which every command of the catalog is implemented, for tests.
import { CATALOG } from '../src/catalog.ts';
import { CommandTable } from '../src/command-table.ts';
import { runnableNames } from '../src/resolve-catalog.ts';

export const fullTable = new CommandTable(CATALOG, runnableNames(CATALOG));

/** A reader of the words of a request line; two blanks in a row enclose an empty argument. */
export function request(line: string): { argc: number; argText: (index: number) => string } {
  const words = line.split(' ');
  return {
    argc: words.length,
    argText: (index) => {
      const word = words[index];
      if (word === undefined) throw new RangeError(`argument ${index} of '${line}' was read`);
      return word;
    },
  };
}
