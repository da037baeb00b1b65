// What a process has cost so far, read from outside and for all systems alike. Linux only: /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks are 10 ms on every Linux that Node runs on (USER_HZ = 100). */
const MICROSECONDS_A_TICK = 10_000;

export const measurable = process.platform === 'linux';

/**
 * CPU time of a process and all its threads, in µs. Nanosecond clocks of the living threads where the kernel keeps them
 * (`schedstat`), else utime + stime in ticks of 10 ms.
 */
export function cpuMicroseconds(pid) {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    }
    if (nanoseconds > 0) return nanoseconds / 1000;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  // The command name, in parentheses, may hold blanks: count from its end.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_A_TICK;
}

/** CPU time of the main thread alone, in µs; `undefined` where the kernel keeps no such clock. */
export function mainThreadMicroseconds(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Resident memory now and at its highest, in MB (10⁶ bytes). */
export function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = field => (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6;
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}
