/**
 * Words that little else but English has: function words and very common verbs, without those that are ordinary words of another
 * language too (`in`, `die`, `me`, `on`).
 */
const FUNCTION_WORDS = (
  'the and that it you with are this have not what how can would could should please which there they from does my our ' +
  'your if about has had were been will who whom when where why but than then them their these those its she him did done might ' +
  'must shall into out down after before between through during without within because while until also just only very more ' +
  'most much many some any each every other another such nor own same too here now one last new good well make made used using ' +
  'get give given take say said know tell think want need find let both few against again once ever never always often though ' +
  "although however it's i'm don't doesn't didn't isn't aren't can't won't being or"
).split(' ');

/**
 * Common words of English that are hardly words of another language in the same spelling. They tell less than the ones above, so
 * more of a text has to be made of them.
 */
const COMMON_WORDS = (
  'people time way water work first back two three four five our even give day days year years thing things world life hand part place week ' +
  'question questions answer answers write writing written read reading word words explain describe summarize summarise translate ' +
  'compare suggest improve review list show create build change changes start stop open close move run running turn call called ' +
  'help follow following bring keep begin began seem leave feel mean means meaning become put look looking like likes went going ' +
  'come coming came see seen saw ask asked asking works working learn learning learned study teacher student school science ' +
  'history music food house home city country state street school money price buy sell pay paid cost costs business company ' +
  'market customer order travel weather book books story letter sentence paragraph summary recipe garden river bridge mountain ' +
  'forest island energy engine car train plane phone game games film football health doctor patient child children man woman men ' +
  'women boy girl friend friends family mother father brother sister name names number numbers high low long short small large ' +
  'big little great old young right wrong left best better worse different important able easy hard fast slow early late free ' +
  'full whole true sure ready happy white black red green blue light dark night morning evening today tomorrow yesterday month ' +
  'hour hours minute minutes second between under over above below around across along behind near far away together instead ' +
  'else really maybe perhaps almost enough quite rather still yet already soon example examples result results method problem ' +
  'problems issue issues error errors reason reasons way ways kind type types level table data file files code function functions ' +
  'string array variable value values key keys user users server request response memory test tests deploy budget token tokens ' +
  'latency model models queue cache pool gate report report invoice contract password update version release team project meeting ' +
  'email message messages text page website link search image picture video language english grammar spelling quick brown fox dog ' +
  'cat cats dogs bird fish horse tree trees flower sun moon star stars rain snow wind fire earth sea lake beach road door window ' +
  'room bed kitchen eat eating drink drinking cook cooking sleep sleeping walk walking play playing watch watching talk talking ' +
  'speak speaking listen hear heard love loved hate live living lived die died born grow growing win winning won lose lost fight ' +
  'sing dance draw paint drive driving fly swim swimming climb throw catch cut break broken fix fixed solve solved check checked ' +
  'calculate count add added remove removed replace replaced sort sorted filter group split join merge convert parse print return ' +
  'returns returned input output loop while class object method methods interface implement implementation difference between ' +
  'advice tips ideas idea plan plans steps step guide tutorial beginner beginners simple simply detailed detail details brief ' +
  'briefly poem song essay letter article blog post speech script title headline slogan names list of to for or is by be we all up so us as at'
).split(' ');

const LEAST_WORDS = 3;
/** Share of a text that function words must be … */
const FUNCTION_SHARE = 0.15;
/** … or, in a text of too few words for that, that all these words together must be. */
const KNOWN_SHARE = 0.8;

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** Words by their hash, in an open-addressed table: no word of a text need be cut out of it to be looked up. */
const SLOTS = 4096;
const hashes = new Int32Array(SLOTS);
const weights = new Uint8Array(SLOTS);
const FUNCTION = 2;
const COMMON = 1;
for (const word of FUNCTION_WORDS) put(word, FUNCTION);
for (const word of COMMON_WORDS) put(word, COMMON);

function put(word: string, weight: number): void {
  const hash = [...word].reduce((sum, char) => step(sum, char.charCodeAt(0)), FNV_OFFSET);
  let slot = slotOf(hash);
  while (weights[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) % SLOTS;
  hashes[slot] = hash;
  weights[slot] = Math.max(weights[slot]!, weight);
}

function weightOf(hash: number): number {
  let slot = slotOf(hash);
  while (weights[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) % SLOTS;
  return weights[slot]!;
}

/** Whether a word's hash ({@link WordScanner}) is that of a function word of English. */
export function isFunctionWord(hash: number): boolean {
  return weightOf(hash) === FUNCTION;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}

function step(hash: number, letter: number): number {
  return Math.imul(hash ^ letter, FNV_PRIME);
}

/**
 * Whether a line is English beyond doubt: at least three function words that are every seventh of its words, or at least three
 * words of which four in five are common English. Most English texts are told by this in a microsecond, where the model would walk
 * through megabytes; `bench/language.mjs` prints how often it is right.
 */
export function looksEnglish(line: string): boolean {
  let words = 0;
  let functions = 0;
  let known = 0;
  let hash = FNV_OFFSET;
  for (let at = 0; at <= line.length; at++) {
    const code = at < line.length ? line.charCodeAt(at) : 32;
    const lower = code >= 65 && code <= 90 ? code + 32 : code;
    // A letter beyond ASCII belongs to its word: one that has it is no English one, and must not be told by the rest of it.
    if ((lower >= 97 && lower <= 122) || lower === 39 || lower >= 192) hash = step(hash, lower);
    else if (hash !== FNV_OFFSET) {
      words++;
      const weight = weightOf(hash);
      if (weight > 0) known++;
      if (weight === FUNCTION) functions++;
      hash = FNV_OFFSET;
    }
  }
  return (
    known >= LEAST_WORDS &&
    (known >= KNOWN_SHARE * words || (functions >= LEAST_WORDS && functions >= FUNCTION_SHARE * words))
  );
}
