/**
 * Tokens of who has no password: with which somebody comes back to the request that he began, and with which a holder renews by the link of a
 * reminder. They do not wear off by being used; of a request several are good at the same time, for it goes on in more than one browser.
 * And what those would do that are used once, for the page that asks before it is done.
 */
import { clientError } from '../../base/errors.ts'
import type { Database } from '../../storage/database.ts'
import { lookAtLink, makeLink, readLink } from './links.ts'
import type { Steps } from './steps.ts'
import { find } from './subjects.ts'

export type Opened =
  | { readonly purpose: 'request'; readonly request: string }
  | { readonly purpose: 'renew'; readonly address: string }

/** What a one-time link would do. */
export interface OneTimeLink {
  readonly purpose: 'confirm-email' | 'activate'
  /** the certified address that it is about */
  readonly address: string
  /** the ordinary one that would be confirmed; null where none would be */
  readonly email: string | null
}

export interface AccessLinks {
  /** A token for who began a request, or has just confirmed its e-mail address. */
  forRequest(id: string): Promise<string>
  /** A token for the link of a reminder; it makes earlier ones useless. */
  forRenewal(contract: string): Promise<string>
  /** What a token opens. @throws `bad-link`, `link-expired` */
  open(token: string): Promise<Opened>
  /** What a one-time link would do; it stays good. @throws `bad-link`, `link-used`, `link-expired` */
  lookAt(token: string): Promise<OneTimeLink>
}

export function createAccessLinks({ reader }: Database, steps: Steps, now: () => number): AccessLinks {
  return {
    async forRequest(id) {
      const { slot } = await find(reader, 'request', id)
      return steps(slot, (step) => makeLink(step, 'request', id, { keepOthers: true }))
    },

    async forRenewal(contract) {
      const { slot } = await find(reader, 'contract', contract)
      return steps(slot, (step) => makeLink(step, 'renew', contract))
    },

    async open(token) {
      const { purpose, subject } = await readLink(reader, token, new Date(now()))
      if (purpose === 'request') return { purpose, request: subject }
      if (purpose === 'renew') return { purpose, address: (await find(reader, 'contract', subject)).address }
      throw clientError('bad-link', 'This link opens its page once, and nothing besides')
    },

    async lookAt(token) {
      const { purpose, subject } = await lookAtLink(reader, token, new Date(now()))
      if (purpose === 'confirm-email') {
        const { address, email } = await find(reader, 'request', subject)
        return { purpose, address, email }
      }
      if (purpose === 'activate') return { purpose, address: (await find(reader, 'contract', subject)).address, email: null }
      throw clientError('bad-link', 'This link is not one that does something once')
    },
  }
}
