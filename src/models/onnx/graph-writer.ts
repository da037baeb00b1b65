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
/** `TensorProto.DataLocation.EXTERNAL`. */
const EXTERNAL = 1;

/** A model, and its large constants where they go to a file of their own. */
export interface WrittenGraph {
  readonly graph: Uint8Array;
  readonly weights: Uint8Array;
}

type Values = Float32Array | Uint8Array | Int8Array | BigInt64Array;

/** Constants from so many bytes on stand in the file of the weights, each at the beginning of a page: the runtime maps them. */
const LEAST_APART = 4096;
const PAGE = 4096;

/**
 * Builds an ONNX model: initial values and nodes in the order in which they are to run. Nothing is checked beyond types; the runtime
 * refuses a graph that is wrong. Large constants go to a file beside it (ONNX: external data), which all threads that load the model share.
 */
export class GraphWriter {
  private readonly graph = new ProtobufWriter();
  private readonly inputs: ProtobufWriter[] = [];
  private readonly outputs: ProtobufWriter[] = [];
  private readonly constants = new Set<string>();
  private readonly apart: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  private apartLength = 0;

  /** @param weightsFile name of the file of the weights, as it will stand beside the graph's; without one the graph has all constants in it. */
  constructor(
    private readonly producer: string,
    private readonly weightsFile?: string,
  ) {}

  input(name: string, type: ElementType, shape: Shape): void {
    this.inputs.push(valueInfo(name, type, shape));
  }

  output(name: string, type: ElementType, shape: Shape): void {
    this.outputs.push(valueInfo(name, type, shape));
  }

  /** Adds a constant under a name, once; the name is returned. */
  constant(name: string, values: Values, shape: readonly number[]): string {
    if (this.constants.has(name)) return name;
    this.constants.add(name);
    const tensor = new ProtobufWriter();
    for (const size of shape) tensor.integer(1, size);
    tensor.integer(2, TYPES[elementType(values)]).text(8, name);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (this.weightsFile === undefined || bytes.length < LEAST_APART) tensor.bytes(9, bytes);
    else this.setApart(tensor, bytes, this.weightsFile);
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

  finish(): WrittenGraph {
    this.graph.text(2, this.producer);
    for (const input of this.inputs) this.graph.message(11, input);
    for (const output of this.outputs) this.graph.message(12, output);
    const graph = new ProtobufWriter()
      .integer(1, IR_VERSION)
      .text(2, this.producer)
      .message(7, this.graph)
      .message(8, new ProtobufWriter().text(1, '').integer(2, OPSET))
      .message(8, new ProtobufWriter().text(1, 'com.microsoft').integer(2, 1))
      .finish();
    const weights = new Uint8Array(this.apartLength);
    for (const { at, bytes } of this.apart) weights.set(bytes, at);
    return { graph, weights };
  }

  private setApart(tensor: ProtobufWriter, bytes: Uint8Array, location: string): void {
    const at = Math.ceil(this.apartLength / PAGE) * PAGE;
    this.apart.push({ at, bytes });
    this.apartLength = at + bytes.length;
    const place = { location, offset: `${at}`, length: `${bytes.length}` };
    for (const [key, value] of Object.entries(place)) {
      tensor.message(13, new ProtobufWriter().text(1, key).text(2, value));
    }
    tensor.integer(14, EXTERNAL);
  }
}

function elementType(values: Values): ElementType {
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
