/** For tests: the API over a desk on a real database, asked as whoever the test says. */
import { fastify } from 'fastify'
import { openTestNotices } from '../../../notices/test-desk.ts'
import { createIdempotencyKeys } from '../../../registry/idempotency-keys.ts'
import { PDF, type openTestDesk, type TestMember } from '../../../registry/agreement/test-desk.ts'
import { createMachineTokens } from '../../../registry/machine-tokens.ts'
import { createSecretBox } from '../../../registry/operators/secret-box.ts'
import { createWebhooks } from '../../../webhooks/webhooks.ts'
import { registerApi } from './api.ts'
import type { Principal, WayIn } from './principal.ts'
import { linkToken, machineToken } from './ways-in.ts'

const AS = 'x-as'

/** Believes what a header says. */
const asSaid: WayIn = async ({ headers }) => {
  const said = headers[AS]
  return typeof said === 'string' ? (JSON.parse(said) as Principal) : undefined
}

export const as = (principal: Principal): Record<string, string> => ({ [AS]: JSON.stringify(principal) })

export const DESK = as({ kind: 'operator', name: 'anna', roles: ['desk'] })

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

export interface Asked {
  readonly headers?: Record<string, string>
  readonly body?: object
  /** sent as multipart/form-data, with fields beside it */
  readonly file?: Buffer
  readonly fields?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  /** of an error, its code */
  readonly code: unknown
  readonly body: Readonly<Record<string, unknown>>
}

/** Tables that wrong inputs must leave as they are. */
const TABLES = [
  'address',
  'address_hold',
  'agreement',
  'address_elsewhere',
  'address_fact',
  'agreement_timer',
  'alert',
  'audit_entry',
  'contract',
  'document',
  'holder',
  'link_token',
  'member',
  'member_warning',
  'money_movement',
  'notice',
  'payment',
  'renewal',
  'register_export',
  'request',
  'terms_text',
]

type TestDesk = Awaited<ReturnType<typeof openTestDesk>>

export const PARAMETERS = {
  serverName: 'pec.prova.test',
  ports: { submissions: 465, submission: 587, imaps: 993, imap: 143, pop3s: 995, pop3: 110 },
}

/** What the API is made of, but for the ways in. */
export function testApiParts(desk: TestDesk) {
  const { database } = desk
  const now = (): number => desk.clock.now
  const box = createSecretBox(Buffer.alloc(32))
  return {
    desk,
    ...openTestNotices(desk),
    web: 'https://pec.test',
    accessesOf: desk.accessesOf,
    tokens: createMachineTokens({ database, checkOwner: () => Promise.resolve(), now }),
    webhooks: createWebhooks({ database, box: () => box, checkOwner: () => Promise.resolve(), now }),
    keys: createIdempotencyKeys(database, now),
    parameters: PARAMETERS,
  }
}

export async function openTestApi(desk: TestDesk) {
  const app = fastify()
  const reported: string[] = []
  const parts = testApiParts(desk)
  const { keys, tokens, webhooks } = parts
  registerApi(app, {
    ...parts,
    waysIn: [asSaid, linkToken(desk.accessLinks), machineToken(tokens)],
    publicRate: 10_000,
    report: (name, data) => void reported.push(`${name} ${JSON.stringify(data)}`),
  })
  await app.ready()

  async function ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, asked: Asked = {}): Promise<Answered> {
    const { headers = {}, body, file, fields = {} } = asked
    const form = file && formOf(file, fields)
    const answer = await app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...headers, ...(form && { 'content-type': form.headers.get('content-type') ?? '' }) },
      ...(body && { payload: body }),
      ...(form && { payload: Buffer.from(await form.arrayBuffer()) }),
    })
    const isJson = String(answer.headers['content-type']).includes('json')
    const parsed = isJson ? (JSON.parse(answer.body) as Record<string, unknown>) : {}
    return { status: answer.statusCode, headers: answer.headers, code: parsed['code'], body: parsed }
  }

  /** All that there is of agreements, as one text. */
  async function everything(): Promise<string> {
    const texts = TABLES.map((table) => `(select string_agg(t::text, chr(10) order by t::text) from ${table} t) as "${table}"`)
    return JSON.stringify(await desk.database.reader.read(`select ${texts.join(', ')}`))
  }

  const wanted = (code: string, member: TestMember, address: string) => ({
    code,
    ...member,
    address,
    years: 1,
    email: 'mario@example.it',
    phone: '',
    termsVersion: '1',
  })

  /** A request, begun by the API. */
  async function start(code: string, member: TestMember) {
    const { proposals } = await desk.requests.check({ code, ...member })
    const address = proposals.find(({ free }) => free)?.address ?? ''
    const { body } = await ask('POST', '/requests', { body: wanted(code, member, address) })
    return { id: String(body['id']), token: String(body['token']), address }
  }

  /** A request whose document is given. */
  async function withDocument(code: string, member: TestMember) {
    const request = await start(code, member)
    await desk.requests.confirmEmail(await desk.requests.confirmationLink(request.id, { actor: 'system', role: 'system' }))
    await ask('POST', `/requests/${request.id}/document`, { headers: bearer(request.token), file: PDF })
    return request
  }

  return { app, parts, keys, tokens, webhooks, reported, ask, everything, wanted, start, withDocument }
}

const formOf = (file: Buffer, fields: Readonly<Record<string, string>>): Response => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(file)]), 'file')
  return new Response(form)
}
