/** What the API is made of: the desk, the keys of what is asked twice, and the ways in. */
import type { Config } from '../config/config.ts'
import type { ApiDeps } from '../protocols/http/api/parts.ts'
import {
  holderPassword,
  linkToken,
  machineToken,
  operatorSession,
  unknownToken,
  type AuthenticateHolder,
} from '../protocols/http/api/ways-in.ts'
import { createIdempotencyKeys } from '../registry/idempotency-keys.ts'
import type { OperatorAccess } from '../registry/operators/access.ts'
import type { Installation } from './installation.ts'
import { webUrl } from './web-url.ts'

/** Requests of a minute from one network to what everybody may call: a person's way takes a dozen. */
const PUBLIC_RATE = 120

export function apiParts(
  config: Config,
  installation: Installation,
  operators: OperatorAccess,
  authenticateHolder: AuthenticateHolder,
): Omit<ApiDeps, 'report' | 'parameters'> {
  const { database, now } = installation
  return {
    desk: installation,
    web: webUrl(config),
    accessesOf: installation.audit.accessesOf,
    alerts: installation.alerts,
    postDesk: installation.postDesk,
    tokens: installation.tokens,
    webhooks: installation.webhooks,
    keys: createIdempotencyKeys(database, now),
    waysIn: [
      operatorSession(operators),
      holderPassword(authenticateHolder),
      linkToken(installation.accessLinks),
      machineToken(installation.tokens),
      unknownToken,
    ],
    publicRate: PUBLIC_RATE,
  }
}
