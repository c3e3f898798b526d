/**
 * Hostile clients on real connections of IMAP, POP3 and submission, before the login and after it: every line is answered or the connection is closed,
 * the next honest client is served, and what the servers hold in memory is bounded. FUZZ_SECONDS, FUZZ_SEED as in fuzz-parsers.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { hostile } from './support/fuzz/bytes.ts'
import { fuzzSeed, repeat } from './support/fuzz/effort.ts'
import { imapCommand } from './support/fuzz/imap-grammar.ts'
import { liveMemory } from './support/fuzz/live-memory.ts'
import { popCommand, smtpCommand } from './support/fuzz/other-grammars.ts'
import type { RawClient } from './support/fuzz/raw-client.ts'
import { imapService, pop3Service, submissionService } from './support/fuzz/services.ts'
import type { Service } from './support/fuzz/services.ts'

const MIB = 1024 * 1024

/** Mistakes in a row do not end a connection here: more of each is seen. */
const imap = await imapService({ after }, { badCommands: 1000 })
const pop3 = await pop3Service({ after }, { badCommands: 1000 })
const submission = await submissionService({ after })
const services = [imap, pop3, submission]

/** A connection in each state. */
const states = (service: Service): [string, () => Promise<RawClient>][] => [
  ['before the login', service.connect],
  ['after the login', service.login],
]

async function assertServed(service: Service): Promise<void> {
  for (const [, open] of states(service)) {
    const client = await open()
    await client.send(service.harmless)
    assert.match(await client.until(service.answer), service.answer)
    client.destroy()
  }
}

interface Hostility {
  readonly service: Service
  readonly line: fc.Arbitrary<string>
  /** what of all that the server says it may not say */
  readonly strange: (answers: string) => string
  readonly share: number
}

/** Some clients say all their lines at once, and hang up when an honest one has been served for a while: who waits for a literal waits for ever. */
async function attack(
  clients: readonly (readonly [RawClient, readonly string[]])[],
  honest: () => Promise<void>,
  strange: Hostility['strange'],
): Promise<void> {
  for (const [client, lines] of clients) client.push(lines.map((line) => `${line}\r\n`).join(''))
  await honest()
  for (const [client, lines] of clients) {
    const answers = await client.finish()
    assert.equal(strange(answers).slice(0, 500), '', JSON.stringify(lines))
  }
}

/** Clients that attack at the same time. */
const AT_ONCE = 32

/** Commands of an honest client meanwhile. */
const TURNS = 40

async function fuzz({ service, line, strange, share }: Hostility): Promise<number> {
  let clients = 0
  let first = 0
  const honest = await service.login()
  const serve = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn++) {
      await honest.send(service.harmless)
      assert.match(await honest.until(service.answer), service.answer)
    }
  }
  const script = fc.tuple(fc.array(line, { minLength: 1, maxLength: 12 }), fc.boolean())
  await repeat(share, async (round) => {
    const scripts = fc.sample(script, { numRuns: AT_ONCE, seed: fuzzSeed + round })
    const opened = await Promise.all(
      scripts.map(async ([lines, loggedIn]) => [await (loggedIn ? service.login() : service.connect()), lines] as const),
    )
    await attack(opened, serve, strange)
    clients += AT_ONCE
    // Once everything that is made once is made.
    if (first === 0 && clients >= 100) first = await liveMemory()
  })
  honest.destroy()
  await assertServed(service)
  const last = await liveMemory()
  assert.ok(first === 0 || last - first < 48 * MIB, `${(last - first) / MIB} MiB more are held after ${clients} clients`)
  return clients
}

/** What is no response of IMAP, up to its end: lines begin as they must, and literals hold anything. "" if all is well. */
function strangeInImap(answers: string): string {
  for (let at = 0, begins = true; at < answers.length;) {
    const end = answers.indexOf('\r\n', at)
    const line = answers.slice(at, end < 0 ? answers.length : end)
    if (begins && end >= 0 && !/^(?:\* |\+ |[^\s*+]+ (?:OK|NO|BAD) )/.test(line)) return line
    const literal = /\{(\d+)\}$/.exec(line)
    begins = !literal
    at += line.length + 2 + Number(literal?.[1] ?? 0)
  }
  return ''
}

/** Some lines of a client cannot be told from what a message holds. */
const strangeInPop3 = (answers: string): string => (/^(?:[+-][^]*)?$/.test(answers) ? '' : answers)

const strangeInSmtp = (answers: string): string => answers.replace(/^(?:[2-5]\d\d[ -][^\r\n]*\r\n)*/, '')

test('IMAP: thousands of hostile commands', async (t) => {
  const line = hostile(imapCommand.map((command) => `a ${command}`))
  t.diagnostic(`${await fuzz({ service: imap, line, strange: strangeInImap, share: 0.2 })} clients`)
})

