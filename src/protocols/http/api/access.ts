/**
 * Who may call what: the one table, by operation. What is not named may not; a route without an entry does not start. Operators are allowed by
 * the table of their roles (src/registry/operators/roles.ts). Whose thing it is, is asked besides: an order user and an order's token reach only
 * what lies under `/orders/` and their own code.
 */
import type { Actor } from '../../../audit/audit.ts'
import { clientError } from '../../../base/errors.ts'
import type { ApiScope } from '../../../registry/api-scopes.ts'
import { requireRole, type OperatorAct } from '../../../registry/operators/roles.ts'
import { nameOf, type Principal } from './principal.ts'

export interface Access {
  readonly anyone?: true
  readonly requester?: true
  /** `link`: the link of a reminder is enough */
  readonly holder?: 'login' | 'link'
  readonly order?: true
  readonly operator?: OperatorAct
  readonly scope?: ApiScope
  /** the resource itself asks whose the thing is: a program reaches what is of its own order or mailbox */
  readonly byOwner?: true
}

const WEBHOOKS = { operator: 'manage-webhooks', scope: 'webhooks:manage', byOwner: true } as const

const OF_ORDER = { order: true, operator: 'manage-agreements' } as const

export const ACCESS = {
  getApiDocument: { anyone: true },

  getAgreement: { anyone: true },
  checkMember: { anyone: true },
  listTerms: { anyone: true },
  getTerms: { anyone: true },
  startRequest: { anyone: true },
  lookAtLink: { anyone: true },
  confirmEmail: { anyone: true },
  activate: { anyone: true },
  nameAddressElsewhere: { anyone: true },
  proveAddressElsewhere: { anyone: true },
  openCheckout: { anyone: true },
  notifyStripe: { anyone: true },

  getRequest: { requester: true, operator: 'decide-requests' },
  giveDocument: { requester: true, operator: 'decide-requests' },
  sendConfirmationAgain: { requester: true },
  abandonRequest: { requester: true },
  listRequests: { operator: 'decide-requests' },
  getDocument: { operator: 'decide-requests' },
  askDocument: { operator: 'decide-requests' },
  approveRequest: { operator: 'decide-requests' },
  rejectRequest: { operator: 'decide-requests' },

  getOwnContract: { holder: 'login' },
  getContact: { holder: 'login' },
  setContact: { holder: 'login' },
  getAlerts: { holder: 'login' },
  setAlerts: { holder: 'login' },
  stopAlerts: { holder: 'login' },
  listAccesses: { holder: 'login' },
  withdraw: { holder: 'login' },
  getRenewalOffer: { holder: 'link' },
  askRenewal: { holder: 'link' },
  cancelRenewal: { holder: 'link' },

  listOrders: { operator: 'manage-agreements' },
  addOrder: { operator: 'manage-agreements' },
  listAgreements: { order: true, operator: 'manage-agreements' },
  addAgreement: { operator: 'manage-agreements' },
  changeAgreement: { operator: 'manage-agreements' },
  listStoredTerms: { operator: 'manage-agreements' },
  getStoredTerms: { operator: 'manage-agreements' },
  addTerms: { operator: 'manage-agreements' },
  importRoll: { order: true, operator: 'manage-agreements', scope: 'roll:write' },
  listMembers: { order: true, operator: 'manage-agreements', scope: 'roll:read' },
  getMember: { order: true, operator: 'manage-agreements', scope: 'roll:read' },
  listMembersWithoutAddress: { order: true, operator: 'manage-agreements', scope: 'roll:read' },
  listWarnings: { order: true, operator: 'manage-agreements', scope: 'roll:read' },
  noteWarnings: OF_ORDER,
  startAddressElsewhere: OF_ORDER,
  listAddressesElsewhere: { order: true, operator: 'manage-agreements', scope: 'roll:read' },
  endAddressElsewhere: OF_ORDER,
  makeRegisterExport: OF_ORDER,
  listRegisterExports: OF_ORDER,
  getRegisterExport: OF_ORDER,
  getRegisterFile: OF_ORDER,
  confirmRegisterExport: OF_ORDER,
  listRequestsOfOrder: { order: true, operator: 'decide-requests', scope: 'requests:read' },
  listContracts: { order: true, operator: 'read-mailboxes', scope: 'contracts:read' },
  listExpiries: { order: true, operator: 'read-mailboxes', scope: 'contracts:read' },
  getContract: { order: true, operator: 'read-mailboxes', scope: 'contracts:read' },
  stopContract: { order: true, operator: 'manage-mailboxes' },

  listRenewals: { operator: 'manage-mailboxes' },
  decideLateRenewal: { operator: 'manage-mailboxes' },
  listPayments: { operator: 'register-payments', scope: 'payments:read' },
  registerPayment: { operator: 'register-payments', scope: 'payments:write' },
  importBankFile: { operator: 'register-payments' },

  listNotices: { operator: 'manage-mailboxes' },
  getNotice: { operator: 'manage-mailboxes' },
  retryNotice: { operator: 'manage-mailboxes' },

  listTokens: { operator: 'manage-tokens' },
  addToken: { operator: 'manage-tokens' },
  revokeToken: { operator: 'manage-tokens' },
  listWebhooks: WEBHOOKS,
  addWebhook: WEBHOOKS,
  getWebhook: WEBHOOKS,
  removeWebhook: WEBHOOKS,
  pauseWebhook: WEBHOOKS,
  resumeWebhook: WEBHOOKS,
  testWebhook: WEBHOOKS,
  changeWebhookSecret: WEBHOOKS,
  listWebhookDeliveries: WEBHOOKS,
  replayWebhook: WEBHOOKS,
  skipWebhookEvent: WEBHOOKS,
} as const satisfies Record<string, Access>

