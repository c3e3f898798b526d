/**
 * The SMTP client: takes a message to the servers of one domain and tells for each recipient what became of it (RFC 5321). The dispatcher
 * calls it, and decides what is tried again.
 *
 * What always holds: a recipient is `sent` only after a 2xx to their RCPT and to the message; `failed` only after a final word of the other
 * side or of DNS about them; all else is `deferred`. A message to a certified domain never leaves over a connection that is not verified.
 */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { createDkimSigner } from './dkim.ts'
import type { DkimKey } from './dkim.ts'
import { createDnsClient } from './dns-client.ts'
import { createLanes } from './lanes.ts'
import type { LanesLimits } from './lanes.ts'
import type { Mailer, OutgoingMail, SendResult } from './mailer-types.ts'
import { createMtaSts, judgeHost } from './mta-sts.ts'
import type { StsPolicy } from './mta-sts.ts'
import { createRoutes } from './routes.ts'
import type { RoutesDeps, Routing } from './routes.ts'
import { hasEightBit, sizeOf } from './smtp-content.ts'
import { createClientContext, openConnection } from './smtp-open.ts'
import type { Security, TimeBounds } from './smtp-open.ts'
import { createSession } from './smtp-session.ts'
import type { Transfer } from './smtp-session.ts'
import { deferred, failed } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export interface MailerDeps {
  /** static routes, by lower-case domain or `*`; they go before DNS, and their hosts are found the system's way */
  readonly routes: RoutesDeps['routes']
  /** IP addresses, with or without port; the system's where empty */
  readonly dnsServers: readonly string[]
  /** certification authorities besides Node's own, PEM */
  readonly tlsRoots: string | undefined
  /** said in EHLO */
  readonly serverName: string
  /** signs ordinary mail for the domain of its From */
  readonly dkim?: DkimKey
  readonly report: EventSink
  /** milliseconds since 1970 */
  readonly now: () => number
  /** where mail exchangers listen, 25 where not given */
  readonly port?: number
  readonly bounds?: Partial<TimeBounds & { readonly dns: number; readonly policy: number }>
  readonly limits?: Partial<LanesLimits>
  /** the MTA-STS policy of a domain; asked of the domain where not given */
  readonly policyOf?: (domain: string) => Promise<StsPolicy>
}

const SECOND = 1000
const MINUTE = 60 * SECOND

/** RFC 5321 4.5.3.2, and less where it leaves the choice. */
const BOUNDS = {
  connect: 30 * SECOND,
  greeting: 5 * MINUTE,
  command: 5 * MINUTE,
  recipient: 5 * SECOND,
  data: 3 * MINUTE,
  final: 10 * MINUTE,
  dns: 10 * SECOND,
  policy: 20 * SECOND,
}

const LIMITS: LanesLimits = {
  connections: 12,
  messages: 500,
  idle: 5 * SECOND,
  wait: 5 * MINUTE,
  line: 10_000,
  total: 200,
  close: 10 * SECOND,
}

/** RFC 5321 4.5.3.1.8: a server takes so many recipients at a time. */
const RECIPIENTS = 100

