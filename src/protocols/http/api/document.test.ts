/** The OpenAPI document is valid, and a client that a generator makes of it goes a member's way against a server that listens. */
import { Validator } from '@seriousme/openapi-schema-validator'
import { createClient } from '@hey-api/openapi-ts'
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openTestDesk, ANNA, PDF } from '../../../registry/agreement/test-desk.ts'
import { lastFirst, testFolder, withTestDatabase } from '../../../storage/test-database.ts'
import { PROBLEM_TYPES } from './problem-types.ts'
import { as, openTestApi, PARAMETERS } from './test-api.ts'
import { openApiDocument } from './written-document.ts'

const scope = lastFirst({ after })

test('the document is valid OpenAPI 3.1, and every answer has a form', async () => {
  const document = await openApiDocument()
  const { valid, errors } = await new Validator().validate({ ...document })
  assert.ok(valid, JSON.stringify(errors))
  const { openapi, paths } = document as {
    openapi: string
    paths: Record<string, Record<string, { responses: object; security: object[] }>>
  }
  assert.equal(openapi, '3.1.0')
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  assert.ok(operations.length > 30)
  for (const { responses, security } of operations) {
    assert.ok(Object.keys(responses).includes('default') && Object.keys(responses).length === 2)
    assert.ok(security.length > 0)
  }
})

test('every error of a client that the agreement knows is in the table', () => {
  const registry = fileURLToPath(new URL('../../../registry', import.meta.url))
  const files = globSync(['agreement/*.ts', 'people/*.ts', 'idempotency-keys.ts', 'address.ts'], { cwd: registry })
  const codes = files
    .filter((path) => !/test/.test(path))
    .flatMap((path) => [...readFileSync(join(registry, path), 'utf8').matchAll(/clientError\(\s*'([a-z-]+)'/g)])
    .map(([, code = '']) => code)
  assert.ok(codes.length > 50)
  // A line of a file is told in the report on the file.
  const missing = new Set(codes.filter((code) => code !== 'bad-line' && !(code in PROBLEM_TYPES)))
  assert.deepEqual([...missing], [])
})

type Call = (options: object) => Promise<{ data?: Record<string, unknown>; error?: Record<string, unknown>; response: Response }>

/** A client in a folder that goes with the test: its operations by name. */
async function generatedClient(baseUrl: string): Promise<(operation: string, options: object) => ReturnType<Call>> {
  const output = join(testFolder(scope), 'client')
  await createClient({
    input: (await openApiDocument()) as never,
    output: { path: output, module: { extension: '.ts' } },
    plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
    logs: { level: 'silent' },
  })
  const operations = (await import(pathToFileURL(join(output, 'sdk.gen.ts')).href)) as Record<string, Call>
  return async (operation, options) => (operations[operation] ?? assert.fail(`no ${operation}`))({ baseUrl, ...options })
}

/** What an answer has under a name. */
const part = (data: Record<string, unknown> | undefined, name: string): unknown => data?.[name] ?? assert.fail(`no ${name}`)

test('a generated client goes the way of a member', async () => {
  const { database } = await withTestDatabase(scope)
  const desk = await openTestDesk(database)
  const { app } = await openTestApi(desk)
  scope.after(() => app.close())
  const call = await generatedClient(await app.listen({ port: 0 }))
  const { order, code, members } = await desk.newOrder()
  const [member, another] = members
  if (!member || !another) assert.fail()
  const clerk = as({ kind: 'operator', name: 'anna', roles: ['desk'] })

  const { data: checked } = await call('checkMember', { path: { code }, body: member })
  const { address } = (part(checked, 'proposals') as { address: string }[])[0] ?? assert.fail()
  const { data: begun, response } = await call('startRequest', {
    body: { code, ...member, address, years: 2, email: 'mario@example.it', phone: '', termsVersion: '1' },
  })
  assert.equal(response.status, 201)
  const path = { id: begun?.['id'] }
  const mine = { authorization: `Bearer ${String(begun?.['token'])}` }
  const token = await desk.requests.confirmationLink(String(path.id), ANNA)
  const { data: looked } = await call('lookAtLink', { body: { token } })
  assert.deepEqual(looked, { purpose: 'confirm-email', address, email: 'mario@example.it' })
  assert.equal((await call('confirmEmail', { body: { token } })).data?.['id'], path.id)
  const file = new Blob([new Uint8Array(PDF)])
  const { data: given } = await call('giveDocument', { path, headers: mine, body: { file, method: 'bank-transfer' } })
  assert.equal(given?.['state'], 'payment-pending')
  const [payment] = part(given, 'payments') as { reference: string; cents: number }[]
  assert.equal(payment?.cents, 2000)

  const { error } = await call('approveRequest', { path, headers: clerk })
  assert.equal(error?.['code'], 'wrong-state')
  await call('registerPayment', { path: { reference: payment?.reference }, headers: clerk, body: { note: 'seen' } })
  const { data: list } = await call('listRequests', { headers: clerk, query: { state: 'review-pending', limit: 5 } })
  assert.deepEqual(
    (part(list, 'items') as { id: string }[]).map(({ id }) => id),
    [path.id],
  )
  const { data: shown } = await call('getDocument', { path, headers: clerk, parseAs: 'arrayBuffer' })
  assert.deepEqual(Buffer.from(shown as unknown as ArrayBuffer), PDF)
  const { data: approved } = await call('approveRequest', { path, headers: clerk })
  const contract = String(approved?.['contract'])

  const link = await desk.contracts.activationLink(contract, ANNA)
  assert.deepEqual((await call('lookAtLink', { body: { token: link } })).data, { purpose: 'activate', address, email: null })
  const { data: activated } = await call('activate', { body: { token: link, password: 'una parola lunga e rara 27' } })
  assert.deepEqual(activated, { address, ...PARAMETERS })
  const ofOrder = as({ kind: 'order', name: 'luisa', order })
  const { data: with_ } = await call('listMembers', { path: { order }, headers: ofOrder, query: { only: 'with-address' } })
  assert.deepEqual(
    (part(with_, 'items') as { address: string }[]).map((one) => one.address),
    [address],
  )
  const holder = as({ kind: 'holder', address, by: 'login' })
  const { data: accesses } = await call('listAccesses', { headers: holder })
  assert.ok((part(accesses, 'items') as { act: string }[]).some(({ act }) => act === 'state-changed'))

  const { data: early } = await call('getRenewalOffer', { headers: holder })
  assert.equal(early?.['may'], 'early')
  await desk.goTo('2028-01-10')
  const reminded = { authorization: `Bearer ${await desk.accessLinks.forRenewal(contract)}` }
  const { data: offer } = await call('getRenewalOffer', { headers: reminded })
  assert.deepEqual([offer?.['may'], (part(offer, 'choices') as object[])[1]], ['now', { years: 2, cents: 2000 }])
  const { data: asked } = await call('askRenewal', { headers: reminded, body: { years: 2 } })
  const { reference } = part(asked, 'payment') as { reference: string }
  const { data: registered } = await call('registerPayment', { path: { reference }, headers: clerk, body: {} })
  assert.equal(registered?.['outcome'], 'registered')
  const { data: own } = await call('getOwnContract', { headers: holder })
  assert.equal(own?.['expiresOn'], '2030-03-15')
})
