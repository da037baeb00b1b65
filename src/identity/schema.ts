import { z } from 'zod';
import { duration, postgresUrl } from '#contract/schema.js';
import { parseCidr } from './cidr.js';
import { ROLES } from './roles.js';

/** A network as configuration and admin API take it. */
export const cidr = z
  .string()
  .max(64)
  .refine(text => parseCidr(text) !== undefined, { message: 'expected a network such as 10.0.0.0/8 or 2001:db8::/32' })
  .meta({ title: 'CIDR', examples: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'] });

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'expected the name of an HTTP header')
  .transform(text => text.toLowerCase())
  .meta({ title: 'header' });

export const role = z.enum(ROLES).meta({ title: 'role' });

/** Signatures with keys that a verifier need not keep secret. `none` and shared secrets are out of the question. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const claim = z.string().min(1).max(128);

const issuer = z.strictObject({
  issuer: z.url().max(2048).describe('The `iss` of its tokens, and where OpenID Connect discovery begins.'),
  audience: z
    .union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).min(1).max(16)])
    .describe('The `aud` that tokens must have, or several of which one is enough.'),
  jwks_url: z.url().max(2048).optional().describe('Where its public keys are; discovered unless said.'),
  algorithms: z
    .array(z.enum(ALGORITHMS))
    .min(1)
    .default(['RS256', 'ES256', 'EdDSA'])
    .describe('Signature algorithms that are accepted.'),
  clock_skew: duration
    .prefault('60s')
    .refine(ms => ms <= 600_000, { message: 'expected at most 10m' })
    .describe('How far its clock may differ.'),
  claims: z
    .strictObject({
      user: claim.default('sub').describe('Claim that names the user.'),
      team: claim.optional().describe('Claim that names the team.'),
      role: claim
        .optional()
        .describe('Claim that `roles` looks at: a text or a list of texts. `a.b` looks inside of `a`.'),
    })
    .prefault({})
    .describe('Which claims say who it is.'),
  roles: z
    .record(z.string().min(1).max(256), role)
    .default({})
    .describe('Role by value of the role claim; of several the greatest counts.'),
  default_role: role.default('user').describe('Role of tokens whose claim names none.'),
});

/** The `gateway.auth:` block. */
export const authSchema = z.strictObject({
  required: z
    .boolean()
    .default(false)
    .describe('Ask every caller for a key or token. Off, anyone who can connect may use every model.'),
  path: z
    .string()
    .min(1)
    .max(4096)
    .default('.weir/identity.db')
    .describe('Database file of keys, teams, users, spending and audit log, relative to the working directory.'),
  postgres: postgresUrl
    .optional()
    .describe(
      'Postgres to keep them in instead, for several machines; needs the package `pg`. Beside `path`, spending is then kept that could not be written when a process ended.',
    ),
  admin_key: z
    .string()
    .min(16, 'expected at least 16 characters')
    .max(512)
    .optional()
    .describe(
      'A key with the role admin to begin with, as a reference to a variable or as `file:PATH`. Without one, the first start makes one.',
    ),
  unpriced: z
    .enum(['allow', 'refuse'])
    .default('allow')
    .describe(
      'What becomes of requests for a model without a price whose caller has a budget in USD: `allow` counts nothing.',
    ),
  unreported: z
    .enum(['estimate', 'free'])
    .default('estimate')
    .describe('What an answer costs whose usage the engine did not report because it was cancelled or cut.'),
  open_metrics: z.boolean().default(false).describe('Let anyone read `/metrics`.'),
  jwt: z.array(issuer).max(16).default([]).describe('Issuers whose tokens are accepted in the place of keys.'),
  proxy: z
    .boolean()
    .default(false)
    .describe('Take the user that a trusted proxy names for authenticated: no key is needed then.'),
});

export type AuthConfig = z.output<typeof authSchema>;
export type IssuerConfig = z.output<typeof issuer>;

export const identityHeadersSchema = z.strictObject({
  user: headerName.prefault('x-weir-user').describe('Header that names the user.'),
  team: headerName.prefault('x-weir-team').describe('Header that names the team.'),
  role: headerName.prefault('x-weir-role').describe('Header that names the role; `user` where there is none.'),
});

export const trustedProxies = z.array(cidr).max(256).default([]);

export const networkSchema = z.strictObject({
  allow: z
    .array(cidr)
    .max(256)
    .default([])
    .describe('Private networks that issuers and hosts named at run time may be in; none unless said.'),
});
