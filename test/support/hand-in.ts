/** Hands a message to one of our servers by SMTP, as a mail program or another server does, and tells what was answered. */
import type { Owner } from './cleanup.ts'
import { Dialog, plainLogin } from './dialog.ts'
import type { Account, Provider } from './provider.ts'

export interface Transfer {
  /** '' for the null reverse path */
  readonly from: string
  readonly to: readonly string[]
  readonly message: Buffer | string
}

export interface Answered {
  /** to MAIL and to each RCPT, in their order */
  readonly envelope: readonly string[]
  /** to the message; the last reply, if it did not come to that; "" if the server hung up */
  readonly final: string
}

/** To the MX service, over TLS. */
export async function handIn(owner: Owner, { ports, ca }: Provider, transfer: Transfer): Promise<Answered> {
  const dialog = Dialog.connect(owner, { port: ports.mx, ca })
  await dialog.reply()
  await dialog.say('EHLO mx.peer.test')
  await dialog.say('STARTTLS')
  await dialog.secure()
  await dialog.say('EHLO mx.peer.test')
  return transmit(dialog, transfer)
}

/** To the submission service, as the holder. Answers the identifier that the message was given, too. */
export async function certify(
  owner: Owner,
  provider: Provider,
  { address, password }: Account,
  { to, message }: Omit<Transfer, 'from'>,
): Promise<Answered & { pecMsgid: string }> {
  const dialog = await Dialog.open(owner, provider, 'submissions')
  await dialog.say('EHLO client.test')
  await dialog.say(`AUTH PLAIN ${plainLogin(address, password)}`)
  const answered = await transmit(dialog, { from: address, to, message })
  return { ...answered, pecMsgid: /Accepted as certified mail, id (\S+)/.exec(answered.final)?.[1] ?? '' }
}

async function transmit(dialog: Dialog, { from, to, message }: Transfer): Promise<Answered> {
  const envelope = [await dialog.say(`MAIL FROM:<${from}>`)]
  for (const recipient of to) envelope.push(await dialog.say(`RCPT TO:<${recipient}>`))
  let final = await dialog.say('DATA')
  if (final.startsWith('354')) {
    const text = (typeof message === 'string' ? Buffer.from(message) : message).toString('latin1')
    dialog.write(`${text.replace(/^\./gm, '..')}${text.endsWith('\r\n') ? '' : '\r\n'}`)
    final = await dialog.say('.')
  }
  dialog.close()
  return { envelope, final }
}
