// Where the engine deliberately answers something else than Redis 7.0 to a script of the corpus.

/** The engine's reply, in both protocols, by script. */
export const differences: ReadonlyMap<string, string> = new Map([
  [
    // Redis: its handler of uncaught errors turns the message into a table, here too.
    'return select(2, load(function() error("inner") end))',
    '$20\r\nuser_script:1: inner\r\n',
  ],
]);
