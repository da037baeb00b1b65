import { WeirError } from '#contract/errors.js';
import { GraphWriter, type WrittenGraph } from '#models/onnx/graph-writer.js';
import { dequantized, type MiniLmWeights, type QuantizedTensor, zeroPoint } from './weights.js';

export const MINILM = { layers: 6, width: 384, heads: 12, vocabulary: 30_522, positions: 512 } as const;

export type Precision = 'int8' | 'fp32';

/** Below every value that GELU takes (its minimum is −0.16997): added to make its output positive before it is quantized. */
const GELU_SHIFT = 0.17;

/**
 * The encoder as ONNX: BERT with six layers, mean over the tokens, length 1.
 *
 * `int8` quantizes activations to 7 bits with one scale for each token. One scale a token rather than one a batch makes a text's
 * vector independent of the texts beside it. Seven bits rather than eight because the kernels of processors without VNNI add two
 * products of a u8 and an s8 in 16 bits, which only 127 × 128 × 2 never overflows; weights keep the 8 bits that they come with.
 *
 * @param weightsFile name of the file that the weights will stand in, beside the graph's.
 */
export function miniLmGraph(weights: MiniLmWeights, precision: Precision, weightsFile: string): WrittenGraph {
  return new MiniLmGraph(weights, precision, weightsFile).finish();
}

class MiniLmGraph {
  private readonly graph: GraphWriter;
  private readonly quantized = new Set<string>();

  constructor(
    private readonly weights: MiniLmWeights,
    private readonly precision: Precision,
    weightsFile: string,
  ) {
    this.graph = new GraphWriter('weir', weightsFile);
  }

  finish(): WrittenGraph {
    const { graph } = this;
    const { width, layers } = MINILM;
    graph.input('input_ids', 'int64', ['batch', 'length']);
    graph.input('attention_mask', 'int64', ['batch', 'length']);
    graph.node('Cast', ['attention_mask'], 'mask', { to: 6 });
    let hidden = this.normalised(this.embeddings(), 'embeddings', 'h');
    for (let layer = 0; layer < layers; layer++) hidden = this.layer(hidden, layer);
    graph.node('Identity', [hidden], 'last_hidden_state');
    this.pool(hidden);
    graph.output('sentence_embedding', 'float32', ['batch', width]);
    graph.output('last_hidden_state', 'float32', ['batch', 'length', width]);
    return graph.finish();
  }

  private embeddings(): string {
    const { graph } = this;
    const { vocabulary, positions, width } = MINILM;
    const words = this.byShape(vocabulary, width);
    const places = dequantized(this.byShape(positions, width));
    const [firstSegment] = [dequantized(this.byShape(2, width))];
    for (let i = 0; i < places.length; i++) places[i]! += firstSegment[i % width]!;
    graph.constant('positions', places, [positions, width]);
    graph.node('Shape', ['input_ids'], 'shape');
    const [zero, one, two] = [0n, 1n, 2n].map(at => graph.constant(`at_${at}`, BigInt64Array.of(at), [1]));
    graph.node('Slice', ['shape', one!, two!, zero!], 'length');
    graph.node('Slice', ['positions', zero!, 'length', zero!], 'places');
    const looked = this.lookUp(words);
    return graph.node('Add', [looked, 'places'], 'embedded');
  }

  /** The table stays as it is: of 30,522 rows a text needs a few. */
  private lookUp(words: QuantizedTensor): string {
    const { graph } = this;
    graph.constant('words', words.values, words.shape);
    graph.node('Gather', ['words', 'input_ids'], 'words_q', { axis: 0 });
    const zero = graph.constant('words_zero', Uint8Array.of(zeroPoint(words)), []);
    return graph.node('DequantizeLinear', ['words_q', graph.scalar('words_scale', words.scale), zero], 'words_f');
  }

  private layer(hidden: string, layer: number): string {
    const { graph } = this;
    const at = `encoder/layer_._${layer}`;
    const to = `l${layer}`;
    const query = this.dense(hidden, `${at}/attention/self/query`, `${to}_query`);
    const key = this.dense(hidden, `${at}/attention/self/key`, `${to}_key`);
    const value = this.dense(hidden, `${at}/attention/self/value`, `${to}_value`);
    const attended = graph.node(
      'MultiHeadAttention',
      [query, key, value, '', 'mask'],
      `${to}_attended`,
      { num_heads: MINILM.heads, mask_filter_value: { float: -10_000 } },
      'com.microsoft',
    );
    const mixed = this.dense(attended, `${at}/attention/output/dense`, `${to}_mixed`);
    graph.node('Add', [mixed, hidden], `${to}_sum`);
    const noticed = this.normalised(`${to}_sum`, `${at}/attention/output`, `${to}_noticed`);
    const wide = this.dense(noticed, `${at}/intermediate/dense`, `${to}_wide`);
    const active = graph.node('Gelu', [wide], `${to}_active`, { approximate: 'none' });
    const narrow = this.dense(active, `${at}/output/dense`, `${to}_narrow`, GELU_SHIFT);
    graph.node('Add', [narrow, noticed], `${to}_rest`);
    return this.normalised(`${to}_rest`, `${at}/output`, `${to}_out`);
  }

