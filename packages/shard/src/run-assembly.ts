// A run that arrives in several frames, put together. It knows neither rings nor commands.

export class RunAssembly {
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly connection: number;
  readonly flags: number;
  #received = 0;

  /** @param bytes the whole run's */
  constructor(bytes: number, connection: number, flags: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.view = new DataView(this.bytes.buffer, 0, bytes);
    this.connection = connection;
    this.flags = flags;
  }

  /** Takes the next frame's part; true when that was the last. */
  add(part: Uint8Array): boolean {
    this.bytes.set(part, this.#received);
    this.#received += part.length;
    return this.#received >= this.bytes.length;
  }
}
