/** The link that confirms the e-mail address of a request, sent once more to who has lost it: not for ever, for the address may be a stranger's. */
import type { Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import type { Reader } from '../../storage/database.ts'
import type { Notices } from './notices.ts'
import { find } from './subjects.ts'

export interface ConfirmationAgain {
  /** @throws `no-such-request`, `wrong-state` if it is confirmed already or over, `too-many-links` */
  send(request: string, actor: Actor): Promise<void>
}

const MOST = 5

export function createConfirmationAgain(
  reader: Reader,
  notices: Pick<Notices, 'of' | 'repeat'>,
  now: () => number,
): ConfirmationAgain {
  return {
    async send(id, actor) {
      const { slot, state, email } = await find(reader, 'request', id)
      const notice = (await notices.of(slot, id)).find(({ kind }) => kind === 'confirm-email')
      if (state !== 'requested' || !notice)
        throw clientError('wrong-state', `The request is ${state}: no address is to be confirmed`)
      if (notice.round >= MOST)
        throw clientError('too-many-links', `The link was sent to ${email} ${MOST} times again: look there, or begin anew`)
      await notices.repeat(notice, actor, new Date(now()))
    },
  }
}
