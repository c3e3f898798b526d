import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'
import type { TestClient } from './test-imap.ts'

const imap = await withImap({ after })

/** As the test client speaks it: a character per byte. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

const EIGHT_BIT = utf8('Subject: perché\r\nFrom: è@pec.test\r\n\r\nx\r\n')

async function enabled(...extensions: string[]): Promise<TestClient> {
  const client = await imap.login(await imap.mailbox())
  if (extensions.length > 0)
    assert.deepEqual(await client.ok(`ENABLE ${extensions.join(' ')}`), [`* ENABLED ${extensions.join(' ')}`])
  return client
}

test('UTF8=ACCEPT: names are UTF-8 in both directions, and nothing else is taken for one', async () => {
  const client = await enabled('UTF8=ACCEPT')
  const name = utf8('Entità "A&-B"\\più')
  const quoted = `"${name.replace(/["\\]/g, '\\$&')}"`
  await client.ok(`CREATE ${quoted}`)
  assert.deepEqual(await client.ok(`LIST "" "Entit*"`), [`* LIST (\\HasNoChildren) "/" ${quoted}`])
  assert.deepEqual(await client.ok(`LSUB "" "Entit*"`), [`* LSUB () "/" ${quoted}`])
  assert.deepEqual(await client.ok(`STATUS ${quoted} (MESSAGES)`), [`* STATUS ${quoted} (MESSAGES 0)`])
  assert.deepEqual((await client.ok(`GETQUOTAROOT {${name.length}+}\r\n${name}`))[0], `* QUOTAROOT ${quoted} ""`)
  // "&" is an ampersand here, and no modified UTF-7.
  await client.ok('CREATE "R&AOY-S"')
  assert.deepEqual(await client.ok('LIST "" R*'), ['* LIST (\\HasNoChildren) "/" "R&AOY-S"'])
  for (const wrong of ['CREATE "\xe8"', 'CREATE "\xc0\xaf"', 'CREATE "\xed\xa0\x80"', 'SEARCH X', 'STATUS "\xff" (MESSAGES)']) {
    assert.match(await client.tagged(wrong), /^BAD/, wrong)
  }
  for (const refused of ['a\u0085b', 'a\u2028b', 'a\u2029b', 'a\u0080']) {
    assert.match(await client.tagged(`CREATE "${utf8(refused)}"`), /^NO \[CANNOT\]/)
  }
  // Who has not asked for it still gets modified UTF-7.
  const plain = await enabled()
  await plain.ok(`CREATE "${utf8('Entità')}"`)
  assert.deepEqual(await plain.ok('LIST "" E*'), ['* LIST (\\HasNoChildren) "/" "Entit&AOA-"'])
})

test('UTF8=ACCEPT: a name is the same however its characters are composed', async () => {
  const client = await enabled('UTF8=ACCEPT')
  await client.ok(`CREATE "${utf8('Entita\u0300/due')}"`)
  const composed = `"${utf8('Entità/due')}"`
  assert.deepEqual(await client.ok(`LIST "" "${utf8('Entita\u0300/%')}"`), [`* LIST (\\HasNoChildren) "/" ${composed}`])
  await client.ok(`SELECT "${utf8('Entita\u0300/due')}"`)
  await client.ok(`SELECT ${composed}`)
  assert.match(await client.tagged(`CREATE ${composed}`), /^NO \[ALREADYEXISTS\]/)
  await client.ok(`RENAME "${utf8('Entita\u0300')}" "${utf8('Cafe\u0301')}"`)
  await client.ok(`DELETE "${utf8('Cafe\u0301/due')}"`)
  assert.deepEqual(await client.ok('LIST "" C*f*'), [`* LIST (\\HasNoChildren) "/" "${utf8('Café')}"`])
})

test('UTF8=ACCEPT: messages with UTF-8 header fields are taken from who asks for it, and given back as they were', async () => {
  const plain = await enabled()
  assert.match(await plain.append('INBOX', EIGHT_BIT), /^NO \[CANNOT\]/)
  assert.match(await plain.tagged(`APPEND INBOX UTF8 (~{${EIGHT_BIT.length}+}\r\n${EIGHT_BIT})`), /^NO \[CANNOT\]/)
  // Bodies may be anything.
  assert.match(await plain.append('INBOX', utf8('Subject: x\r\n\r\nperché\r\n')), /^OK/)
  const client = await enabled('UTF8=ACCEPT')
  const first = `APPEND INBOX (\\Seen) UTF8 (~{${EIGHT_BIT.length}+}\r\n${EIGHT_BIT})`
  assert.match(await client.tagged(`${first} "15-Jan-2024 10:00:00 +0100" UTF8 (~{4+}\r\nx: y)`), /^OK \[APPENDUID \d+ 1:2\]/)
  assert.match(await client.append('INBOX', EIGHT_BIT), /^OK/)
  await client.ok('SELECT INBOX')
  for (const number of [1, 3]) {
    assert.deepEqual(await client.ok(`FETCH ${number} BODY.PEEK[]`), [
      `* ${number} FETCH (BODY[] {${EIGHT_BIT.length}}\r\n${EIGHT_BIT})`,
    ])
  }
  assert.match((await client.ok('FETCH 1 ENVELOPE')).join(), /\{7\}\r\nperch\xc3\xa9/)
  assert.deepEqual(await client.ok(`SEARCH SUBJECT "${utf8('PERCHÉ')}"`), ['* SEARCH 1 3'])
  for (const wrong of ['UTF8 {1+}\r\nx', 'UTF8 ({1+}\r\nx)', 'UTF8 (~{1+}\r\nx', 'UTF8 ()']) {
    assert.match(await client.tagged(`APPEND INBOX ${wrong}`), /^BAD/, wrong)
  }
})

test('UTF8=ACCEPT: a search is in UTF-8, and says nothing else', async () => {
  const client = await enabled('UTF8=ACCEPT')
  await client.ok('SELECT INBOX')
  assert.match(await client.tagged('SEARCH CHARSET UTF-8 ALL'), /^BAD/)
  assert.match(await client.tagged('SEARCH SUBJECT "\xe8"'), /^BAD/)
  assert.deepEqual(await client.ok('SEARCH SUBJECT {1+}\r\n\xe8'), ['* SEARCH'])
})
