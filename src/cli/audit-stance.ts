/**
 * What the audit log tells of each command: one table, so that nobody forgets one. A command that is not in it does not run. What is recorded
 * is committed before the command does anything; what it is about then fails or not, somebody has asked for it.
 */
import { recordAudit } from '../audit/record.ts'
import { CeralaccaError, clientError } from '../base/errors.ts'
import type { Installation } from '../wiring/installation.ts'
import type { Command, Invocation, Option } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'

/** What a command has to do with, and the addresses of the holders whose it is. */
interface Touched {
  readonly object: string
  readonly holders?: readonly string[]
}

type Touching = (invocation: Invocation, installation: Installation) => Touched | Promise<Touched>

/** What is touched; or why nothing is recorded. */
export type Stance = { readonly touches: Touching } | { readonly nothing: string }

const FIGURES = 'shows figures, settings or names that are no holder’s'
const OWN_FILE = 'reads only a file that the caller has'
const UPKEEP = 'does earlier what the provider does by itself'
const BY_ITSELF = 'is recorded by what it calls, in its own transaction'

const thing = (object: string): Stance => ({ touches: () => ({ object }) })
const named = (kind: string): Stance => ({
  touches: ({ operands: [name = ''] }) => ({ object: `${kind}:${name.toLowerCase()}` }),
})
const nothing = (why: string): Stance => ({ nothing: why })

const mailbox: Stance = { touches: ({ operands: [address = ''] }) => ofMailbox(address) }
const ofMailbox = (address: string): Touched => ({ object: `mailbox:${address.toLowerCase()}`, holders: [address] })

const bare = (id: string): string => id.replace(/^<(.*)>$/, '$1')

/** Of those who sent or got the message, the holders of mailboxes here. */
async function holdersAmong({ mailboxes }: Installation, addresses: readonly string[]): Promise<string[]> {
  const known = await Promise.all([...new Set(addresses)].map(async (one) => ((await mailboxes.find(one)) ? [one] : [])))
  return known.flat()
}

async function ofMessage(installation: Installation, id: string): Promise<Touched> {
  const { transport, refusals, ledger } = installation
  const submitted = await Promise.all([...new Set([id, bare(id)])].map((one) => transport.findSubmissions(one)))
  const ids = [...submitted.flat().map((row) => row.pec_msgid), bare(id), ...(await refusals.identifiersOf(id))]
  const entries = await Promise.all([...new Set(ids)].map((one) => ledger.entriesOf(one)))
  const people = entries.flat().flatMap(({ sender, recipients }) => [sender, ...recipients])
  return { object: `message:${bare(id)}`, holders: await holdersAmong(installation, people) }
}

const message: Stance = { touches: ({ operands: [id = ''] }, installation) => ofMessage(installation, id) }

const quarantined: Stance = {
  async touches({ operands: [id = ''] }, installation) {
    const records = await installation.quarantine.find(bare(id))
    const people = records.flatMap(({ sender, recipients }) => [sender, ...recipients])
    return { object: `message:${bare(id)}`, holders: await holdersAmong(installation, people) }
  },
}

/** An ordinary e-mail: the address that it goes to is a person's, who may have a mailbox that is not named here. */
const ofMail: Stance = named('mail')

const held: Stance = {
  touches: ({ options }, installation) => {
    const { mailbox: address, message: id } = options
    if (typeof address === 'string') return ofMailbox(address)
    return ofMessage(installation, String(id ?? ''))
  },
}

const extracted: Stance = {
  touches: ({ options }, installation) => {
    const { mailbox: address, message: id } = options
    if (typeof address === 'string') return ofMailbox(address)
    return typeof id === 'string' ? ofMessage(installation, id) : { object: 'ledger' }
  },
}

