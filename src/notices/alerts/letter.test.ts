/** Letters of alerts, in both languages; nothing of a message can be more than text in them. */
import { LANGUAGES } from '../../base/languages.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alertLetter } from './letter.ts'
import type { News } from './types.ts'

const OF = 'mario.rossi@pec.test'
const LINKS = { stop: 'https://pec.test/alerts/stop/t?a=1&b=2', confirm: 'https://pec.test/alerts/confirm/t' }
const NASTY = '"><script>alert(1)</script>&amp;'

const NEWS: readonly News[] = [
  {
    kind: 'arrived',
    messages: [{ kind: 'envelopes', at: Date.parse('2026-03-15T09:00:00Z'), sender: NASTY, subject: NASTY }],
    counts: { envelopes: 2, receipts: 1, anomalies: 0 },
    atLeast: true,
  },
  { kind: 'quota', mark: 90, used: 905_500_000, quota: 1e9 },
  { kind: 'expiry', expiresOn: '2026-05-09', days: 0 },
  { kind: 'confirmation' },
]

test('every kind of news is a letter in each language, about the mailbox, with its link', () => {
  for (const language of LANGUAGES) {
    for (const news of NEWS) {
      const { subject, text, html } = alertLetter(news, OF, language, LINKS)
      const link = news.kind === 'confirmation' ? LINKS.confirm : LINKS.stop
      assert.doesNotMatch(subject, /[\r\n]/)
      assert.ok(text.includes(OF) && text.includes(link), news.kind)
      assert.ok(html.includes(OF) && html.includes(`href="${link.replaceAll('&', '&amp;')}"`), news.kind)
      assert.ok(html.includes(`lang="${language}"`))
      assert.doesNotMatch(html, /<script/)
      assert.equal(html.match(/<table/g)?.length ?? 0, news.kind === 'arrived' ? 1 : 0)
    }
  }
})

test('what it says', () => {
  const [arrived, quota, expiry] = NEWS.map((news) => alertLetter(news, OF, 'it', LINKS))
  assert.equal(arrived?.subject, `3 nuovi messaggi nella casella PEC ${OF}`)
  assert.match(arrived.text, /almeno 2 messaggi di posta certificata, 1 ricevuta\./)
  assert.match(arrived.text, /^- 15\/03\/2026 10:00 \| "><script>/m)
  assert.match(arrived.text, /e altri 2/)
  assert.match(arrived.html, /&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;amp;/)
  assert.match(quota?.text ?? '', /905,5 MB di 1000 MB \(90 %\)/)
  assert.equal(expiry?.subject, `La casella PEC ${OF} scade oggi`)
  assert.match(expiry.text, /scade il 09\/05\/2026/)
})