test('POP3: thousands of hostile commands', async (t) => {
  t.diagnostic(`${await fuzz({ service: pop3, line: hostile(popCommand), strange: strangeInPop3, share: 0.06 })} clients`)
})

test('submission: thousands of hostile commands', async (t) => {
  t.diagnostic(`${await fuzz({ service: submission, line: hostile(smtpCommand), strange: strangeInSmtp, share: 0.06 })} clients`)
})

/** What a server may hold for one client beside what it holds anyway. */
const MOST = 16 * MIB

test('a line without end takes no memory, and is refused', async () => {
  const piece = 'x'.repeat(MIB)
  for (const service of services) {
    for (const [state, open] of states(service)) {
      const client = await open()
      const before = await liveMemory()
      for (let sent = 0; sent < 48 && !client.closed; sent++) await client.send(piece)
      const held = (await liveMemory()) - before
      assert.ok(held < MOST, `${service.name} ${state}: ${held} bytes are held`)
      await client.send('\r\n')
      const answer = await client.until(service.tooLong)
      assert.ok(service.tooLong.test(answer) || client.closed, `${service.name} ${state}: ${answer}`)
      client.destroy()
    }
    await assertServed(service)
  }
})

test('10,000 commands at once are answered in order, or the connection is closed', async () => {
  for (const service of services) {
    for (const [state, open] of states(service)) {
      const client = await open()
      client.push(service.harmless.repeat(10_000) + service.farewell)
      const answers = await client.rest()
      assert.equal(answers.match(new RegExp(service.answer, 'g'))?.length, 10_000, `${service.name} ${state}`)
      client.destroy()
    }
    await assertServed(service)
  }
})

/** Commands with long answers, where these end, and at least how many bytes they have. */
const LONG: Readonly<Record<string, readonly [string, RegExp, number]>> = {
  IMAP: ['t FETCH 1 (BODY.PEEK[] BODY.PEEK[TEXT] BODY.PEEK[1])\r\n', /^t (?:OK|NO|BAD) .*\r\n/m, 100_000],
  POP3: ['RETR 1\r\n', /\r\n\.\r\n/, 40_000],
  submission: [`HELP ${'x'.repeat(400)}\r\n`, /^\d{3} .*\r\n/m, 50],
}

test('10,000 commands of a client that takes no answer: what it does not take is not read', async () => {
  for (const service of services) {
    const [command, end, bytes] = LONG[service.name] ?? assert.fail(service.name)
    const client = await service.login(true)
    const other = await service.login()
    const before = await liveMemory()
    client.pause()
    client.push(command.repeat(10_000))
    // Another is told as much meanwhile as would fill the memory.
    for (let turn = 0; turn < 400; turn++) {
      await other.send(command)
      assert.ok((await other.until(end)).length >= bytes, service.name)
    }
    const held = (await liveMemory()) - before
    assert.ok(held < MOST / 2, `${service.name}: ${held} bytes are held`)
    client.destroy()
    other.destroy()
    await assertServed(service)
  }
})

test('a literal of 2 GB is refused before it is sent, and sent unasked it takes no memory', async () => {
  const size = 2 ** 31
  for (const [state, open] of states(imap)) {
    for (const command of ['LOGIN', 'APPEND INBOX', 'AUTHENTICATE PLAIN', 'NOSUCH']) {
      const client = await open()
      await client.send(`a ${command} {${size}}\r\nb NOOP\r\n`)
      const answer = await client.until(/b OK.*\r\n/)
      assert.match(answer, /^a (?:NO|BAD) \[TOOBIG\].*\r\nb OK/, `${state}: ${command}`)
      const before = await liveMemory()
      await client.send(`c ${command} {${size}+}\r\n`)
      for (let sent = 0; sent < 6; sent++) await client.send('y'.repeat(MIB))
      const held = (await liveMemory()) - before
      assert.ok(held < MOST / 4, `${state}: ${command}: ${held} bytes are held`)
      client.destroy()
    }
  }
  await assertServed(imap)
})

test('2 GB announced to POP3 and submission', async () => {
  for (const [state, open] of states(pop3)) {
    const client = await open()
    await client.send(`RETR {${2 ** 31}}\r\nTOP 1 ${2 ** 31}\r\n`)
    assert.match(await client.until(/^.*\r\n.*\r\n/), /^-ERR .*\r\n(?:-ERR|\+OK) /, state)
    client.destroy()
  }
  const client = await submission.login()
  await client.send(`MAIL FROM:<mario@pec.test> SIZE=${2 ** 31}\r\n`)
  assert.match(await client.until(/^.*\r\n/), /^552 /)
  client.destroy()
  await assertServed(submission)
})