  /** `x · W + b`. @param shift makes every number of `x` positive where it is known how low they go. */
  private dense(x: string, at: string, to: string, shift = 0): string {
    const weight = this.tensor(`${at}/Tensordot/ReadVariableOp`);
    const bias = dequantized(this.tensor(`${at}/BiasAdd/ReadVariableOp`));
    if (this.precision === 'fp32') {
      this.graph.constant(`${to}_w`, dequantized(weight), weight.shape);
      this.graph.node('MatMul', [x, `${to}_w`], `${to}_product`);
    } else {
      this.integerProduct(x, weight, to, shift);
      if (shift > 0) unshift(bias, weight, shift);
    }
    this.graph.constant(`${to}_b`, bias, [bias.length]);
    return this.graph.node('Add', [`${to}_product`, `${to}_b`], to);
  }

  private integerProduct(x: string, weight: QuantizedTensor, to: string, shift: number): void {
    const { graph } = this;
    const signed = Int8Array.from(weight.values, value => value - 128);
    graph.constant(`${to}_w`, signed, weight.shape);
    const zero = graph.constant(`${to}_zero`, Int8Array.of(zeroPoint(weight) - 128), []);
    const xZero = this.quantize(x, shift);
    graph.node('MatMulInteger', [`${x}_q`, `${to}_w`, xZero, zero], `${to}_i`);
    graph.node('Cast', [`${to}_i`], `${to}_f`, { to: 1 });
    graph.node('Mul', [`${to}_f`, `${x}_scale`], `${to}_scaled`);
    graph.node('Mul', [`${to}_scaled`, graph.scalar(`${to}_wscale`, weight.scale)], `${to}_product`);
  }

  /** Quantizes `x` to 0…127, each token by its own largest number, once. @returns the name of what stands for 0. */
  private quantize(x: string, shift: number): string {
    const { graph } = this;
    const zero = graph.constant(shift > 0 ? 'zero_low' : 'zero_middle', Uint8Array.of(shift > 0 ? 0 : 64), []);
    if (this.quantized.has(x)) return zero;
    this.quantized.add(x);
    const size =
      shift > 0
        ? graph.node('Add', [x, graph.scalar('shift', shift)], `${x}_size`)
        : graph.node('Abs', [x], `${x}_size`);
    const lastAxis = graph.constant('last_axis', BigInt64Array.of(-1n), [1]);
    graph.node('ReduceMax', [size, lastAxis], `${x}_largest`, { keepdims: 1 });
    const step = shift > 0 ? graph.scalar('step_low', 1 / 127) : graph.scalar('step_middle', 1 / 63);
    graph.node('Mul', [`${x}_largest`, step], `${x}_step`);
    graph.node('Max', [`${x}_step`, graph.scalar('least_step', 1e-9)], `${x}_scale`);
    graph.node('Div', [shift > 0 ? size : x, `${x}_scale`], `${x}_divided`);
    graph.node('QuantizeLinear', [`${x}_divided`, graph.scalar('unit', 1), zero], `${x}_q`);
    return zero;
  }

  private normalised(x: string, at: string, to: string): string {
    const { graph } = this;
    const gain = dequantized(this.tensor(`${at}/LayerNorm/batchnorm/mul/ReadVariableOp`));
    const bias = dequantized(this.tensor(`${at}/LayerNorm/batchnorm/ReadVariableOp`));
    graph.constant(`${to}_gain`, gain, [gain.length]);
    graph.constant(`${to}_bias`, bias, [bias.length]);
    return graph.node('LayerNormalization', [x, `${to}_gain`, `${to}_bias`], to, {
      axis: -1,
      epsilon: { float: 1e-12 },
    });
  }

  private pool(hidden: string): void {
    const { graph } = this;
    graph.node('Cast', ['attention_mask'], 'mask_f', { to: 1 });
    const two = 'at_2';
    const one = 'at_1';
    graph.node('Unsqueeze', ['mask_f', two], 'mask_3d');
    graph.node('Mul', [hidden, 'mask_3d'], 'masked');
    graph.node('ReduceSum', ['masked', one], 'sum', { keepdims: 0 });
    graph.node('ReduceSum', ['mask_f', one], 'count', { keepdims: 1 });
    graph.node('Div', ['sum', 'count'], 'mean');
    graph.node('LpNormalization', ['mean'], 'sentence_embedding', { axis: -1, p: 2 });
  }

  private tensor(name: string): QuantizedTensor {
    const tensor = this.weights.get(name);
    if (tensor === undefined) throw new WeirError('model.unavailable', `The model has no weights ${name}`);
    return tensor;
  }

  private byShape(rows: number, columns: number): QuantizedTensor {
    for (const tensor of this.weights.values()) {
      if (tensor.shape.length === 2 && tensor.shape[0] === rows && tensor.shape[1] === columns) return tensor;
    }
    throw new WeirError('model.unavailable', `The model has no table of ${rows} × ${columns}`);
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
