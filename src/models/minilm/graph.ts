import { GraphWriter, type WrittenGraph } from '#models/onnx/graph-writer.js';
import { type Precision, type Product, Products } from './products.js';
import { dequantized, type MiniLmWeights, type QuantizedTensor, tableOf, tensorOf, zeroPoint } from './weights.js';

export const MINILM = { layers: 6, width: 384, heads: 12, vocabulary: 30_522, positions: 512 } as const;

/** Below every value that GELU takes (its minimum is −0.16997): added to make its output positive before it is quantized. */
const GELU_SHIFT = 0.17;

/**
 * The encoder as ONNX: BERT with six layers, mean over the tokens, length 1.
 *
 * Half of a short text's time would go into what stands between the products, so there is little of it: tokens are rows of one matrix, whose
 * scales the quantizing nodes take row by row, and biases are left to the nodes that come next. Only attention reads a batch as texts of one length:
 * no product is computed of padding.
 *
 * @param weightsFile name of the file that the weights will stand in, beside the graph's.
 */
export function miniLmGraph(weights: MiniLmWeights, precision: Precision, weightsFile: string): WrittenGraph {
  return new MiniLmGraph(weights, precision, weightsFile).finish();
}

class MiniLmGraph {
  private readonly graph: GraphWriter;
  private readonly products: Products;

  constructor(
    private readonly weights: MiniLmWeights,
    precision: Precision,
    weightsFile: string,
  ) {
    this.graph = new GraphWriter('weir', weightsFile);
    this.products = new Products(this.graph, weights, precision);
  }

  finish(): WrittenGraph {
    const { graph } = this;
    const { width, layers } = MINILM;
    graph.input('input_ids', 'int64', ['batch', 'length']);
    graph.input('attention_mask', 'int64', ['batch', 'length']);
    graph.node('Cast', ['attention_mask'], 'mask', { to: 6 });
    this.findTokens();
    let hidden = this.normalised(this.embeddings(), 'embeddings', 'h');
    for (let layer = 0; layer < layers; layer++) hidden = this.layer(hidden, layer);
    this.byText(hidden, 'last_hidden_state');
    this.pool('last_hidden_state');
    graph.output('sentence_embedding', 'float32', ['batch', width]);
    graph.output('last_hidden_state', 'float32', ['batch', 'length', width]);
    return graph.finish();
  }

  /**
   * The tokens of all texts, one after the other, are the rows of one matrix, without the padding that makes texts equally long. `kept` tells of each
   * row which cell of the batch it is, `rows` of each cell its row; a cell of padding has that of the token before it, which the mask hides.
   */
  private findTokens(): void {
    const { graph } = this;
    const flat = graph.constant('flat', BigInt64Array.of(-1n), [1]);
    const zero = graph.constant('at_0', BigInt64Array.of(0n), [1]);
    const one = graph.constant('at_1', BigInt64Array.of(1n), [1]);
    graph.node('Reshape', ['attention_mask', flat], 'mask_flat');
    graph.node('NonZero', ['mask_flat'], 'cells');
    graph.node('Reshape', ['cells', flat], 'kept');
    graph.node('CumSum', ['mask_flat', graph.constant('first_axis', BigInt64Array.of(0n), [])], 'counted');
    graph.node('Sub', ['counted', one], 'rows_flat');
    graph.node('Shape', ['input_ids'], 'shape');
    graph.node('Reshape', ['rows_flat', 'shape'], 'rows');
    const two = graph.constant('at_2', BigInt64Array.of(2n), [1]);
    graph.node('Slice', ['shape', one, two, zero], 'length');
    graph.node('Mod', ['kept', 'length'], 'places');
    graph.node('Reshape', ['input_ids', flat], 'ids_flat');
    graph.node('Gather', ['ids_flat', 'kept'], 'ids', { axis: 0 });
  }

  /** Rows of tokens as `[batch, length, width]`. */
  private byText(tokens: string, to: string): string {
    return this.graph.node('Gather', [tokens, 'rows'], to, { axis: 0 });
  }

  /** Cells of the batch as rows of tokens. */
  private byToken(cells: string, to: string): string {
    const { graph } = this;
    const flat = graph.constant('flat_rows', BigInt64Array.of(-1n, BigInt(MINILM.width)), [2]);
    graph.node('Reshape', [cells, flat], `${to}_cells`);
    return graph.node('Gather', [`${to}_cells`, 'kept'], to, { axis: 0 });
  }

