/** What comes back of our own ordinary mail goes to who sent it, and nowhere else; other recipients of the same message get it as usual. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIncomingPoint } from './incoming-point.ts'

const OURS = 'rimbalzi+1@pec.example.it'
const MARIO = 'mario@pec.example.it'

function start() {
  const told = { bounces: [] as string[], ordinary: [] as string[], looked: 0, taken: [] as string[] }
  const point = createIncomingPoint({
    directory: { providerOf: () => Promise.resolve(undefined), providerOfCertificate: () => assert.fail() },
    isLocal: () => Promise.resolve(false),
    isServiceAddress: () => Promise.resolve(false),
    recogniser: {
      recognise: () => {
        told.looked++
        return Promise.resolve({ class: 'ordinary', reason: 'no-signature', message: {} as never })
      },
    },
    takeEnvelope: () => assert.fail(),
    takeReceipt: () => assert.fail(),
    plainMail: { wrap: () => assert.fail(), pass: () => assert.fail() },
    ordinaryMail: {
      checkRecipient: () => assert.fail(),
      checkAllKnown: () => assert.fail(),
      take: ({ recipients }) => Promise.resolve(void told.ordinary.push(...recipients)),
    },
    bounces: {
      isOurs: (address) => address === OURS,
      take: (addresses) => Promise.resolve(void told.bounces.push(...addresses)),
    },
    scanner: { scan: () => Promise.resolve(null) },
    quarantine: {} as never,
    report: (name, data) => {
      if (name === 'mail-taken' && 'kind' in data) told.taken.push(data.kind)
    },
    now: Date.now,
  })
  const receive = (...recipients: string[]) =>
    point.receive({
      reversePath: '',
      recipients,
      bytes: Buffer.from('x'),
      client: { address: '192.0.2.1', name: 'mx.test', protocol: 'ESMTP' },
    })
  return { point, receive, told }
}

test('an envelope sender of ours is a recipient, whatever the policies; others are asked about', async () => {
  const { point } = start()
  await point.checkRecipient(OURS, '')
  await assert.rejects(point.checkRecipient(MARIO, ''), { code: 'relay-denied' })
})

test('what comes back is not looked at as mail', async () => {
  const { receive, told } = start()
  await receive(OURS)
  assert.deepEqual(told, { bounces: [OURS], ordinary: [], looked: 0, taken: ['bounce'] })
})

test('who else is a recipient gets it as usual', async () => {
  const { receive, told } = start()
  await receive(MARIO, OURS)
  assert.deepEqual(told, { bounces: [OURS], ordinary: [MARIO], looked: 1, taken: ['ordinary'] })
})