/** The entry of an operation; undefined for what is not in the table. */
export function accessOf(operation: string | undefined): Access | undefined {
  const all: Readonly<Record<string, Access>> = ACCESS
  return operation !== undefined && Object.hasOwn(all, operation) ? all[operation] : undefined
}

/**
 * In what capacity a principal may do it, as the audit log and the table of transitions know it.
 * @param order the order under which the thing lies, if it lies under one
 * @throws `sign-in-first`, `not-allowed`, `not-your-order`
 */
export function allowed(access: Access, principal: Principal, order: string | undefined): Actor {
  const actor = nameOf(principal)
  switch (principal.kind) {
    case 'anonymous':
      if (access.anyone) return { actor, role: 'holder' }
      throw clientError('sign-in-first', 'This is not for everybody: sign in first')
    case 'requester':
      if (access.anyone || access.requester) return { actor: `holder:${principal.request}`, role: 'holder' }
      break
    case 'holder':
      if (access.anyone || access.holder === 'link' || (access.holder === 'login' && principal.by === 'login'))
        return { actor, role: 'holder' }
      break
    case 'order':
      if (access.anyone) return { actor, role: 'order' }
      if (access.order) return ofOrder({ actor, role: 'order' }, principal.order, order)
      break
    case 'operator':
      if (access.operator !== undefined) return { actor, role: requireRole(access.operator, principal.roles) }
      if (access.anyone) return { actor, role: 'operator' }
      break
    case 'machine':
      if (access.anyone) return { actor, role: 'token' }
      if (access.scope === undefined || !principal.scopes.includes(access.scope)) break
      if (access.byOwner) return { actor, role: 'token' }
      // A token of a mailbox has no order, and would reach all.
      if (principal.mailbox === undefined) return ofOrder({ actor, role: 'token' }, principal.order, order)
      break
  }
  throw clientError('not-allowed', `This is not for you, as ${principal.kind}`)
}

/** @throws `not-your-order` */
function ofOrder(actor: Actor, own: string | null, order: string | undefined): Actor {
  if (own === null || own === order) return actor
  throw clientError('not-your-order', `You act for ${own}, and this is not of that order`)
}
