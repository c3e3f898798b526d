/** How a member is reached: ordinary e-mail, which notices go to, and telephone. */
import type { Actor } from '../../audit/audit.ts'
import { domainOf } from '../../base/domain-of.ts'
import { clientError } from '../../base/errors.ts'
import { checkedAddress } from '../address.ts'
import type { Database } from '../../storage/database.ts'
import { objectOf, type Steps } from './steps.ts'
import { find } from './subjects.ts'

export interface Contact {
  readonly email: string
  readonly phone: string
}

export interface Contacts {
  /** Of a holder, by a contract of his. @throws `no-such-contract` */
  get(contract: string): Promise<Contact>
  /** @throws `no-such-contract`, `bad-address`, `bad-phone` */
  set(contract: string, contact: Contact, actor: Actor): Promise<void>
}

const PHONE = /^[+0-9 ()./-]{0,30}$/

/**
 * Contact data that can be used; answers the address as it is written here.
 * @param isLocal whether a domain is certified by us
 * @throws `bad-address`, `bad-phone`
 */
export async function checkedContact({ email, phone }: Contact, isLocal: (domain: string) => Promise<boolean>): Promise<string> {
  const ordinary = checkedAddress(email)
  if (await isLocal(domainOf(ordinary)))
    throw clientError('bad-address', `${ordinary} is certified: notices need an address of ordinary mail`)
  if (!PHONE.test(phone)) throw clientError('bad-phone', `"${phone.slice(0, 40)}" is not a telephone number`)
  return ordinary
}

export function createContacts({ reader }: Database, steps: Steps, isLocal: (domain: string) => Promise<boolean>): Contacts {
  return {
    async get(contract) {
      const { slot, holder } = await find(reader, 'contract', contract)
      const [row] = await reader.read<Contact>('select email, phone from holder where slot = $1 and id = $2', [slot, holder])
      return row ?? { email: '', phone: '' }
    },

    async set(contract, contact, actor) {
      const email = await checkedContact(contact, isLocal)
      const { slot } = await find(reader, 'contract', contract)
      await steps(slot, async (step) => {
        const row = await step.lock('contract', contract)
        await step.tx.query('update holder set email = $3, phone = $4, changed_at = $5 where slot = $1 and id = $2', [
          slot,
          row.holder,
          email,
          contact.phone,
          step.at,
        ])
        step.record({ ...actor, act: 'contact-changed', object: objectOf(row), holders: [row.address], details: {} })
      })
    },
  }
}
