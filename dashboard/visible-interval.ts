/**
 * Runs a task now and again `ms` after each run has ended, as long as the page can be seen; at once when it comes back into
 * view. The task must not throw.
 */
export function whileVisible(ms: number, task: () => Promise<void>): void {
  let timer: number | undefined;
  let running = false;
  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    window.clearTimeout(timer);
    await task();
    running = false;
    if (document.visibilityState === 'visible') timer = window.setTimeout(() => void run(), ms);
  };
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void run();
    else window.clearTimeout(timer);
  });
  void run();
}
