/** The post as operators see it: which mail waits, which was not delivered and why, and trying again. No body is ever shown. */
import type { Actor } from '../audit/audit.ts'
import { clientError } from '../base/errors.ts'
import { isUuid } from '../base/ids.ts'
import type { Notices } from '../registry/agreement/notices.ts'
import type { MailRow, MailState } from './mail.ts'
import type { PostQueries } from './queries.ts'
import { NOTICE } from './sender.ts'

export interface PostDesk {
  /** The newest first. */
  list(states: readonly MailState[], limit: number): Promise<MailRow[]>
  /** @throws `no-such-mail` */
  get(id: string): Promise<MailRow>
  /**
   * One that waits is tried now. A notice of the agreement that was sent, or not delivered, is made anew, with a new link; of other mail the
   * body is gone then.
   * @throws `no-such-mail`, `no-such-notice`, `mail-over`
   */
  retry(id: string, actor: Actor): Promise<'now' | 'anew'>
}

export function createPostDesk(queries: PostQueries, notices: Pick<Notices, 'repeat'>, now: () => number): PostDesk {
  async function get(id: string): Promise<MailRow> {
    const mail = isUuid(id) ? await queries.find(id) : undefined
    if (!mail) throw clientError('no-such-mail', `There is no mail ${id}: "ceralacca notices list" names those that there are`)
    return mail
  }

  return {
    list: queries.list,
    get,
    async retry(id, actor) {
      const mail = await get(id)
      const at = new Date(now())
      if (await queries.tryNow(mail, at)) return 'now'
      const { aboutKind, aboutSubject, aboutSlot } = mail
      if (aboutKind !== NOTICE || aboutSubject === null || aboutSlot === null)
        throw clientError('mail-over', 'This mail is over and its body is gone: only notices of the agreement can be sent anew')
      await notices.repeat({ slot: aboutSlot, id: aboutSubject }, actor, at)
      return 'anew'
    },
  }
}