  private embeddings(): string {
    const { graph } = this;
    const { vocabulary, positions, width } = MINILM;
    const words = tableOf(this.weights, vocabulary, width);
    const places = dequantized(tableOf(this.weights, positions, width));
    const [firstSegment] = [dequantized(tableOf(this.weights, 2, width))];
    for (let i = 0; i < places.length; i++) places[i]! += firstSegment[i % width]!;
    graph.constant('positions', places, [positions, width]);
    graph.node('Gather', ['positions', 'places'], 'places_f', { axis: 0 });
    return graph.node('Add', [this.lookUp(words), 'places_f'], 'embedded');
  }

  /** The table stays as it is: of 30,522 rows a text needs a few. */
  private lookUp(words: QuantizedTensor): string {
    const { graph } = this;
    graph.constant('words', words.values, words.shape);
    graph.node('Gather', ['words', 'ids'], 'words_q', { axis: 0 });
    const zero = graph.constant('words_zero', Uint8Array.of(zeroPoint(words)), []);
    return graph.node('DequantizeLinear', ['words_q', graph.scalar('words_scale', words.scale), zero], 'words_f');
  }

  private layer(hidden: string, layer: number): string {
    const { graph } = this;
    const at = `encoder/layer_._${layer}`;
    const to = `l${layer}`;
    const attended = this.attention(hidden, `${at}/attention/self`, to);
    const mixed = this.products.dense(attended.name, `${at}/attention/output/dense`, `${to}_mixed`, {
      of: attended.scale,
    });
    const noticed = this.normalisedSum(mixed, hidden, `${at}/attention/output`, `${to}_noticed`);
    const wide = this.products.dense(noticed, `${at}/intermediate/dense`, `${to}_wide`);
    const bias = graph.constant(`${to}_wide_b`, wide.bias, [wide.bias.length]);
    const active = graph.node('BiasGelu', [wide.name, bias], `${to}_active`, {}, 'com.microsoft');
    const narrow = this.products.dense(active, `${at}/output/dense`, `${to}_narrow`, { shift: GELU_SHIFT });
    return this.normalisedSum(narrow, noticed, `${at}/output`, `${to}_out`);
  }

  /**
   * What the weights' scales of queries and keys multiply is multiplied once, with the scores; those of values are left to the next product. So
   * neither is a node of its own.
   */
  private attention(hidden: string, at: string, to: string): { readonly name: string; readonly scale: number } {
    const { graph } = this;
    const { width, heads } = MINILM;
    const parts = (['query', 'key', 'value'] as const).map(part =>
      this.products.dense(hidden, `${at}/${part}`, `${to}_${part}`, { leaveScale: true }),
    );
    const [query, key, value] = parts.map(({ name }) => this.byText(name, `${name}_by_text`));
    const [ofQuery, ofKey, ofValue] = parts.map(({ scale }) => scale) as [number, number, number];
    const biases = parts.flatMap(({ bias, scale }) => [...bias].map(one => one / scale));
    graph.constant(`${to}_attended_b`, Float32Array.from(biases), [biases.length]);
    graph.node(
      'MultiHeadAttention',
      [query!, key!, value!, `${to}_attended_b`, 'mask'],
      `${to}_attended_by_text`,
      {
        num_heads: heads,
        mask_filter_value: { float: -10_000 },
        scale: { float: (ofQuery * ofKey) / Math.sqrt(width / heads) },
      },
      'com.microsoft',
    );
    const name = this.byToken(`${to}_attended_by_text`, `${to}_attended`);
    return { name, scale: ofValue };
  }

  private normalised(x: string, at: string, to: string): string {
    const { graph } = this;
    const gain = dequantized(tensorOf(this.weights, `${at}/LayerNorm/batchnorm/mul/ReadVariableOp`));
    const bias = dequantized(tensorOf(this.weights, `${at}/LayerNorm/batchnorm/ReadVariableOp`));
    graph.constant(`${to}_gain`, gain, [gain.length]);
    graph.constant(`${to}_bias`, bias, [bias.length]);
    return graph.node('LayerNormalization', [x, `${to}_gain`, `${to}_bias`], to, {
      axis: -1,
      epsilon: { float: 1e-12 },
    });
  }

  /** What a product and its bias add to `rest`, normalised. */
  private normalisedSum({ name: product, bias }: Product, rest: string, at: string, to: string): string {
    const added = this.graph.constant(`${to}_added`, bias, [bias.length]);
    this.graph.node('Add', [product, added], `${to}_biased`);
    this.graph.node('Add', [`${to}_biased`, rest], `${to}_sum`);
    // Not `SkipLayerNormalization`, which is all three in one: on processors it takes longer than they do.
    return this.normalised(`${to}_sum`, at, to);
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
}
