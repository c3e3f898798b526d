/**
 * Two providers with a wire before the MX of each, and their holders: what a test needs to send certified mail from either side to the other,
 * and to see all that becomes of it.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Owner } from './cleanup.ts'
import { consistent } from './consistent.ts'
import { createDirectoryAuthority } from './directory-authority.ts'
import { Inbox } from './inbox.ts'
import type { Facts, ReceiptType } from './message-table.ts'
import type { Account, Provider } from './provider.ts'
import { submit } from './submit.ts'
import { startTwoProviders, type Plan, type Site } from './two-providers.ts'
import { startWire, type Wire } from './wire.ts'

export interface Side {
  readonly site: Site
  readonly provider: Provider
  /** posta-certificata@: in the certificate of its seal */
  readonly address: string
  /** what comes to its MX from the other side */
  readonly wire: Wire
  /** where notices of the other provider come to */
  readonly service: Inbox
  /** two that are there from the start */
  readonly holders: readonly [Holder, Holder]
  /** Makes a mailbox. @param args of `ceralacca mailbox create` */
  holder(address: string, ...args: string[]): Promise<Holder>
  /** What `ceralacca ARGS --json` prints. */
  run(...args: string[]): Promise<unknown>
  /** What its ledger says of a message, in the order of time. */
  events(pecMsgid: string): Promise<string[]>
}

export interface Holder extends Account {
  readonly inbox: Inbox
  /** Hands a message in with swaks; it is answered with an identifier. */
  send(mail: Mail): Promise<Sent>
}

export interface Sides {
  readonly alfa: Side
  readonly beta: Side
  /** from one to the other, and back */
  readonly directions: readonly { readonly name: string; readonly from: Side; readonly to: Side }[]
  /** The end of a test file: nothing is wrong on either side. */
  consistent(): Promise<void>
}

export async function startSides(owner: Owner, plans: { readonly alfa?: Plan; readonly beta?: Plan } = {}): Promise<Sides> {
  const authority = await createDirectoryAuthority()
  const tls = await authority.authority.issueTlsCertificate({ names: ['localhost'] })
  const wires = { alfa: await startWire(owner, tls), beta: await startWire(owner, tls) }
  const planOf = (which: 'alfa' | 'beta', other: 'alfa' | 'beta'): Plan => {
    const wired = [`pec.${other}.test`, ...(plans[other]?.domains ?? [])].map((domain) => [
      domain,
      `localhost:${wires[other].port}`,
    ])
    return { ...plans[which], routes: { ...plans[which]?.routes, ...(Object.fromEntries(wired) as Record<string, string>) } }
  }
  const two = await startTwoProviders(owner, { authority, alfa: planOf('alfa', 'beta'), beta: planOf('beta', 'alfa') })
  const sides = await Promise.all(
    (['alfa', 'beta'] as const).map((which) => {
      wires[which].leadTo(two[which])
      return openSide(owner, two.sites[which], two[which], wires[which])
    }),
  )
  const [alfa, beta] = sides as [Side, Side]
  return {
    alfa,
    beta,
    directions: [
      { name: 'from alfa to beta', from: alfa, to: beta },
      { name: 'from beta to alfa', from: beta, to: alfa },
    ],
    async consistent() {
      for (const { provider } of sides) await consistent(provider)
    },
  }
}

async function openSide(owner: Owner, site: Site, provider: Provider, wire: Wire): Promise<Side> {
  const run = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await provider.ceralacca(...args, '--json')
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }
  const enter = async (account: Account): Promise<Holder> => ({
    ...account,
    inbox: await Inbox.open(owner, provider, account),
    send: (mail) => send(provider, run, account, mail),
  })
  const [first, second] = provider.accounts
  const service = (await run('mailbox', 'set-password', site.record.mailReceipt)) as Account
  return {
    site,
    provider,
    address: `posta-certificata@${site.domain}`,
    wire,
    service: await Inbox.open(owner, provider, service),
    holders: [await enter(first), await enter(second)],
    holder: async (address, ...args) => enter((await run('mailbox', 'create', address, ...args)) as Account),
    run,
    async events(pecMsgid) {
      const [shown] = (await run('message', 'show', pecMsgid)) as { ledger: { event: string }[] }[]
      return (shown?.ledger ?? []).map(({ event }) => event)
    },
  }
}

