/** The name under which a trace keeps whether a model's answer passed the judges of a cascade, beside the router's signals. */
export function verdictSignal(model: string): string {
  return `accepted:${model}`;
}
