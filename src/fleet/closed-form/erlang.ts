/**
 * Erlang's C formula: the probability that an arrival waits in M/M/c with `servers` servers and `offered` Erlangs of load. By the
 * recursion of Erlang's B, B(0) = 1, B(k) = aB(k−1) / (k + aB(k−1)), which neither over- nor underflows, and C = B / (1 − ρ(1 − B)).
 * 1 from full load on.
 */
export function erlangC(servers: number, offered: number): number {
  if (offered <= 0) return 0;
  if (offered >= servers) return 1;
  let blocked = 1;
  for (let k = 1; k <= servers; k++) {
    const carried = offered * blocked;
    blocked = carried / (k + carried);
  }
  return blocked / (1 - (offered / servers) * (1 - blocked));
}

/**
 * Rate at which the probability of waiting longer falls in G/G/c, in 1/time: Allen and Cunneen scale M/M/c's c·μ − λ by
 * 2 / (c_a² + c_s²). With Poisson arrivals it is Kimura's approximation for M/G/c.
 *
 * @param serviceRate of one server.
 */
export function waitDecay(
  servers: number,
  serviceRate: number,
  arrivalRate: number,
  arrivalCv2: number,
  serviceCv2: number,
): number {
  return (2 * (servers * serviceRate - arrivalRate)) / (arrivalCv2 + serviceCv2);
}

/** The time that a share of 1 − `share` of arrivals waits at most, by P(W > t) = C·e^(−decay·t): 0 when fewer wait at all. */
export function waitQuantile(waiting: number, decay: number, share: number): number {
  if (waiting <= share) return 0;
  return decay > 0 ? Math.log(waiting / share) / decay : Number.POSITIVE_INFINITY;
}
