// What is used of the parser, which comes without types.

declare module 'parse-prometheus-text-format' {
  function parse(text: string): parse.ParsedFamily[];

  namespace parse {
    interface ParsedFamily {
      readonly name: string;
      readonly help: string;
      readonly type: string;
      readonly metrics: readonly {
        readonly value: string;
        readonly labels?: Readonly<Record<string, string>>;
      }[];
    }
  }

  export = parse;
}
