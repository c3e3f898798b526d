/**
 * The operators' session in a browser: a cookie that scripts cannot read and that other sites cannot send (`__Host-`, HttpOnly, Secure,
 * SameSite=Strict), and the look at where a request comes from.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { clientError } from '../../base/errors.ts'
import type { OpenedSession } from '../../registry/operators/sessions.ts'

export const COOKIE = '__Host-ceralacca-operator'

/** The token of the session; empty where there is none. */
export function tokenOf({ headers }: FastifyRequest): string {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? ''
}

export const setCookie = (answer: FastifyReply, { token, endsAt }: OpenedSession): FastifyReply =>
  answer.header('set-cookie', `${COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Strict; Expires=${endsAt.toUTCString()}`)

export const dropCookie = (answer: FastifyReply): FastifyReply =>
  answer.header('set-cookie', `${COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`)

/** What changes something comes from our own pages. @throws `other-origin` */
export function checkOrigin({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if ((origin !== undefined && origin !== `https://${host ?? ''}`) || (site !== undefined && site !== 'same-origin'))
    throw clientError('other-origin', 'This is not asked by our own pages')
}
