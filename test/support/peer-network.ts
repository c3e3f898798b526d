/**
 * Two real providers, alfa and beta, among others that the test plays: every server that they send to is a scripted peer, also each other's,
 * which is a relay. What nobody is expected to get comes to a sink. All share a clock that the test moves.
 */
import assert from 'node:assert/strict'
import { readMessage, type ReadMessage } from '../../src/pec/reading.ts'
import type { SubmissionData } from '../../src/pec/certification-data.ts'
import { createTestAuthority, type IssuedPair } from '../../src/seal/test-authority.ts'
import type { Owner } from './cleanup.ts'
import { createForeignProvider, type ForeignProvider } from './foreign-provider.ts'
import { certify, handIn, type Answered } from './hand-in.ts'
import { Inbox } from './inbox.ts'
import type { Account, Provider } from './provider.ts'
import { openRecords, type Records } from './records.ts'
import { startPeer, type ScriptedPeer, type TakenMail } from './scripted-peer.ts'
import { sharedClock, STEERED, type SharedClock } from './steering.ts'
import { plainMessage } from './submit.ts'
import { startTwoProviders } from './two-providers.ts'

/** Longer than the first pause between attempts, and than any lease. */
export const SOON_MS = 25_000
const ALFA = 'pec.alfa.test'
const BETA = 'pec.beta.test'

export interface Sent {
  readonly pecMsgid: string
  readonly subject: string
}

export interface PeerNetwork {
  readonly clock: SharedClock
  readonly alfa: Provider
  readonly beta: Provider
  /** what stands before alfa's and beta's MX */
  readonly relays: { readonly alfa: ScriptedPeer; readonly beta: ScriptedPeer }
  /** providers that the test plays: gamma manages pec.gamma.test; delta the domains of the peers, and it takes all mail at pec.delta.test */
  readonly gamma: ForeignProvider
  readonly delta: ForeignProvider
  /** the servers at pec.NAME.test */
  readonly peers: Record<string, ScriptedPeer>
  /** gamma's server */
  readonly gammaPeer: ScriptedPeer
  readonly sink: ScriptedPeer
  /** of what alfa has sent */
  readonly records: Records
  readonly mario: Account
  /** mario's at alfa */
  readonly inbox: Inbox
  /** alfa's service mailbox */
  readonly service: Inbox
  readonly serviceAddress: string
  /** A certificate of somebody whom nobody knows, and one of the authority for another host. */
  readonly badIdentities: { readonly stranger: IssuedPair; readonly otherHost: IssuedPair }
  /** Certifies a message of mario's; its subject occurs nowhere else. */
  send(owner: Owner, recipients: readonly string[]): Promise<Sent>
  /** Hands a provider's receipt to alfa: to mario, or, where it is for providers, to the service mailbox. */
  answer(owner: Owner, from: ForeignProvider, receipt: Buffer, to?: 'mario' | 'service'): Promise<void>
  /** The envelope as a peer got it. */
  envelopeAt(peer: ScriptedPeer, sent: Sent): { readonly mail: TakenMail; readonly data: SubmissionData }
  /** Hands on to the provider behind a relay; answers what it answers. */
  handOn(which: 'alfa' | 'beta', mail: TakenMail): Promise<Answered>
}

/** @param names of peers: each is the MX of pec.NAME.test */
export async function startPeerNetwork(owner: Owner, names: readonly string[]): Promise<PeerNetwork> {
  const clock = sharedClock(owner)
  const domainOfPeer = (name: string): string => `pec.${name}.test`
  const started = await Promise.all(['delta', ...names].map(async (name) => [name, await startPeer(owner)] as const))
  const peers = Object.fromEntries(started)
  const [relayAlfa, relayBeta, gammaPeer, sink] = [
    await startPeer(owner),
    await startPeer(owner),
    await startPeer(owner),
    await startPeer(owner),
  ]
  const relays = { alfa: relayAlfa, beta: relayBeta }
  const routes: [string, ScriptedPeer][] = [
    ...started.map(([name, peer]): [string, ScriptedPeer] => [domainOfPeer(name), peer]),
    [ALFA, relays.alfa],
    [BETA, relays.beta],
    ['pec.gamma.test', gammaPeer],
    ['*', sink],
  ]
  const played: { gamma?: ForeignProvider; delta?: ForeignProvider } = {}
  const plan = { main: STEERED, environment: clock.environment }
  const { alfa, beta, authority } = await startTwoProviders(owner, {
    alfa: plan,
    beta: plan,
    routes: routes.map(([domain, { port }]) => `${domain}=localhost:${port}`),
    async others(authority) {
      const { now } = clock
      const domains = ['delta', ...names].map(domainOfPeer) as [string, ...string[]]
      played.gamma = await createForeignProvider({ authority, name: 'Gestore Gamma', domains: ['pec.gamma.test'], now })
      played.delta = await createForeignProvider({ authority, name: 'Gestore Delta', domains, now })
      return [played.gamma.record, played.delta.record]
    },
  })
  const { gamma, delta } = played
  assert.ok(gamma && delta)
  const identity = await authority.authority.issueTlsCertificate({ names: ['localhost'] })
  for (const [, peer] of routes) peer.identity = identity
  const stranger = await createTestAuthority({ name: 'Altra autorità', now: Date.now() })
  const badIdentities = {
    stranger: await stranger.issueTlsCertificate({ names: ['localhost'] }),
    otherHost: await authority.authority.issueTlsCertificate({ names: ['mx.elsewhere.test'] }),
  }

  const behind = { alfa, beta }
  const handOn = (which: 'alfa' | 'beta', { from, to, bytes }: TakenMail): Promise<Answered> =>
    handIn(owner, behind[which], { from, to, message: bytes })
  for (const which of ['alfa', 'beta'] as const)
    relays[which].script = { final: async (mail) => (await handOn(which, mail)).final }

  const [mario] = alfa.accounts
  const serviceAddress = `ricevute@${ALFA}`
  const { stdout } = await alfa.ceralacca('mailbox', 'set-password', serviceAddress, '--json')
  const service = JSON.parse(stdout) as Account
  let messages = 0

  return {
    clock,
    alfa,
    beta,
    relays,
    gamma,
    delta,
    peers,
    gammaPeer,
    sink,
    badIdentities,
    handOn,
    mario,
    serviceAddress,
    records: openRecords(owner, alfa),
    inbox: await Inbox.open(owner, alfa, mario),
    service: await Inbox.open(owner, alfa, service),

    async send(owner, recipients) {
      const subject = `prova-${++messages}`
      const headers = [`Subject: ${subject}`, `Message-ID: <${subject}@client.test>`]
      const message = plainMessage(mario.address, recipients, { headers })
      const { pecMsgid, final } = await certify(owner, alfa, mario, { to: recipients, message })
      assert.ok(pecMsgid !== '', final)
      return { pecMsgid, subject }
    },

    async answer(owner, from, message, to = 'mario') {
      const { final } = await handIn(owner, alfa, {
        from: from.address,
        to: [to === 'mario' ? mario.address : serviceAddress],
        message,
      })
      assert.match(final, /^250 /)
    },

    envelopeAt(peer, { pecMsgid }) {
      const found = peer.taken.flatMap((mail) => {
        const message: ReadMessage = readMessage(mail.bytes)
        return message.submission?.pecMsgid === pecMsgid ? [{ mail, data: message.submission }] : []
      })
      assert.equal(found.length, 1, `the peer took ${pecMsgid} once`)
      return found[0] as (typeof found)[0]
    },
  }
}
