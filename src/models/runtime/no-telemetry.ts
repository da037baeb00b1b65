/**
 * Keeps onnxruntime from telling its makers of the machine and its models: 1.30 for Linux keeps events in `~/.cache/Microsoft` and sends
 * them. It reads the variable when it is first loaded, and only the main thread can set one; to be called there
 * before. Whoever has set the variable is left their choice.
 */
export function refuseTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}
