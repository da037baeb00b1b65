/** What the fields of a job's body are called on its page. */
const NAMES: Readonly<Record<string, string>> = {
  trace: 'Requests',
  'trace.hours': 'Of the last hours',
  'trace.text': 'Trace file',
  'trace.cdf': 'Distribution',
  model: 'Model',
  gpus: 'GPUs that may be used',
  price: 'GPUs are paid for',
  rate: 'Requests a second',
  'over_time.window_s': 'Sized anew every',
  catalogue: 'GPUs and models of your own',
  configuration: 'weir.yaml to be played',
  first: 'The first weir.yaml',
  second: 'The second weir.yaml',
};

/** A path of the API, which may end in a place within the field, by the field's name on the page. */
export function fieldName(path: string): string {
  const [field = '', ...place] = path.split(': ');
  return [NAMES[field] ?? field, ...place].join(': ');
}
