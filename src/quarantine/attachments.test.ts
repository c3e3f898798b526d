import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { zipOf } from '../../test/support/zip.ts'
import { createAttachmentCheck } from './attachments.ts'

const check = createAttachmentCheck(['exe', 'scr', 'tar.gz'])
const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}/g, '$&\r\n')
const SAFE = Buffer.from('harmless')
const HIDDEN = { kind: 'blocked-attachment', name: 'allegati che non si possono esaminare' }

const find = (message: string | Buffer) => check.find(Buffer.isBuffer(message) ? message : Buffer.from(message, 'latin1'))
const found = async (message: string | Buffer): Promise<boolean> => (await find(message)) !== null

/** A multipart message with a part of these header lines. */
const withPart = (lines: string, body = 'x'): string =>
  `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b\r\n${lines}\r\n\r\n${body}\r\n--b--\r\n`

const withFile = (name: string, bytes: Buffer): string =>
  withPart(`Content-Type: application/octet-stream; name="${name}"\r\nContent-Transfer-Encoding: base64`, base64(bytes))

const named = (name: string): string => withPart(`Content-Disposition: attachment; filename="${name}"`)

test('the name of what was found stands in the notice, without what does not show', async () => {
  assert.deepEqual(await find(named('Fattura 12.exe')), {
    kind: 'blocked-attachment',
    name: 'allegato non ammesso Fattura 12.exe',
  })
  const encoded = `=?UTF-8?B?${Buffer.from('caff\u00e8\u202exe\u0007.exe').toString('base64')}?=`
  assert.equal((await find(named(encoded)))?.name, 'allegato non ammesso caff\u00e8xe.exe')
  assert.equal((await find(named(`${'x'.repeat(300)}.exe`)))?.name, `allegato non ammesso …${'x'.repeat(76)}.exe`)
})

for (const name of [
  'a.exe',
  'A.EXE',
  '.exe',
  'a.pdf.exe',
  'a.exe.',
  'a.exe . . ',
  'a.exe\u00a0',
  'a.tar.gz',
  'dir/a.exe',
  'C:\\\\dir\\\\a.exe',
  'a.exe/',
  'a.exe::$DATA',
  'a.exe:b.txt',
  `a.exe${' '.repeat(2000)}`,
  '=?utf-8?Q?a=2Eexe?=',
  '=?utf-8?B?YS5leGU=?=',
  '=?utf-8?Q?a=2E?= =?utf-8?Q?exe?=',
  'a.\u00e2\u0080\u008bexe',
  'a\u00ef\u00bc\u008e\u00ef\u00bd\u0085xe',
]) {
  test(`blocked: ${JSON.stringify(name.slice(0, 40))}`, async () => assert.ok(await found(named(name))))
}

for (const name of [
  'a.txt',
  'exe',
  'a.exe.txt',
  'aexe',
  'a.exes',
  'a.gz',
  'x.exe/a.txt',
  'caff\u00e8',
  '',
  '.',
  'relazione (1)',
]) {
  test(`not blocked: ${JSON.stringify(name)}`, async () => assert.equal(await find(named(name)), null))
}

for (const [title, lines] of [
  ['name of Content-Type', 'Content-Type: application/pdf; name=a.exe'],
  ['RFC 2231', "Content-Disposition: attachment; filename*=utf-8''caff%C3%A8%2Eexe"],
  ['RFC 2231 continuations', 'Content-Disposition: attachment;\r\n filename*0="a.";\r\n filename*1="exe"'],
  ['RFC 2231 beside a harmless name', "Content-Disposition: attachment; filename=a.txt; filename*=utf-8''a.exe"],
  ['a harmless RFC 2231 name beside it', "Content-Disposition: attachment; filename=a.exe; filename*=utf-8''a.txt"],
  ['the second of two parameters', 'Content-Disposition: attachment; filename=a.txt; filename=a.exe'],
  ['the second of two fields', 'Content-Disposition: inline\r\nContent-Disposition: attachment; filename=a.exe'],
  ['a name beside another one', 'Content-Type: text/plain; name=a.exe\r\nContent-Disposition: attachment; filename=a.txt'],
  ['inline', 'Content-Disposition: inline; filename=a.exe'],
  ['without quotes', 'Content-Disposition: attachment; filename=Fattura elettronica.exe'],
] as const) {
  test(`blocked by its ${title}`, async () => assert.ok(await found(withPart(lines))))
}