/** @throws when the key, the roots or the DNS servers are none */
export function createMailer(deps: MailerDeps): Mailer {
  const { report, now } = deps
  const bounds = { ...BOUNDS, ...deps.bounds }
  const session = { serverName: deps.serverName, secureContext: createClientContext(deps.tlsRoots), bounds }
  const dns = createDnsClient({ servers: deps.dnsServers, timeoutMs: bounds.dns, now })
  const findRoute = createRoutes({ routes: deps.routes, dns, port: deps.port ?? 25 })
  const policyOf = deps.policyOf ?? createMtaSts({ resolve: dns.resolve, timeoutMs: bounds.policy, now })
  const signDkim = deps.dkim && createDkimSigner(deps.dkim)
  const lanes = createLanes({
    limits: { ...LIMITS, ...deps.limits },
    open: async (to, security, onEnd, signal) => {
      const connection = await openConnection(session, to, security, signal)
      return 'outcome' in connection ? connection : createSession(connection, { host: to.host, bounds, onEnd })
    },
  })

  /** The message as it leaves for ordinary addresses. Without a signature it is mail all the same. */
  async function signed(content: readonly Buffer[]): Promise<readonly Buffer[]> {
    try {
      const signature = await signDkim?.(content)
      return signature ? [signature, ...content] : content
    } catch (thrown) {
      report('unexpected-error', { where: 'dkim', error: asCeralaccaError(thrown) })
      return content
    }
  }

  /** To the hosts in their order, until one has taken the message or spoken of it. */
  async function transmit(
    { destinations }: Routing,
    policy: StsPolicy,
    certified: boolean,
    transfer: Transfer,
  ): Promise<SendResult[]> {
    const all = (verdict: Verdict): SendResult[] => transfer.to.map((recipient) => ({ recipient, ...verdict }))
    let last = deferred('4.4.4', 'No host to send to')
    for (const to of destinations) {
      const { enforced, allowed } = judgeHost(policy, to.host)
      if (!certified && !allowed) {
        last = deferred('4.7.0', `${to.host}: the MTA-STS policy of the domain does not name this host`)
        continue
      }
      const security: Security = certified || enforced ? 'verified' : 'opportunistic'
      const sent = await lanes.send(to, security, transfer)
      if ('lost' in sent) {
        last = sent.lost
        continue
      }
      return transfer.to.map((recipient) => ({ recipient, ...(sent.results.get(recipient) ?? last) }))
    }
    return all(last)
  }

  async function deliver(mail: OutgoingMail, to: readonly string[]): Promise<SendResult[]> {
    const { from, domain, certified } = mail
    const all = (verdict: Verdict): SendResult[] => to.map((recipient) => ({ recipient, ...verdict }))
    if (!isMailbox(from, true)) return all(failed('5.1.7', 'The reverse path is no address'))
    const routing = await findRoute(domain)
    if ('outcome' in routing) return all(routing)
    const policy: StsPolicy = certified || !routing.published ? { mode: 'none' } : await policyOf(domain.toLowerCase())
    // What is forwarded, with the null reverse path, has the From of somebody else: it is not ours to sign.
    const content = certified || from === '' ? mail.content : await signed(mail.content)
    const message = { from, content, size: sizeOf(content), eightBit: hasEightBit(content) }
    const groups = groupsOf(to, RECIPIENTS).map((group) => transmit(routing, policy, certified, { ...message, to: group }))
    return (await Promise.all(groups)).flat()
  }

  return {
    async send(mail) {
      const fates = new Map<string, SendResult>()
      const good = new Set(mail.to.filter((recipient) => isMailbox(recipient)))
      try {
        for (const result of await deliver(mail, [...good])) fates.set(result.recipient, result)
      } catch (thrown) {
        const error = asCeralaccaError(thrown)
        report('unexpected-error', { where: 'mailer', error })
      }
      return mail.to.map((recipient): SendResult => {
        if (!good.has(recipient)) return { recipient, ...failed('5.1.3', 'This is no address') }
        return fates.get(recipient) ?? { recipient, ...deferred('4.3.0', 'Internal error') }
      })
    },
    close: () => lanes.close(),
  }
}

/** Whether it can stand between the brackets of a command; an address cannot smuggle another one in. */
const isMailbox = (address: string, maybeEmpty = false): boolean =>
  /^[^\p{Cc}<>]*$/u.test(address) && address.trim() === address && (maybeEmpty || address !== '')

function groupsOf(recipients: readonly string[], most: number): string[][] {
  const groups: string[][] = []
  for (let at = 0; at < recipients.length; at += most) groups.push(recipients.slice(at, at + most))
  return groups
}
