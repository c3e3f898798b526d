/** The way of alerts by ordinary e-mail. */
import type { Post } from '../post.ts'
import { ALERT_FIELD } from './arrivals.ts'
import { alertLetter } from './letter.ts'
import type { AlertLinks } from './links.ts'
import type { Channel } from './types.ts'

/** What mail about an alert calls it. */
export const ALERT = 'alert'

/** Where the links of alerts lead to, behind which a token stands. A POST to the first one stops them (RFC 8058). */
export const LINK_PATHS = { stop: '/alerts/stop/', confirm: '/alerts/confirm/' } as const

/** @param web the address of the web server, such as https://pec.example.it */
export function createMailChannel({ post, links, web }: { post: Post; links: AlertLinks; web: string }): Channel {
  return async ({ key, mailbox, address, recipient, serial, language, news }) => {
    const target = { mailbox, serial }
    const stop = `${web}${LINK_PATHS.stop}${await links.token('stop', target)}`
    const confirm = `${web}${LINK_PATHS.confirm}${await links.token('confirm', target)}`
    await post.queue({
      key,
      to: recipient,
      language,
      ...alertLetter(news, address, language, { stop, confirm }),
      headers: {
        // RFC 3834: who answers by himself does not answer to this.
        'Auto-Submitted': 'auto-generated',
        [ALERT_FIELD]: news.kind,
        ...(news.kind !== 'confirmation' && {
          'List-Unsubscribe': `<${stop}>`,
          'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        }),
      },
      about: { kind: ALERT, subject: mailbox.id, slot: mailbox.slot },
    })
  }
}
