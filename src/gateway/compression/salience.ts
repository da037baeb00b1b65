const BETWEEN_WORDS = /[^\p{L}\p{N}]+/u;
/** Weights of a sentence's likeness to what is asked, of its likeness to all that is said, and of where it stands. */
const ASKED = 0.75;
/** What stands beside an answer to the question counts so much of it: a sentence says `it`, the one before what. */
const NEIGHBOUR = 0.5;
const CENTRAL = 0.15;
const PLACE = 0.1;

/** Words of a sentence with how often each stands in it, by number. */
type Bag = ReadonlyMap<number, number>;

/**
 * How much would be lost with each sentence, 0 to 1: cosine over TF-IDF to the question, cosine to the mean of all sentences (Radev et al.,
 * 2004), and favour to the beginning and end of its text (1 − sin πt, as in the excerpts of `wrp.md` §5.3). Linear in the text.
 *
 * @param sentences in their order, of all texts one after the other; `at` is where each stands in its own text, 0 to 1.
 * @param question what the rest is read for; may be empty.
 */
export function salienceOf(
  sentences: readonly { readonly text: string; readonly at: number }[],
  question: string,
): Float64Array {
  const numbers = new Map<string, number>();
  const bags = sentences.map(({ text }) => bagOf(text, numbers));
  const asked = bagOf(question, numbers);
  const documents = new Float64Array(numbers.size);
  for (const bag of bags) for (const word of bag.keys()) documents[word]! += 1;
  const weight = (word: number, count: number): number =>
    (1 + Math.log(count)) * Math.log(1 + bags.length / (1 + documents[word]!));
  const centre = new Float64Array(numbers.size);
  const lengths = bags.map(bag => {
    let square = 0;
    for (const [word, count] of bag) square += weight(word, count) ** 2;
    const length = Math.sqrt(square);
    if (length > 0) for (const [word, count] of bag) centre[word]! += weight(word, count) / length;
    return length;
  });
  const sought = new Float64Array(numbers.size);
  for (const [word, count] of asked) sought[word] = weight(word, count);
  const likeness = (to: Float64Array): Float64Array => {
    const size = Math.sqrt(to.reduce((sum, value) => sum + value * value, 0));
    return Float64Array.from(bags, (bag, i) => {
      if (size === 0 || lengths[i] === 0) return 0;
      let sum = 0;
      for (const [word, count] of bag) sum += weight(word, count) * to[word]!;
      return sum / (size * lengths[i]!);
    });
  };
  const toQuestion = likeness(sought);
  const toCentre = likeness(centre);
  return Float64Array.from(sentences, ({ at }, i) => {
    const near = Math.max(toQuestion[i - 1] ?? 0, toQuestion[i + 1] ?? 0);
    const asked = toQuestion[i]! + NEIGHBOUR * near;
    return ASKED * asked + CENTRAL * toCentre[i]! + PLACE * (1 - Math.sin(Math.PI * at));
  });
}

function bagOf(text: string, numbers: Map<string, number>): Bag {
  const bag = new Map<number, number>();
  for (const word of text.toLowerCase().split(BETWEEN_WORDS)) {
    if (word === '') continue;
    let number = numbers.get(word);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(word, number);
    }
    bag.set(number, (bag.get(number) ?? 0) + 1);
  }
  return bag;
}
