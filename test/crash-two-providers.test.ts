/**
 * I1-I4 hold between two providers when either dies at the worst moments: what was acknowledged ends with exactly one outcome per recipient,
 * one envelope in each mailbox, one receipt each, one take-in-charge.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { CheckpointName } from '../src/base/checkpoint.ts'
import type { Owner } from './support/cleanup.ts'
import { consistent } from './support/consistent.ts'
import { certify } from './support/hand-in.ts'
import { Inbox } from './support/inbox.ts'
import type { Account, Provider } from './support/provider.ts'
import { openRecords } from './support/records.ts'
import { startPeer } from './support/scripted-peer.ts'
import { crashSwitch, sharedClock, STEERED } from './support/steering.ts'
import { plainMessage } from './support/submit.ts'
import { startTwoProviders } from './support/two-providers.ts'

type Which = 'alfa' | 'beta'

/** Longer than the first pause between attempts, and than any lease. */
const SOON_MS = 25_000

const owner = { after }
const clock = sharedClock(owner)
const switches = { alfa: crashSwitch(owner), beta: crashSwitch(owner) }
const planOf = (which: Which) => ({ main: STEERED, environment: { ...clock.environment, ...switches[which].environment } })
const refusing = await startPeer(owner, { RCPT: '550 5.1.1 no such user' })
const started = await startTwoProviders(owner, {
  alfa: planOf('alfa'),
  beta: planOf('beta'),
  routes: [`ordinario.test=localhost:${refusing.port}`],
})
const running: Record<Which, Provider> = { alfa: started.alfa, beta: started.beta }
const [mario] = started.alfa.accounts
const holders = started.beta.accounts
const CERTIFIED = [...holders.map(({ address }) => address), 'nessuno@pec.beta.test']
const REFUSED = ['nessuno@ordinario.test']
const { stdout } = await started.alfa.ceralacca('mailbox', 'set-password', 'ricevute@pec.alfa.test', '--json')
const service = JSON.parse(stdout) as Account

let messages = 0

async function send(owner: Owner, recipients: readonly string[], subject: string): Promise<string> {
  const headers = [`Subject: ${subject}`, `Message-ID: <${subject}@client.test>`]
  const message = plainMessage(mario.address, recipients, { headers })
  return (await certify(owner, running.alfa, mario, { to: recipients, message })).final
}

async function restart(which: Which): Promise<void> {
  switches[which].at(null)
  running[which] = await started.restart(which, planOf(which))
}

/** Moves the clock until nothing is under way at either. */
async function settled(owner: Owner): Promise<void> {
  const both = [openRecords(owner, running.alfa), openRecords(owner, running.beta)]
  const deadline = Date.now() + 90_000
  for (;;) {
    const states = await Promise.all(both.map((records) => records.underWay()))
    if (states.every(({ dispatches, waiting }) => dispatches === 0 && waiting === 0)) break
    assert.ok(Date.now() < deadline, `still under way: ${JSON.stringify(states)}`)
    clock.advance(SOON_MS)
    await pause(500)
  }
  await Promise.all(both.map((records) => records.close()))
}

/** Tells what has become of a message, as everybody sees it in his mailbox. */
async function seen(owner: Owner) {
  const sender = await Inbox.open(owner, running.alfa, mario)
  const ofService = await Inbox.open(owner, running.alfa, service)
  const recipients = await Promise.all(holders.map((holder) => Inbox.open(owner, running.beta, holder)))
  return async (subject: string) => ({
    sender: await sender.about(subject),
    service: await ofService.about(subject),
    recipients: await Promise.all(recipients.map((inbox) => inbox.about(subject))),
  })
}

