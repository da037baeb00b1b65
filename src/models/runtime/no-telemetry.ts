/**
 * Keeps onnxruntime from telling its makers of the machine and its models: from 1.30 on, its builds for Linux and macOS keep events in
 * `~/.cache/Microsoft` and send them. It reads the variable when it is first loaded, and only the main thread can set one; to be called there
 * before. Whoever has set the variable is left their choice.
 */
export function refuseTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}
