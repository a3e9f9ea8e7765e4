// The part of the WebAssembly interface that is used, with its types: they come with the types of
// browsers otherwise.

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface WasmTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(count: number): number;
}

export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export type WasmImports = Record<string, Record<string, unknown>>;

interface WebAssemblyInterface {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule;
    imports(module: WasmModule): { module: string; name: string }[];
  };
  readonly RuntimeError: new () => Error;
  readonly Instance: new (
    module: WasmModule,
    imports: WasmImports,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const {
  Module: WebModule,
  Instance: WebInstance,
  RuntimeError: WebRuntimeError,
} = (globalThis as unknown as { WebAssembly: WebAssemblyInterface }).WebAssembly;
