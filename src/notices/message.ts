/** An ordinary e-mail as it leaves: text and HTML as alternatives, marked as made by a program (RFC 3834 5). The mailer signs it with DKIM. */
import MailComposer from 'nodemailer/lib/mail-composer'
import { domainOf } from '../base/domain-of.ts'
import type { MailBody } from './mail.ts'

export interface Sender {
  readonly name: string
  readonly address: string
}

export interface MailFacts {
  readonly id: string
  readonly recipient: string
  readonly createdAt: Date
  readonly body: MailBody
}

/** The same bytes but for the boundary each time: what is sent again after a crash has the same Message-ID. */
export function composeMail({ id, recipient, createdAt, body }: MailFacts, from: Sender): Promise<Buffer> {
  const { subject, text, html, headers, language } = body
  return new MailComposer({
    from: { name: from.name, address: from.address },
    to: { name: '', address: recipient },
    subject,
    text,
    html,
    textEncoding: 'quoted-printable',
    date: createdAt,
    messageId: `<${id.replaceAll('-', '')}@${domainOf(from.address)}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language, ...headers },
  })
    .compile()
    .build()
}