test('the message itself may be the attachment', async () => {
  assert.ok(await found('Content-Type: application/octet-stream; name=a.exe\r\n\r\nx'))
})

const inner = named('a.exe')

test('inside other messages, encoded or not, to any depth that may be looked at', async () => {
  const enclose = (message: string, encoding: string): string =>
    withPart(
      `Content-Type: message/rfc822; name="postacert.eml"\r\nContent-Transfer-Encoding: ${encoding}`,
      encoding === 'base64' ? base64(Buffer.from(message, 'latin1')) : message,
    )
  for (const encoding of ['7bit', '8bit', 'base64'])
    assert.ok(await found(enclose(inner.replaceAll('=b\r', '=c\r').replaceAll('--b', '--c'), encoding)), encoding)
  assert.ok(await found(withFile('a.eml', Buffer.from(inner))))
  assert.equal(await find(enclose('Subject: x\r\n\r\nx', 'base64')), null)
  let deep = 'Subject: x\r\n\r\nx'
  for (let depth = 0; depth < 8; depth++) deep = enclose(deep, 'base64')
  assert.equal(await find(deep), null)
  assert.deepEqual(await find(enclose(deep, 'base64')), HIDDEN)
})

test('inside ZIP files: stored, deflated, encrypted, in folders, whatever the file is called', async () => {
  for (const options of [{}, { deflated: true }, { encrypted: true }]) {
    assert.ok(await found(withFile('a.zip', zipOf({ name: 'x/A.EXE ', bytes: SAFE, ...options }))))
  }
  assert.ok(await found(withFile('a.pdf', zipOf({ name: 'a.txt', bytes: SAFE }, { name: 'a.exe', bytes: SAFE }))))
  assert.ok(await found(withFile('a.bin', Buffer.concat([Buffer.from('MZ...'), zipOf({ name: 'a.exe', bytes: SAFE })]))))
  assert.ok(await found(withFile('a.zip', zipOf({ name: '../../a.exe', bytes: SAFE }))), 'a path that yauzl would refuse')
  assert.equal(await find(withFile('a.zip', zipOf({ name: 'exe/a.txt', bytes: SAFE }, { name: 'b.exe.txt', bytes: SAFE }))), null)
  assert.equal(await find(withFile('a.zip', zipOf({ name: 'folder.exe/', bytes: Buffer.alloc(0) }))), null)
  assert.equal(await find(withFile('a.zip', zipOf())), null)
})

test('inside ZIP files in ZIP files', async () => {
  const bytes = zipOf({ name: 'caffè.exe', bytes: SAFE, deflated: true })
  for (const deflated of [false, true]) assert.ok(await found(withFile('a.zip', zipOf({ name: 'B.Zip', bytes, deflated }))))
  assert.equal(
    await find(withFile('a.zip', zipOf({ name: 'b.zip', bytes, deflated: true, encrypted: true }))),
    null,
    'nobody sees into it',
  )
  assert.equal(await find(withFile('a.zip', zipOf({ name: 'b.zip', bytes: zipOf({ name: 'a.txt', bytes: SAFE }) }))), null)
})

test('damaged ZIP files are no error, and what they still show is looked at', async () => {
  const whole = zipOf({ name: 'a.exe', bytes: Buffer.alloc(1000, 'x') }, { name: 'b.txt', bytes: SAFE })
  for (const length of [60, 500, 1100, whole.length - 1, whole.length - 22]) {
    assert.ok(await found(withFile('a.zip', whole.subarray(0, length))), `cut at ${length}`)
  }
  assert.ok(await found(withFile('a.zip', Buffer.concat([whole, Buffer.from('more')]))))
  const broken = zipOf({ name: 'b.zip', bytes: Buffer.alloc(1000, 1), deflated: true })
  broken.fill(0xff, 40, 50)
  assert.equal(await find(withFile('a.zip', broken)), null)
})

