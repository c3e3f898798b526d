/** What stands behind an address of ours, as the points ask it: mailboxes by their state, and the provider's own addresses. */
import { domainOf } from '../base/domain-of.ts'
import type { Config } from '../config/config.ts'
import type { Destination } from '../delivery/delivery-point.ts'
import type { OrdinaryPolicy } from '../incoming/ordinary-mail.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import { RIGHTS } from '../registry/status.ts'
import type { ReturnTo } from '../transport/types.ts'
import type { Installation } from './installation.ts'

/** RFC 6109 2.2.5: where other providers' notices come to. */
export const serviceAddress = ({ values }: Config): string =>
  values.CERALACCA_SERVICE_MAILBOX ?? `ricevute@${values.CERALACCA_DOMAIN}`

/** Nobody's mailboxes: mail to them is for the provider (RFC 6109 2.2.6, RFC 5321 4.5.1). */
const PROVIDERS_OWN: readonly string[] = ['posta-certificata', 'postmaster']

export function addressBook(config: Config, { domains, mailboxes, profiles }: Installation) {
  const service = serviceAddress(config)

  async function isServiceAddress(address: string): Promise<boolean> {
    const wanted = address.toLowerCase()
    if (wanted === service) return true
    const [name = ''] = wanted.split('@', 1)
    return PROVIDERS_OWN.includes(name) && (await domains.isLocal(domainOf(wanted))) && !(await mailboxes.find(wanted))
  }

  /** A mailbox of ours, whatever its state. */
  const findMailbox = async (address: string): Promise<MailboxRef | undefined> =>
    mailboxes.find((await isServiceAddress(address)) ? service : address)

  async function destination(address: string): Promise<Destination> {
    const mailbox = await findMailbox(address)
    if (!mailbox) return undefined
    return { mailbox, refusal: RIGHTS[(await profiles.profileOf(mailbox)).status].refusal }
  }

  async function policyOf(mailbox: MailboxRef): Promise<OrdinaryPolicy> {
    // RFC 5321 4.5.1: postmaster takes mail from everybody.
    if (mailbox.id === (await mailboxes.find(service))?.id) return { policy: 'accept' }
    const { incomingOrdinary, forwardTo } = await profiles.profileOf(mailbox)
    const policy = incomingOrdinary ?? config.values.CERALACCA_ORDINARY_MAIL
    if (policy !== 'forward') return { policy }
    return forwardTo === null ? { policy: 'accept' } : { policy, to: forwardTo }
  }

  /** Where the receipts of a sender's message go. */
  async function returnTo(sender: string): Promise<ReturnTo> {
    const mailbox = (await domains.isLocal(domainOf(sender))) ? await mailboxes.find(sender) : undefined
    return mailbox ? { mailbox } : { address: sender }
  }

  return { isServiceAddress, findMailbox, destination, policyOf, returnTo }
}
