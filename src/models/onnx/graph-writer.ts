import { ProtobufWriter } from './protobuf.js';

/** Element types as ONNX numbers them (`TensorProto.DataType`). */
const TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;

export type ElementType = keyof typeof TYPES;

/** An attribute of a node: a whole number unless it is marked as a float; text as it is. */
export type Attribute = number | string | { readonly float: number };

/** The dimensions of a value; a name stands for one that is known only when the graph runs. */
export type Shape = readonly (number | string)[];

const IR_VERSION = 9;
const OPSET = 20;

/**
 * Builds an ONNX model: initial values and nodes in the order in which they are to run. Nothing is checked beyond types; the runtime
 * refuses a graph that is wrong.
 */
export class GraphWriter {
  private readonly graph = new ProtobufWriter();
  private readonly inputs: ProtobufWriter[] = [];
  private readonly outputs: ProtobufWriter[] = [];
  private readonly constants = new Set<string>();

  constructor(private readonly producer: string) {}

  input(name: string, type: ElementType, shape: Shape): void {
    this.inputs.push(valueInfo(name, type, shape));
  }

  output(name: string, type: ElementType, shape: Shape): void {
    this.outputs.push(valueInfo(name, type, shape));
  }

  /** Adds a constant under a name, once; the name is returned. */
  constant(
    name: string,
    values: Float32Array | Uint8Array | Int8Array | BigInt64Array,
    shape: readonly number[],
  ): string {
    if (this.constants.has(name)) return name;
    this.constants.add(name);
    const tensor = new ProtobufWriter();
    for (const size of shape) tensor.integer(1, size);
    tensor.integer(2, TYPES[elementType(values)]).text(8, name);
    tensor.bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.graph.message(5, tensor);
    return name;
  }

  scalar(name: string, value: number): string {
    return this.constant(name, Float32Array.of(value), []);
  }

  /** Adds a node with one output; the output's name is returned. */
  node(
    operator: string,
    inputs: readonly string[],
    output: string,
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): string {
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(3, output).text(4, operator);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value));
    if (domain !== '') node.text(7, domain);
    this.graph.message(1, node);
    return output;
  }

  finish(): Uint8Array {
    this.graph.text(2, this.producer);
    for (const input of this.inputs) this.graph.message(11, input);
    for (const output of this.outputs) this.graph.message(12, output);
    return new ProtobufWriter()
      .integer(1, IR_VERSION)
      .text(2, this.producer)
      .message(7, this.graph)
      .message(8, new ProtobufWriter().text(1, '').integer(2, OPSET))
      .message(8, new ProtobufWriter().text(1, 'com.microsoft').integer(2, 1))
      .finish();
  }
}

function elementType(values: Float32Array | Uint8Array | Int8Array | BigInt64Array): ElementType {
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Int8Array) return 'int8';
  return values instanceof Uint8Array ? 'uint8' : 'int64';
}

function attribute(name: string, value: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return message.text(4, value).integer(20, 3);
  return message.float(2, value.float).integer(20, 1);
}

function valueInfo(name: string, type: ElementType, shape: Shape): ProtobufWriter {
  const dimensions = new ProtobufWriter();
  for (const size of shape) {
    dimensions.message(
      1,
      typeof size === 'string' ? new ProtobufWriter().text(2, size) : new ProtobufWriter().integer(1, size),
    );
  }
  const tensor = new ProtobufWriter().integer(1, TYPES[type]).message(2, dimensions);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}
