import type { IncomingMessage } from 'node:http';
import { WeirError } from '#contract/errors.js';

/**
 * What a route of the admin API asks of its caller: to look, or to change things. `caller` asks only that it be known who calls:
 * what they may see and do is decided by what it is about (keys, teams, users).
 */
export type Role = 'caller' | 'viewer' | 'admin';

/** Who calls the admin API. */
export interface Principal {
  /** As the audit and the history of the configuration name them. */
  readonly name: string;
  /** Who that is, whatever key they show. */
  readonly person: string;
  readonly role: Role;
  may(role: Role): boolean;
}

/** Says who calls, or why they may not. */
export type AdminGuard = (request: IncomingMessage) => Principal | WeirError | Promise<Principal | WeirError>;

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** What proxies add: a call that came through one on this machine can be anyone's. */
const PROXIED = ['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'forwarded', 'via'];

/** Who sits at this machine may do everything; nobody else may do anything. */
export const loopbackGuard: AdminGuard = ({ socket, headers }) =>
  LOOPBACK.test(socket.remoteAddress ?? '') && !PROXIED.some(name => headers[name] !== undefined)
    ? LOCAL
    : new WeirError('admin.forbidden', 'The admin API is open to this machine only', {
        hint: 'connect through a tunnel that ends on this machine: ssh -L 8080:127.0.0.1:8080 HOST',
      });

const LOCAL: Principal = { name: 'local', person: 'local', role: 'admin', may: () => true };
