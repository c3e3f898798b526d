/** The scanner as a whole, with the real clamd (CI) and without. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { EICAR, EICAR_NAME, startClamd } from '../../test/support/clamd.ts'
import { requireTools } from '../../test/support/tools.ts'
import { zipOf } from '../../test/support/zip.ts'
import { createScanner } from './scanner.ts'
import { testScanner } from './scanner.contract.ts'
import type { ScannerCase } from './scanner.contract.ts'
import type { Threat } from './types.ts'

const VIRUS: Threat = { kind: 'virus', name: EICAR_NAME }
const eicar = Buffer.from(EICAR, 'latin1')
const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}/g, '$&\r\n')

const attachment = (name: string, bytes: Buffer, first = ''): string =>
  `${first}From: a@pec.it\r\nTo: b@pec.it\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n` +
  `--b\r\nContent-Type: text/plain\r\n\r\nText\r\n--b\r\nContent-Type: application/octet-stream; name="${name}"\r\n` +
  `Content-Transfer-Encoding: base64\r\n\r\n${base64(bytes)}\r\n--b--\r\n`

const enclosing = (message: string, encoding: string): string =>
  `X-Trasporto: posta-certificata\r\nFrom: posta-certificata@pec.it\r\nContent-Type: multipart/mixed; boundary="outer"\r\n\r\n` +
  `--outer\r\nContent-Type: message/rfc822; name="postacert.eml"\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${message}\r\n--outer--\r\n`

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const zip = zipOf({ name: 'a.txt', bytes: eicar, deflated: true })

const CASES: readonly ScannerCase[] = [
  { title: 'a virus in the text', message: latin1(`Subject: x\r\n\r\n${EICAR}\r\n`), threat: VIRUS },
  { title: 'a virus in a base64 attachment', message: latin1(attachment('a.txt', eicar)), threat: VIRUS },
  { title: 'a virus in a ZIP file', message: latin1(attachment('a.zip', zip)), threat: VIRUS },
  ...['GIF89a: 1\r\n', 'MZ: 1\r\n', 'X-Strange: 1\r\n', `X-Long: ${'x'.repeat(900)}\r\n`.repeat(3)].map((first) => ({
    title: `a virus in a message that begins with ${first.slice(0, 6)}`,
    message: latin1(attachment('a.zip', zip, first)),
    threat: VIRUS,
  })),
  {
    title: 'a virus in the original of an envelope',
    message: latin1(enclosing(attachment('a.zip', zip), '7bit')),
    threat: VIRUS,
  },
  {
    title: 'a virus in an original that is encoded',
    message: latin1(enclosing(base64(latin1(attachment('a.zip', zip))), 'base64')),
    threat: VIRUS,
  },
  { title: 'an attachment that does no harm', message: latin1(attachment('a.txt', latin1('harmless'))), threat: null },
]

const BLOCKED: Threat = { kind: 'blocked-attachment', name: 'allegato non ammesso a.exe' }
const BLOCKED_CASES: readonly ScannerCase[] = [
  { title: 'a blocked attachment', message: latin1(attachment('a.exe', latin1('harmless'))), threat: BLOCKED },
  {
    title: 'a blocked attachment in a ZIP file',
    message: latin1(attachment('a.zip', zipOf({ name: 'a.exe', bytes: latin1('harmless') }))),
    threat: BLOCKED,
  },
]

testScanner('clamd over TCP', {
  cases: CASES,
  async create(t) {
    if (!requireTools(t, 'clamd')) return undefined
    return createScanner({ clamd: (await startClamd(t)).tcp, blocked: [] })
  },
})

testScanner('clamd over a Unix socket, and blocked attachments', {
  cases: [...CASES, ...BLOCKED_CASES],
  async create(t) {
    if (!requireTools(t, 'clamd')) return undefined
    return createScanner({ clamd: (await startClamd(t)).unix, blocked: ['exe'] })
  },
})

testScanner('blocked attachments alone', {
  cases: [
    ...BLOCKED_CASES,
    { title: 'a virus that nobody looks for', message: latin1(attachment('a.txt', eicar)), threat: null },
  ],
  create: async () => createScanner({ blocked: ['exe'] }),
})

const NOWHERE = '/nonexistent/clamd.ctl'

test('with clamd away no message is clean; what needs no clamd is still found', async () => {
  const scanner = createScanner({ clamd: NOWHERE, blocked: ['exe'] })
  for (const { message } of CASES) {
    await assert.rejects(scanner.scan(message), { code: 'scanner-unavailable', fault: 'temporary' })
  }
  for (const { message, threat } of BLOCKED_CASES) assert.deepEqual(await scanner.scan(message), threat)
})

test('the health of the scanner', async (t: TestContext) => {
  assert.equal(await createScanner({ blocked: [] }).checkScanner(), null)
  await assert.rejects(createScanner({ clamd: NOWHERE, blocked: [] }).checkScanner(), { code: 'scanner-unavailable' })
  if (!requireTools(t, 'clamd')) return
  const running = await startClamd(t)
  assert.match((await createScanner({ clamd: running.tcp, blocked: [] }).checkScanner()) ?? '', /^ClamAV \d/)
})
