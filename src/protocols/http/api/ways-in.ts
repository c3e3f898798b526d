/** The ways in that there are: the operators' session, a holder's password, the links of who has no password (yet). */
import type { FastifyRequest } from 'fastify'
import { clientError } from '../../../base/errors.ts'
import type { AccessLinks } from '../../../registry/agreement/access-links.ts'
import { isLinkToken } from '../../../registry/agreement/links.ts'
import type { OperatorAccess } from '../../../registry/operators/access.ts'
import type { Login } from '../../../registry/login.ts'
import { looksLikeMachineToken } from '../../../registry/machine-token-secret.ts'
import type { MachineTokens } from '../../../registry/machine-tokens.ts'
import { checkOrigin, tokenOf } from '../operator-cookie.ts'
import type { WayIn } from './principal.ts'

/** The session of somebody who has given a second factor. @throws `no-session`, `wrong-stage`, `other-origin` */
export function operatorSession({ current }: Pick<OperatorAccess, 'current'>): WayIn {
  return async (request) => {
    const token = tokenOf(request)
    if (token === '') return undefined
    checkOrigin(request)
    const { session, operator } = await current(token)
    if (session.stage !== 'full') throw clientError('wrong-stage', 'Sign in with a second factor first')
    const { name, roles, order_code: order } = operator
    if (order !== null) return { kind: 'order', name, order }
    return { kind: 'operator', name, roles }
  }
}

export type AuthenticateHolder = (user: string, password: string, clientAddress: string) => Promise<Login>

/** Certified address and password (RFC 7617). @throws as `Authenticate` of the registry */
export function holderPassword(authenticate: AuthenticateHolder): WayIn {
  return async (request) => {
    const given = basicCredentials(request)
    if (!given) return undefined
    const { address } = await authenticate(given.name, given.password, request.ip)
    return { kind: 'holder', address, by: 'login' }
  }
}

/** Name and password of HTTP Basic authentication (RFC 7617). */
export function basicCredentials({ headers }: FastifyRequest): { name: string; password: string } | undefined {
  const [, token] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? '') ?? []
  if (token === undefined) return undefined
  const [name = '', ...rest] = Buffer.from(token, 'base64').toString().split(':')
  return { name, password: rest.join(':') }
}

/** A token of a request, or of the link of a reminder: what begins as ours does. @throws `bad-link`, `link-expired` */
export function linkToken({ open }: AccessLinks): WayIn {
  return async (request) => {
    const token = bearerToken(request)
    if (token === undefined || !isLinkToken(token)) return undefined
    const opened = await open(token)
    return opened.purpose === 'request'
      ? { kind: 'requester', request: opened.request }
      : { kind: 'holder', address: opened.address, by: 'link' }
  }
}

/** The token of a program. @throws `bad-token` */
export function machineToken({ authenticate }: Pick<MachineTokens, 'authenticate'>): WayIn {
  return async (request) => {
    const token = bearerToken(request)
    if (token === undefined || !looksLikeMachineToken(token)) return undefined
    const { name, scopes, bound, boundName } = await authenticate(token)
    const order = bound === 'order' ? boundName : null
    return { kind: 'machine', name, scopes, order, ...(bound === 'mailbox' && { mailbox: boundName }) }
  }
}

/** The token of `Authorization: Bearer` (RFC 6750 2.1). */
export const bearerToken = ({ headers }: FastifyRequest): string | undefined =>
  /^Bearer ([\w.~+/-]+=*)$/i.exec(headers.authorization ?? '')?.[1]

/** Last: a token that none before knew. */
export const unknownToken: WayIn = async ({ headers }) => {
  if (headers.authorization === undefined) return undefined
  throw clientError('bad-token', 'This token is not known, or not good any more')
}
