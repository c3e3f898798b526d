/**
 * The links that alerts hold: a page with one button, for links are opened by programs too, that look into mail before people do. A POST does
 * it: that of the button, or of the recipient's mail program (RFC 8058).
 */
import type { FastifyInstance } from 'fastify'
import { asCeralaccaError } from '../../base/errors.ts'
import type { EventSink } from '../../base/events.ts'
import type { Alerts } from '../../notices/alerts/alerts.ts'
import { LINK_PATHS } from '../../notices/alerts/by-mail.ts'

export interface AlertLinksDeps {
  readonly alerts: Pick<Alerts, 'unsubscribe' | 'confirm'>
  readonly report: EventSink
}

const WORDS = {
  stop: { button: 'Non ricevere più avvisi – Stop alerts', done: 'Non riceverà più avvisi. You will get no more alerts.' },
  confirm: {
    button: 'Confermo questo indirizzo – Confirm this address',
    done: 'Indirizzo confermato. The address is confirmed.',
  },
}
const BAD_LINK = 'Il collegamento non è valido o non lo è più. This link is not valid, or not any more.'
const UNAVAILABLE = 'Il servizio non risponde: riprovi tra poco. Try again a little later.'

const CONTENT_SECURITY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
/** What a mail program sends beside the link says nothing (RFC 8058 3.1), and is short. */
const MOST_SENT = 4096

export function registerAlertLinks(app: FastifyInstance, { alerts, report }: AlertLinksDeps): void {
  const acts = { stop: alerts.unsubscribe, confirm: alerts.confirm }

  app.register(async (links) => {
    links.addHook('onSend', async (_request, answer) => {
      answer.headers({ 'content-security-policy': CONTENT_SECURITY, 'cache-control': 'no-store', 'x-robots-tag': 'noindex' })
    })
    links.removeAllContentTypeParsers()
    links.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MOST_SENT }, (_request, _body, done) => done(null))

    for (const purpose of ['stop', 'confirm'] as const) {
      const path = `${LINK_PATHS[purpose]}:token`
      const { button, done } = WORDS[purpose]
      links.get(path, async (_request, answer) => {
        return answer.type('text/html; charset=utf-8').send(page(`<form method="post"><button>${button}</button></form>`))
      })
      links.post<{ Params: { token: string } }>(path, async (request, answer) => {
        answer.type('text/html; charset=utf-8')
        try {
          await acts[purpose](request.params.token)
          return await answer.send(page(`<p>${done}</p>`))
        } catch (thrown) {
          const error = asCeralaccaError(thrown)
          if (error.fault === 'client') return answer.code(404).send(page(`<p>${BAD_LINK}</p>`))
          report('unexpected-error', { where: 'alert links', error })
          return answer.code(503).send(page(`<p>${UNAVAILABLE}</p>`))
        }
      })
    }
  })
}

const page = (content: string): string => `<!doctype html>
<html lang="it">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Avvisi – Alerts</title></head>
<body><main>${content}</main></body>
</html>
`
