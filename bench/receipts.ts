/** When receipts become visible by IMAP: a client that idles on a sender's inbox and notes what comes. */
import type { ImapFlow } from 'imapflow'
import { connectMailbox } from '../test/support/mailbox-reader.ts'
import type { Account, Provider } from '../test/support/provider.ts'

export interface ReceiptWatch {
  /** performance.now() when both receipts of a message were seen, by its Message-ID */
  readonly bothSeen: ReadonlyMap<string, number>
  close(): void
}

const HEADERS = ['x-ricevuta', 'x-riferimento-message-id']

export async function watchReceipts(provider: Provider, account: Account): Promise<ReceiptWatch> {
  const client = await connectMailbox(provider, account)
  const mailbox = await client.mailboxOpen('INBOX')
  const seen = new Map<string, number>()
  const bothSeen = new Map<string, number>()
  let next = mailbox.exists + 1
  let busy = false

  async function fetchNew(): Promise<void> {
    if (busy) return
    busy = true
    while (client.mailbox !== false && client.mailbox.exists >= next) {
      const last = client.mailbox.exists
      for await (const { headers } of client.fetch(`${next}:${last}`, { headers: HEADERS })) {
        const msgid = /^x-riferimento-message-id:\s*(\S+)/im.exec(headers?.toString() ?? '')?.[1]
        if (msgid === undefined) continue
        const count = (seen.get(msgid) ?? 0) + 1
        seen.set(msgid, count)
        if (count === 2) bothSeen.set(msgid, performance.now())
      }
      next = last + 1
    }
    busy = false
    idle()
  }

  /** Idles at once, not after some seconds as the client does by itself. */
  const idle = (): void => void client.idle().catch(() => undefined)

  client.on('exists', () => void fetchNew())
  idle()
  return { bothSeen, close: () => client.close() }
}

/** Waits until an inbox holds so many messages. */
export async function waitForCount(client: ImapFlow, expected: number): Promise<void> {
  for (;;) {
    const status = await client.status('INBOX', { messages: true })
    if (status !== false && (status.messages ?? 0) >= expected) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
