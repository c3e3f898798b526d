/** Who may call what, by hand once more: every operation is asked as everybody. Nobody may by default. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fastify } from 'fastify'
import { openTestDesk } from '../../../registry/agreement/test-desk.ts'
import { API_SCOPES, type ApiScope } from '../../../registry/api-scopes.ts'
import { OPERATOR_ROLES, type OperatorRole } from '../../../registry/operators/roles.ts'
import { lastFirst, withTestDatabase } from '../../../storage/test-database.ts'
import { ACCESS } from './access.ts'
import { registerApi } from './api.ts'
import type { Principal } from './principal.ts'
import { as, openTestApi } from './test-api.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const { app, parts } = await openTestApi(desk)
scope.after(() => app.close())
const { order } = await desk.newOrder()
const { order: otherOrder } = await desk.newOrder()

const REQUEST = '00000000-0000-7000-8000-000000000000'
const operator = (role: OperatorRole): Principal => ({ kind: 'operator', name: role, roles: [role] })
const machine = (scopes: readonly ApiScope[]): Principal => ({ kind: 'machine', name: 'program', scopes, order: null })

const PRINCIPALS: Readonly<Record<string, Principal>> = {
  anonymous: { kind: 'anonymous' },
  requester: { kind: 'requester', request: REQUEST },
  holder: { kind: 'holder', address: 'mario@pec.ordine.test', by: 'login' },
  link: { kind: 'holder', address: 'mario@pec.ordine.test', by: 'link' },
  order: { kind: 'order', name: 'luisa', order },
  'other order': { kind: 'order', name: 'piero', order: otherOrder },
  ...Object.fromEntries(OPERATOR_ROLES.map((role) => [role, operator(role)])),
  'program without scopes': machine([]),
  ...Object.fromEntries(API_SCOPES.map((one) => [one, machine([one])])),
  'program of another order': { kind: 'machine', name: 'program', scopes: API_SCOPES, order: otherOrder },
}

const EVERYBODY = Object.keys(PRINCIPALS)
/** Of the webhooks themselves a program sees its own: webhooks.test.ts. */
const WEBHOOKS = ['administrator', 'webhooks:manage', 'program of another order']
const READERS = ['desk', 'support', 'auditor']

/** Written by hand: access.ts must say the same. */
const MAY: Readonly<Record<keyof typeof ACCESS, readonly string[]>> = {
  getApiDocument: EVERYBODY,
  getAgreement: EVERYBODY,
  checkMember: EVERYBODY,
  listTerms: EVERYBODY,
  getTerms: EVERYBODY,
  startRequest: EVERYBODY,
  lookAtLink: EVERYBODY,
  confirmEmail: EVERYBODY,
  activate: EVERYBODY,
  nameAddressElsewhere: EVERYBODY,
  proveAddressElsewhere: EVERYBODY,
  openCheckout: EVERYBODY,
  notifyStripe: EVERYBODY,
  getRequest: ['requester', 'desk'],
  giveDocument: ['requester', 'desk'],
  sendConfirmationAgain: ['requester'],
  abandonRequest: ['requester'],
  listRequests: ['desk'],
  getDocument: ['desk'],
  askDocument: ['desk'],
  approveRequest: ['desk'],
  rejectRequest: ['desk'],
  getOwnContract: ['holder'],
  getContact: ['holder'],
  setContact: ['holder'],
  getAlerts: ['holder'],
  setAlerts: ['holder'],
  stopAlerts: ['holder'],
  listAccesses: ['holder'],
  withdraw: ['holder'],
  getRenewalOffer: ['holder', 'link'],
  askRenewal: ['holder', 'link'],
  cancelRenewal: ['holder', 'link'],
  listOrders: ['desk'],
  addOrder: ['desk'],
  listAgreements: ['order', 'desk'],
  addAgreement: ['desk'],
  changeAgreement: ['desk'],
  listStoredTerms: ['desk'],
  getStoredTerms: ['desk'],
  addTerms: ['desk'],
  importRoll: ['order', 'desk', 'roll:write'],
  listMembers: ['order', 'desk', 'roll:read'],
  getMember: ['order', 'desk', 'roll:read'],
  listMembersWithoutAddress: ['order', 'desk', 'roll:read'],
  listWarnings: ['order', 'desk', 'roll:read'],
  noteWarnings: ['order', 'desk'],
  startAddressElsewhere: ['order', 'desk'],
  listAddressesElsewhere: ['order', 'desk', 'roll:read'],
  endAddressElsewhere: ['order', 'desk'],
  makeRegisterExport: ['order', 'desk'],
  listRegisterExports: ['order', 'desk'],
  getRegisterExport: ['order', 'desk'],
  getRegisterFile: ['order', 'desk'],
  confirmRegisterExport: ['order', 'desk'],
  listRequestsOfOrder: ['order', 'desk', 'requests:read'],
  listContracts: ['order', ...READERS, 'contracts:read'],
  listExpiries: ['order', ...READERS, 'contracts:read'],
  getContract: ['order', ...READERS, 'contracts:read'],
  stopContract: ['order', 'desk'],
  listRenewals: ['desk'],
  decideLateRenewal: ['desk'],
  listPayments: ['desk', 'payments:read'],
  registerPayment: ['desk', 'payments:write'],
  importBankFile: ['desk'],
  listNotices: ['desk'],
  getNotice: ['desk'],
  retryNotice: ['desk'],
  listTokens: ['administrator'],
  addToken: ['administrator'],
  revokeToken: ['administrator'],
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
}