const DELIVERED = {
  sender: ['ACCETTAZIONE: ', 'AVVISO DI MANCATA CONSEGNA: ', 'CONSEGNA: ', 'CONSEGNA: '],
  service: ['PRESA IN CARICO: '],
  recipients: [['POSTA CERTIFICATA: '], ['POSTA CERTIFICATA: ']],
}
const RETURNED = { sender: ['ACCETTAZIONE: ', 'AVVISO DI MANCATA CONSEGNA: '], service: [], recipients: [[], []] }

interface Death {
  readonly which: Which
  readonly at: CheckpointName
  readonly what: string
  readonly recipients?: readonly string[]
}

const DEATHS: readonly Death[] = [
  { which: 'alfa', at: 'accept-after-commit', what: 'it has accepted' },
  { which: 'alfa', at: 'relay-before-commit', what: 'the other one has taken the envelope' },
  { which: 'alfa', at: 'relay-after-commit', what: 'it has noted that the envelope is with the other one' },
  { which: 'beta', at: 'take-before-commit', what: 'it takes the envelope in' },
  { which: 'beta', at: 'take-after-commit', what: 'it has taken the envelope in' },
  { which: 'beta', at: 'deliver-before-commit', what: 'it delivers' },
  { which: 'beta', at: 'deliver-after-commit', what: 'it has delivered' },
  { which: 'alfa', at: 'deliver-before-commit', what: 'it keeps the take-in-charge' },
  { which: 'alfa', at: 'deliver-after-commit', what: 'it has kept the take-in-charge' },
  { which: 'alfa', at: 'receive-before-commit', what: 'a receipt comes back' },
  { which: 'alfa', at: 'receive-after-commit', what: 'a receipt has come back' },
  { which: 'alfa', at: 'receive-before-commit', what: 'it issues a notice of its own', recipients: REFUSED },
  { which: 'alfa', at: 'receive-after-commit', what: 'it has issued a notice of its own', recipients: REFUSED },
]

for (const { which, at, what, recipients = CERTIFIED } of DEATHS) {
  test(`${which} dies when ${what} (${at}): nothing is lost and nothing is doubled (I1 I2 I3 I4)`, async (t) => {
    const subject = `morte-${++messages}`
    switches[which].at(at)
    const answer = await send(t, recipients, subject)
    if (at !== 'accept-after-commit') assert.match(answer, /^250 2\.0\.0 Accepted/)
    await running[which].gone
    await restart(which)
    await settled(t)
    assert.deepEqual(await (await seen(t))(subject), recipients === REFUSED ? RETURNED : DELIVERED)
    await Promise.all([consistent(running.alfa), consistent(running.beta)])
  })
}

test('killed under load, either one, alone or with its database: what was acknowledged is delivered once', async (t) => {
  const subjects: string[] = []
  const acknowledged: string[] = []
  for (const [which, what] of [
    ['beta', 'server'],
    ['alfa', 'server'],
    ['beta', 'server and database'],
    ['alfa', 'server and database'],
  ] as const) {
    const enough = acknowledged.length + 6
    let killed: Promise<void> | undefined
    const client = async (): Promise<void> => {
      while (!killed) {
        const subject = `carico-${++messages}`
        subjects.push(subject)
        // A server that dies breaks the connection off, or takes none.
        const answer = await send(t, CERTIFIED, subject).catch(() => '')
        if (answer.startsWith('250 ')) acknowledged.push(subject)
        if (acknowledged.length >= enough) killed ??= running[which].kill(what)
      }
    }
    await Promise.all([client(), client(), client()])
    await killed
    await restart(which)
  }
  await settled(t)
  assert.ok(acknowledged.length >= 24)
  const look = await seen(t)
  for (const subject of subjects) {
    const there = await look(subject)
    // What was cut before its 250 is there whole or not at all.
    if (there.sender.length > 0 || acknowledged.includes(subject)) assert.deepEqual(there, DELIVERED, subject)
    else assert.deepEqual(there, { sender: [], service: [], recipients: [[], []] }, subject)
  }
  await Promise.all([consistent(running.alfa), consistent(running.beta)])
})
