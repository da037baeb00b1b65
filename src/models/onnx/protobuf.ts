/** Writes Protocol Buffers messages: as much of the format as ONNX files need. */
export class ProtobufWriter {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  /** A varint field (`int32`, `int64`, an enumeration); negative numbers as two's complement of 64 bits. */
  integer(field: number, value: number | bigint): this {
    this.tag(field, 0);
    return this.varint(BigInt.asUintN(64, BigInt(value)));
  }

  /** A `float` field. */
  float(field: number, value: number): this {
    this.tag(field, 5);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.raw(bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** A `bytes` field. The bytes are not copied before {@link ProtobufWriter.finish}. */
  bytes(field: number, value: Uint8Array): this {
    this.tag(field, 2);
    this.varint(BigInt(value.length));
    return this.raw(value);
  }

  message(field: number, value: ProtobufWriter): this {
    this.tag(field, 2);
    this.varint(BigInt(value.length));
    this.chunks.push(...value.chunks);
    this.length += value.length;
    return this;
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  private tag(field: number, wireType: number): void {
    this.varint(BigInt((field << 3) | wireType));
  }

  private varint(value: bigint): this {
    const bytes: number[] = [];
    let rest = value;
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    return this.raw(Uint8Array.from(bytes));
  }

  private raw(bytes: Uint8Array): this {
    this.chunks.push(bytes);
    this.length += bytes.length;
    return this;
  }
}