test('a ZIP bomb is not unpacked: it counts as blocked', async () => {
  const zeros = zipOf({ name: 'zeros', bytes: Buffer.alloc(20_000_000) })
  assert.deepEqual(await find(withFile('a.zip', zipOf({ name: 'b.zip', bytes: zeros, deflated: true }))), HIDDEN)
  const some = zipOf({ name: 'zeros', bytes: Buffer.alloc(10_000_000) })
  assert.equal(await find(withFile('a.zip', zipOf({ name: 'b.zip', bytes: some, deflated: true }))), null)
  const twice = zipOf({ name: 'b.zip', bytes: some, deflated: true }, { name: 'c.zip', bytes: some, deflated: true })
  assert.deepEqual(await find(withFile('a.zip', twice)), HIDDEN, 'the bound is that of the message')
  assert.equal(await find(withFile('a.zip', zipOf({ name: 'zeros', bytes: Buffer.alloc(30_000_000), deflated: true }))), null)
  const bytes = zipOf({ name: 'noise', bytes: Buffer.alloc(18_000_000, 1) })
  assert.equal(await find(withFile('a.zip', zipOf({ name: 'b.zip', bytes }))), null, 'an honest large one fits')
})

test('more than may be looked at counts as blocked', async () => {
  const part = '--b\r\nContent-Type: text/plain\r\n\r\nx\r\n'
  const multipart = (count: number): string => `Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(count)}--b--\r\n`
  assert.equal(await find(multipart(900)), null)
  assert.deepEqual(await find(multipart(1500)), HIDDEN)
  let deep = 'Content-Type: text/plain\r\n\r\nx'
  for (let depth = 0; depth < 60; depth++) {
    deep = `Content-Type: multipart/mixed; boundary=b${depth}x\r\n\r\n--b${depth}x\r\n${deep}\r\n--b${depth}x--\r\n`
  }
  assert.deepEqual(await find(deep), HIDDEN)
  const entries = Buffer.from('PK\x03\x04'.padEnd(30, '\0').repeat(110_000), 'latin1')
  assert.deepEqual(await find(withFile('a.zip', entries)), HIDDEN)
})

test('property: no bytes make it throw, and a blocked name is found beside them', async () => {
  const fragment = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '\r\n',
      '\r\n\r\n',
      '--b\r\n',
      '--b--',
      'Content-Type: message/rfc822\r\n',
      'Content-Type: multipart/mixed; boundary=b\r\n',
    ),
    fc.constantFrom(
      'PK\x03\x04',
      'PK\x01\x02',
      'PK\x05\x06',
      "; filename*0*=utf-8''%",
      '; name="',
      'Content-Transfer-Encoding: base64\r\n',
    ),
  )
  const noise = fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(noise, fc.uint8Array({ maxLength: 200 }), async (text, bytes) => {
      await find(text)
      await find(withFile('a.zip', Buffer.concat([Buffer.from('PK\x03\x04'), bytes, Buffer.from('PK\x05\x06'), bytes])))
      const zip = zipOf({ name: 'a.exe', bytes: Buffer.from(bytes) })
      assert.ok(await found(withFile('a.zip', Buffer.concat([bytes, zip]))))
    }),
    { numRuns: 300 },
  )
})

test('names that are made to be slow are not', async () => {
  const started = performance.now()
  const long = 1_000_000
  await find(named(`${' '.repeat(long)}x`))
  await find(named('.eml'.repeat(long / 4)))
  await find(named(`a.eml${'. '.repeat(long / 2)}x`))
  await find(named('=?'.repeat(long / 2)))
  await find(named('/'.repeat(long)))
  assert.ok(performance.now() - started < 5000)
})