const REFUSED = ['sign-in-first', 'not-allowed', 'not-your-order']

interface Operation {
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
}

/** All that the document names, and the document. */
async function operations(): Promise<Operation[]> {
  const answer = await app.inject({ url: '/api/v1/openapi.json' })
  const document = answer.json<{ paths: Record<string, Record<string, { operationId: string }>> }>()
  const named = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({
      id: operationId,
      method: method.toUpperCase() as Operation['method'],
      url: path
        .replace('{order}', order)
        .replace('{id}', REQUEST)
        .replace(/\{\w+\}/, 'X'),
    })),
  )
  return [{ id: 'getApiDocument', method: 'GET', url: '/api/v1/openapi.json' }, ...named]
}

test('every operation lets in whom it should, and nobody else', async () => {
  const all = await operations()
  assert.deepEqual(all.map(({ id }) => id).sort(), Object.keys(MAY).sort())
  assert.deepEqual(Object.keys(ACCESS).sort(), Object.keys(MAY).sort())
  for (const { id, method, url } of all) {
    const may: string[] = []
    for (const [name, principal] of Object.entries(PRINCIPALS)) {
      const answer = await app.inject({ method, url, headers: as(principal) })
      assert.ok(answer.statusCode < 500, `${id} as ${name}: ${answer.body}`)
      if (!(answer.statusCode >= 400 && REFUSED.includes(String(answer.json().code)))) may.push(name)
    }
    assert.deepEqual(may.sort(), [...MAY[id as keyof typeof ACCESS]].sort(), id)
  }
})

test('of another order and of another request nothing is told', async () => {
  const url = `/api/v1/orders/${order}/members`
  const other = await app.inject({ url, headers: as({ kind: 'order', name: 'piero', order: otherOrder }) })
  assert.deepEqual([other.statusCode, other.json().code], [403, 'not-your-order'])
  const mine = as({ kind: 'requester', request: '00000000-0000-7000-8000-000000000001' })
  const request = await app.inject({ url: `/api/v1/requests/${REQUEST}`, headers: mine })
  assert.deepEqual([request.statusCode, request.json().code], [404, 'no-such-request'])
})

test('a route of which the table says nothing does not start', async () => {
  const bare = fastify()
  const keys = { begin: () => assert.fail(), sweep: () => assert.fail() }
  registerApi(bare, { ...parts, keys, waysIn: [], publicRate: 1, report: () => undefined }, [
    (api) => void api.get('/forgotten', { schema: { operationId: 'forgotten' } }, () => 'all'),
  ])
  await assert.rejects(async () => bare.ready(), { code: 'no-access-entry' })
})
