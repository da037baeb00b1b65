import type { GraphWriter } from '#models/onnx/graph-writer.js';
import { dequantized, type MiniLmWeights, type QuantizedTensor, tensorOf, zeroPoint } from './weights.js';

export type Precision = 'int8' | 'fp32';

/** What stands for 0 where activations of both signs are quantized to 0…127. */
const MIDDLE = 64;

/** A product without its bias. Its values are to be multiplied by `scale`, which is 1 unless that was left to who reads it. */
export interface Product {
  readonly name: string;
  readonly bias: Float32Array<ArrayBuffer>;
  readonly scale: number;
}

/**
 * Products with the weights, in floats or in integers.
 *
 * `int8` quantizes activations to 7 bits with one scale for each token. One scale a token rather than one a batch makes a text's
 * vector independent of the texts beside it. Seven bits rather than eight because the kernels of processors without VNNI add two
 * products of a u8 and an s8 in 16 bits, which only 127 × 128 × 2 never overflows; weights keep the 8 bits that they come with.
 */
export class Products {
  /** Of what was quantized, each token's scale. */
  private readonly scales = new Map<string, string>();
  /** There are as many tokens wherever they are quantized, so one list does for all. */
  private middles: string | undefined;

  constructor(
    private readonly graph: GraphWriter,
    private readonly weights: MiniLmWeights,
    private readonly precision: Precision,
  ) {}

  /**
   * `x · W`, the bias of `x · W + b` beside it.
   *
   * @param how `shift` makes every number of `x` positive where it is known how low they go; `of` is what `x` is to be multiplied by;
   * `leaveScale` leaves the multiplication by the weights' scale to who reads the product.
   */
  dense(
    x: string,
    at: string,
    to: string,
    how: { readonly shift?: number; readonly of?: number; readonly leaveScale?: boolean } = {},
  ): Product {
    const { graph } = this;
    const { shift = 0, of = 1, leaveScale = false } = how;
    const weight = tensorOf(this.weights, `${at}/Tensordot/ReadVariableOp`);
    const bias = dequantized(tensorOf(this.weights, `${at}/BiasAdd/ReadVariableOp`));
    if (this.precision === 'fp32') {
      const w = graph.constant(`${to}_w`, dequantized(weight), weight.shape);
      return { name: graph.node('MatMul', [x, w], to), bias, scale: 1 };
    }
    const xScale = this.quantize(x, shift);
    if (shift > 0) unshift(bias, weight, shift);
    const signed = Int8Array.from(weight.values, value => value - 128);
    graph.constant(`${to}_w`, signed, weight.shape);
    const zero = graph.constant(`${to}_zero`, Int8Array.of(zeroPoint(weight) - 128), []);
    graph.node('MatMulInteger', [`${x}_q`, `${to}_w`, this.zeroOf(shift), zero], `${to}_i`);
    const scale = leaveScale
      ? xScale
      : graph.node('Mul', [xScale, graph.scalar(`${to}_wscale`, weight.scale * of)], `${to}_scale`);
    const name = graph.node('DequantizeLinear', [`${to}_i`, scale], to, { axis: 0 });
    return { name, bias, scale: leaveScale ? weight.scale : 1 };
  }

  /** Quantizes `x` to 0…127, each token by its own largest number, once. @returns the name of the tokens' scales. */
  private quantize(x: string, shift: number): string {
    const { graph } = this;
    const known = this.scales.get(x);
    if (known !== undefined) return known;
    const size =
      shift > 0
        ? graph.node('Add', [x, graph.scalar('shift', shift)], `${x}_size`)
        : graph.node('Abs', [x], `${x}_size`);
    const lastAxis = graph.constant('last_axis', BigInt64Array.of(-1n), [1]);
    graph.node('ReduceMax', [size, lastAxis], `${x}_largest`, { keepdims: 0 });
    const step = shift > 0 ? graph.scalar('step_low', 1 / 127) : graph.scalar('step_middle', 1 / 63);
    graph.node('Mul', [`${x}_largest`, step], `${x}_step`);
    const scale = graph.node('Max', [`${x}_step`, graph.scalar('least_step', 1e-9)], `${x}_scale`);
    this.scales.set(x, scale);
    // What stands for 0 is one number, but where scales are a list it has to be one too; the least number is 0 unless one says otherwise.
    const inputs = shift > 0 ? [size, scale] : [x, scale, this.middlesOf(scale)];
    graph.node('QuantizeLinear', inputs, `${x}_q`, { axis: 0 });
    return scale;
  }

  private zeroOf(shift: number): string {
    return this.graph.constant(shift > 0 ? 'low' : 'middle', Uint8Array.of(shift > 0 ? 0 : MIDDLE), []);
  }

  /** What stands for 0 in each token, where activations of both signs are quantized. */
  private middlesOf(scales: string): string {
    const { graph } = this;
    if (this.middles === undefined) {
      graph.node('Shape', [scales], 'tokens_count');
      this.middles = graph.node('Expand', [this.zeroOf(0), 'tokens_count'], 'middles');
    }
    return this.middles;
  }
}

/** Takes out of the bias what the shift of `x` adds to the product: `shift × Σ W`. */
function unshift(bias: Float32Array, weight: QuantizedTensor, shift: number): void {
  const floats = dequantized(weight);
  const columns = bias.length;
  const sums = new Float64Array(columns);
  for (let i = 0; i < floats.length; i++) sums[i % columns]! += floats[i]!;
  for (let i = 0; i < columns; i++) bias[i]! -= shift * sums[i]!;
}