/** By the words of each command. */
export const STANCES: Readonly<Record<string, Stance>> = {
  serve: nothing('is the provider itself'),
  config: nothing(FIGURES),
  check: nothing(FIGURES),
  verify: nothing(OWN_FILE),
  'domain add': named('domain'),
  'domain list': nothing(FIGURES),
  'domain set': named('domain'),
  'directory show': nothing(FIGURES),
  'directory refresh': thing('directory'),
  'directory import': thing('directory'),
  'directory check': nothing(OWN_FILE),
  'directory export': nothing(FIGURES),
  'mailbox create': mailbox,
  'mailbox list': thing('mailboxes'),
  'mailbox set': mailbox,
  'mailbox set-password': mailbox,
  'mailbox show': mailbox,
  'mailbox accesses': mailbox,
  'app-password create': mailbox,
  'app-password list': mailbox,
  'app-password revoke': mailbox,
  'alerts show': mailbox,
  'alerts set': mailbox,
  'alerts stop': mailbox,
  'message show': message,
  'message bundle': message,
  'quarantine list': thing('quarantine'),
  'quarantine show': quarantined,
  'quarantine export': quarantined,
  'seal status': nothing(FIGURES),
  'seal csr': thing('seal'),
  'seal rotate': thing('seal'),
  'ledger verify': nothing(FIGURES),
  'ledger seal': nothing(UPKEEP),
  'ledger stamp': nothing(UPKEEP),
  'ledger extract': extracted,
  'ledger hold add': held,
  'ledger hold list': thing('holds'),
  'ledger hold remove': held,
  stats: nothing(FIGURES),
  'maintenance add': thing('maintenance'),
  'maintenance list': nothing(FIGURES),
  'maintenance remove': thing('maintenance'),
  'audit verify': nothing(FIGURES),
  'audit list': thing('audit'),
  'audit disclose': nothing(BY_ITSELF),
  'order add': nothing(BY_ITSELF),
  'order list': nothing(FIGURES),
  'agreement add': nothing(BY_ITSELF),
  'agreement set': nothing(BY_ITSELF),
  'agreement list': nothing(FIGURES),
  'terms add': nothing(BY_ITSELF),
  'terms list': nothing(FIGURES),
  'terms show': nothing(FIGURES),
  'roll import': nothing(BY_ITSELF),
  'roll list': named('order'),
  'roll show': named('order'),
  'roll without-address': named('order'),
  'roll warn': nothing(BY_ITSELF),
  'roll propose': nothing(BY_ITSELF),
  'elsewhere start': nothing(BY_ITSELF),
  'elsewhere prove': nothing(BY_ITSELF),
  'elsewhere end': nothing(BY_ITSELF),
  'elsewhere list': named('order'),
  'register export': named('order'),
  'register confirm': nothing(BY_ITSELF),
  'register list': named('order'),
  'request check': named('agreement'),
  'request start': nothing(BY_ITSELF),
  'request link': named('request'),
  'request confirm': nothing(BY_ITSELF),
  'request document': nothing(BY_ITSELF),
  'request approve': nothing(BY_ITSELF),
  'request reject': nothing(BY_ITSELF),
  'request ask-document': nothing(BY_ITSELF),
  'request show': named('request'),
  'request list': named('order'),
  'contract show': mailbox,
  'contract list': named('order'),
  'contract stop': nothing(BY_ITSELF),
  'contract activate': nothing(BY_ITSELF),
  'contract link': mailbox,
  'renewal ask': nothing(BY_ITSELF),
  'renewal decide': nothing(BY_ITSELF),
  'renewal cancel': nothing(BY_ITSELF),
  'payment register': nothing(BY_ITSELF),
  'payment import': nothing(BY_ITSELF),
  'notices list': thing('notices'),
  'notices show': ofMail,
  'notices retry': ofMail,
  'notices dkim': nothing(FIGURES),
  'operator add': nothing(BY_ITSELF),
  'operator set': nothing(BY_ITSELF),
  'operator roles': nothing(BY_ITSELF),
  'operator disable': nothing(BY_ITSELF),
  'operator enable': nothing(BY_ITSELF),
  'operator reset-second-factor': nothing(BY_ITSELF),
  'operator sessions': nothing(BY_ITSELF),
  'operator list': nothing(FIGURES),
  'token add': nothing(BY_ITSELF),
  'token list': nothing(FIGURES),
  'token revoke': nothing(BY_ITSELF),
  'webhook add': nothing(BY_ITSELF),
  'webhook list': nothing(FIGURES),
  'webhook show': named('webhook'),
  'webhook pause': nothing(BY_ITSELF),
  'webhook resume': nothing(BY_ITSELF),
  'webhook replay': nothing(BY_ITSELF),
  'webhook skip': nothing(BY_ITSELF),
  'webhook test': named('webhook'),
  'webhook secret': nothing(BY_ITSELF),
  'webhook remove': nothing(BY_ITSELF),
}

export const ORDER_OPTION = 'judicial-order'

/** Options of a command beside its own: those whose accesses holders are shown can be withheld from them. */
export function stanceOptions(command: Command): Readonly<Record<string, Option>> {
  const stance = STANCES[command.words.join(' ')]
  if (!stance || 'nothing' in stance) return {}
  const help = 'do not show this access to the holder: the order that forbids it'
  return { [ORDER_OPTION]: { type: 'string', value: 'REFERENCE', help } }
}

/** Records what is about to be done. @throws bug `no-audit-stance`, and whatever keeps the log from being written */
export async function recordCommand(command: Command, invocation: Invocation): Promise<void> {
  const words = command.words.join(' ')
  const stance = STANCES[words]
  if (!stance)
    throw new CeralaccaError('no-audit-stance', 'bug', `src/cli/audit-stance.ts does not say what is recorded of "${words}"`)
  if ('nothing' in stance) return
  const { [ORDER_OPTION]: order, ...options } = invocation.options
  if (order === '') throw clientError('usage', `--${ORDER_OPTION} needs the reference of the order`)
  await withInstallation(invocation.config, async (installation) => {
    const touched = await stance.touches(invocation, installation)
    await recordAudit(installation.database, {
      ...hostActor(),
      act: 'command-run',
      ...touched,
      withheld: typeof order === 'string',
      // Their names only: what they are set to may be a secret.
      details: { command: words, options: Object.keys(options).toSorted(), ...(typeof order === 'string' && { order }) },
      at: installation.now(),
    })
  })
}
