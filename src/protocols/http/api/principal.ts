/**
 * Who asks. Each way in looks at a request for what it knows (a cookie, a password, a token) and answers who it is, or that it sees nothing of
 * its own; what is there but wrong is an error, never anonymous.
 */
import type { FastifyRequest } from 'fastify'
import { clientError } from '../../../base/errors.ts'
import type { ApiScope } from '../../../registry/api-scopes.ts'
import type { OperatorRole } from '../../../registry/operators/roles.ts'

export type Principal =
  | { readonly kind: 'anonymous' }
  /** who has begun a request and comes back to it */
  | { readonly kind: 'requester'; readonly request: string }
  /** who has a mailbox: by its password, or by the link of a reminder, which opens less */
  | { readonly kind: 'holder'; readonly address: string; readonly by: 'login' | 'link' }
  /** somebody of a professional order */
  | { readonly kind: 'order'; readonly name: string; readonly order: string }
  | { readonly kind: 'operator'; readonly name: string; readonly roles: readonly OperatorRole[] }
  /** a program with a token; `order`: it sees of that order alone, null: of all, unless it is of a `mailbox` */
  | {
      readonly kind: 'machine'
      readonly name: string
      readonly scopes: readonly ApiScope[]
      readonly order: string | null
      readonly mailbox?: string
    }

export type WayIn = (request: FastifyRequest) => Promise<Principal | undefined>

export type Authenticate = (request: FastifyRequest) => Promise<Principal>

/** The first way in that knows something decides. */
export const createAuthenticate =
  (waysIn: readonly WayIn[]): Authenticate =>
  async (request) => {
    for (const wayIn of waysIn) {
      const principal = await wayIn(request)
      if (principal) return principal
    }
    return { kind: 'anonymous' }
  }

/** The mailbox of a holder. @throws `not-allowed` */
export function addressOf(principal: Principal): string {
  if (principal.kind === 'holder') return principal.address
  throw clientError('not-allowed', 'Only a holder has a mailbox of his own')
}

/** One name for one principal: what is kept for him is kept by it. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'anonymous':
      return 'anonymous'
    case 'requester':
      return `requester:${principal.request}`
    case 'holder':
      return `holder:${principal.address}`
    case 'order':
      return `order:${principal.order}:${principal.name}`
    case 'operator':
      return `operator:${principal.name}`
    case 'machine':
      return `token:${principal.name}`
  }
}