export interface Mail {
  readonly subject: string
  readonly to: readonly (string | Account)[]
  readonly cc?: readonly (string | Account)[]
  /** of the SMTP dialogue; default: all of `to` and `cc` */
  readonly recipients?: readonly string[]
  /** the Subject field's value as it is written, if it is not `subject` */
  readonly rawSubject?: string
  /** X-TipoRicevuta, in whatever spelling */
  readonly asks?: string
  readonly replyTo?: string
  /** more header lines */
  readonly headers?: readonly string[]
  readonly body?: string
}

export interface Sent {
  readonly facts: Facts
  /** what was handed in */
  readonly bytes: Buffer
  /** Waits until nothing is under way any more, and answers the outcomes by recipient; of what was refused there is none. */
  outcomes(): Promise<Record<string, string>>
}

const addressOf = (one: string | Account): string => (typeof one === 'string' ? one : one.address)

const RECEIPT_TYPES: readonly ReceiptType[] = ['breve', 'sintetica']

async function send(provider: Provider, run: Side['run'], account: Account, mail: Mail): Promise<Sent> {
  const { subject, rawSubject = subject, asks, replyTo, headers = [], body = 'Buongiorno.\r\n' } = mail
  const sender = account.address
  const [to, cc] = [mail.to.map(addressOf), (mail.cc ?? []).map(addressOf)]
  const recipients = mail.recipients ?? [...to, ...cc]
  const msgid = `<${randomUUID()}@client.test>`
  const header = [
    `From: "Chi scrive" <${sender}>`,
    `To: ${to.join(', ')}`,
    ...(cc.length > 0 ? [`Cc: ${cc.join(', ')}`] : []),
    ...(replyTo === undefined ? [] : [`Reply-To: ${replyTo}`]),
    `Subject: ${rawSubject}`,
    `Message-ID: ${msgid}`,
    ...(asks === undefined ? [] : [`X-TipoRicevuta: ${asks}`]),
    ...headers,
  ]
  const bytes = Buffer.from(`${header.join('\r\n')}\r\n\r\n${body}`, 'latin1')
  const { code, stdout } = await submit(provider, { account, recipients, message: bytes })
  assert.equal(code, 0, stdout)
  const pecMsgid = /\bid (\S+)$/m.exec(stdout)?.[1]
  assert.ok(pecMsgid, stdout)
  const facts = {
    sender,
    recipients,
    ordinary: recipients.filter((address) => !CERTIFIED.test(address)),
    subject,
    msgid,
    pecMsgid,
    replyTo: replyTo ?? sender,
    receiptType: RECEIPT_TYPES.find((type) => type === asks) ?? 'completa',
  }
  return { facts, bytes, outcomes: () => outcomesOf(run, pecMsgid) }
}

/** Addresses of both providers. */
const CERTIFIED = /@[a-z]+\.(?:alfa|beta)\.test$/

interface Shown {
  readonly pecMsgid: string
  readonly dispatches?: readonly { readonly recipient: string; readonly outcome: string }[]
}

const LONGEST_WAIT_MS = 60_000

async function outcomesOf(run: Side['run'], pecMsgid: string): Promise<Record<string, string>> {
  const deadline = Date.now() + LONGEST_WAIT_MS
  for (;;) {
    const [shown] = (await run('message', 'show', pecMsgid)) as Shown[]
    assert.equal(shown?.pecMsgid, pecMsgid)
    const outcomes = Object.fromEntries((shown.dispatches ?? []).map(({ recipient, outcome }) => [recipient, outcome]))
    if (!Object.values(outcomes).includes('under way')) return outcomes
    if (Date.now() > deadline) throw new Error(`still under way: ${JSON.stringify(outcomes)}`)
  }
}
